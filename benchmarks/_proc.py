"""What Linux says of running processes: CPU time, memory, open files, threads. For figures about processes of a hub and its servers."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a process. ``anonymous`` and ``resident`` are MB; shared memory of a database server is in the second only."""

    resident: float
    anonymous: float
    files: int
    sockets: int
    threads: int


def look(pid: int) -> Seen | None:
    """How a process stands now; None when it is gone."""
    try:
        words = dict(line.split(":", 1) for line in (PROC / str(pid) / "status").read_text().splitlines() if ":" in line)
        files = [_target(name) for name in (PROC / str(pid) / "fd").iterdir()]
    except (FileNotFoundError, ProcessLookupError):
        return None
    resident, anonymous = (int(words.get(name, "0").split()[0]) / 1024 for name in ("VmRSS", "RssAnon"))
    return Seen(resident, anonymous, len(files), sum(name.startswith("socket:") for name in files), int(words["Threads"]))


def _target(file: Path) -> str:
    try:
        return str(file.readlink())
    except OSError:
        return ""


def cpu(pids: Iterable[int]) -> float:
    """CPU seconds of these processes and of their children that have ended."""
    return sum(sum(map(int, fields[11:15])) for pid in pids if (fields := _stat(pid))) / TICKS


def parent(pid: int) -> int:
    """The process that started it; 0 when it is gone."""
    return int((_stat(pid) or ["", "0"])[1])


def children(pid: int) -> list[int]:
    """Processes that it started and that run."""
    return [one for one in _all() if (fields := _stat(one)) and int(fields[1]) == pid]


def session(leader: int) -> list[int]:
    """Processes of the session that a process leads, itself among them."""
    return [one for one in _all() if (fields := _stat(one)) and int(fields[3]) == leader]


def _all() -> list[int]:
    return [int(path.name) for path in PROC.iterdir() if path.name.isdecimal()]


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` behind the name: state, parent, group, session ...; nothing when it is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
