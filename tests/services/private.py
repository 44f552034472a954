"""What private nodes share: free ports, running as a user who is not root, installing without starting a system daemon."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian asks it before a package starts its daemon; 101 says no."""


class Unavailable(Exception):
    """The program is not there and may not be installed; the text says why."""


def free_port() -> int:
    """A port of the loopback address that nobody has now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def run(command: Sequence[str], user: str | None = None, seconds: int = 120) -> None:
    """Run to the end, as ``user`` where this process is root. Raises Unavailable with what it said."""
    as_user = {"user": user, "group": user, "extra_groups": []} if user and os.geteuid() == 0 else {}
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds, cwd="/", **as_user)  # type: ignore[call-overload]
    if done.returncode:
        raise Unavailable(f"{Path(command[0]).name} ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-300:]}")


def install(*packages: str) -> None:
    """Install Debian packages without starting what is in them. Raises Unavailable where that may not be done."""
    if os.environ.get("HUB_TEST_NO_APT"):
        raise Unavailable("HUB_TEST_NO_APT forbids to install it")
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Unavailable(f"only root on Debian installs it here; type: sudo apt-get install {' '.join(packages)}")
    with _no_daemons():
        run(["apt-get", "update", "-qq"], seconds=300)
        run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], seconds=600)


@contextmanager
def _no_daemons() -> Iterator[None]:
    there = POLICY.exists()
    if not there:
        POLICY.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
        POLICY.chmod(0o755)
    try:
        yield
    finally:
        if not there:
            POLICY.unlink(missing_ok=True)
