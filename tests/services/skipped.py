"""What a test run skipped and why: one line a reason, with the folders and their counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

import pytest


def reasons(reports: Iterable[pytest.TestReport]) -> Iterator[tuple[str, str]]:
    """(reason, folder of the test) of each skip."""
    for report in reports:
        told = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        yield told.removeprefix("Skipped: "), str(PurePosixPath(report.nodeid.partition("::")[0]).parent)


def lines(skips: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The reason that cost most tests first.

    >>> print(*lines([("no broker", "tests/a"), ("no broker", "tests/b"), ("root", "tests/a"), ("no broker", "tests/b")]), sep="\\n")
        3  no broker: tests/b (2), tests/a
        1  root: tests/a
    """
    groups: dict[str, Counter[str]] = {}
    for reason, folder in skips:
        groups.setdefault(reason, Counter())[folder] += 1
    for reason, folders in sorted(groups.items(), key=lambda group: -group[1].total()):
        where = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in folders.most_common())
        yield f"{folders.total():5}  {reason}: {where}"
