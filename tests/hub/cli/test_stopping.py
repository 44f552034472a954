"""A process that only works ends by its signal, whichever of its threads the system gives it to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = """
import os, signal, sys, threading, time
from hub.cli.running import Stopping

stopping = Stopping()
other = threading.Thread(target=time.sleep, args=(30,), daemon=True)
other.start()

def end():
    time.sleep(0.3)
    {how}

threading.Thread(target=end, daemon=True).start()
stopping.run(None)
print("ended", stopping.event.is_set(), signal.set_wakeup_fd(-1))
"""
HOW = {
    "the main thread": "signal.pthread_kill(threading.main_thread().ident, signal.SIGTERM)",
    "another thread": "signal.pthread_kill(other.ident, signal.SIGTERM)",
    "the process": "os.kill(os.getpid(), signal.SIGINT)",
    "no signal": "stopping.stop()",
}


@pytest.mark.parametrize("how", HOW)
def test_a_process_without_a_door_ends_when_it_is_told(how: str) -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM.format(how=HOW[how])], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "ended True -1\n", "")


def test_what_came_before_the_wait_is_not_waited_for() -> None:
    program = PROGRAM.replace("stopping.run(None)", "signal.raise_signal(signal.SIGTERM); stopping.run(None)").format(how="pass")
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, "ended True -1\n")
