"""Debian packages for tests: installed once, as root, without starting their system daemons."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLICY = Path("/usr/sbin/policy-rc.d")
LOCK = Path("/tmp/channelhub-apt.lock")
LONGEST = 600


class NotThere(Exception):
    """A service for tests cannot be had; the text is the reason of the skip."""


def install(package: str) -> None:
    """Install a package. Raises NotThere where that is forbidden or not possible."""
    if os.environ.get("HUB_TEST_NO_APT"):
        raise NotThere(f"{package} is not installed, and HUB_TEST_NO_APT forbids to install it")
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NotThere(f"{package} is not installed; type: sudo apt-get install {package}")
    print(f"installing {package} for the tests", file=sys.stderr, flush=True)
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _no_daemons():
            if not _apt("install", package):
                _apt("update")
                if not _apt("install", package):
                    raise NotThere(f"{package} could not be installed with apt-get")


def _apt(word: str, *packages: str) -> bool:
    command = ["apt-get", word, "-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", *packages]
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST, check=False)
    return done.returncode == 0


@contextmanager
def _no_daemons() -> Iterator[None]:
    """While packages are installed nothing is started; a policy that is there already is left alone."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
