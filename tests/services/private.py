"""What private nodes share: free ports, running as a user who is not root, and Debian packages installed once without their daemons.

What cannot be had is ``Unavailable`` with the reason, which a test's skip tells.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian asks it before a package starts its daemon; 101 says no."""
LOCK = Path("/tmp/channelhub-apt.lock")
"""One installs at a time, whatever number of test runs there are."""

heard: Callable[[], AbstractContextManager[object]] = nullcontext
"""In what surroundings a line on stderr is seen at once; a test run that catches output sets it."""
_refused: dict[tuple[str, ...], str] = {}
"""Packages that could not be had, with the reason: not tried again for every test."""


class Unavailable(Exception):
    """The program is not there and may not or cannot be installed or started; the text says why."""


def free_port() -> int:
    """A port of the loopback address that nobody has now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def run(command: Sequence[str], user: str | None = None, seconds: int = 120) -> None:
    """Run to the end, as ``user`` where this process is root. Raises Unavailable with what it said."""
    as_user = {"user": user, "group": user, "extra_groups": []} if user and os.geteuid() == 0 else {}
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=seconds, cwd="/", **as_user
    )  # type: ignore[call-overload]
    if done.returncode:
        raise Unavailable(f"{Path(command[0]).name} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}")


def say(text: str) -> None:
    """A line on stderr that is seen while tests run."""
    with heard():
        print(f"servers: {text}", file=sys.stderr, flush=True)


def install(*packages: str) -> None:
    """Install Debian packages without starting what is in them. Raises Unavailable where that may not or cannot be done."""
    if packages not in _refused:
        try:
            _install(packages)
            return
        except (Unavailable, OSError, subprocess.TimeoutExpired) as reason:
            _refused[packages] = str(reason)
    raise Unavailable(_refused[packages])


def _install(packages: Sequence[str]) -> None:
    names = " ".join(packages)
    if os.environ.get("HUB_TEST_NO_APT"):
        raise Unavailable(f"{names} is not installed, and HUB_TEST_NO_APT forbids to install it")
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Unavailable(f"{names} is not installed, and only root on Debian installs it here; type: sudo apt-get install {names}")
    say(f"installing {names} (Debian packages, without starting their daemons)")
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _no_daemons():
            try:
                _apt("install", *packages)
            except Unavailable:  # lists of packages that are old or not there
                _apt("update")
                _apt("install", *packages)
    say(f"{names} installed")


def _apt(word: str, *packages: str) -> None:
    quiet = ["-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300"]
    run(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", word, *quiet, *packages], seconds=600)


@contextmanager
def _no_daemons() -> Iterator[None]:
    """While packages are installed nothing is started; a policy that is there already is left alone."""
    there = POLICY.exists()
    if not there:
        POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        POLICY.chmod(0o755)
    try:
        yield
    finally:
        if not there:
            POLICY.unlink(missing_ok=True)
