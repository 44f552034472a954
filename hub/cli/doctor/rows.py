"""A row of ``hub doctor``: one look with its verdict, bounded in time, without any secret in its words."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from threading import Thread
from typing import Any

from canonical_model.problems import HubError
from hub.config import ConfigFault

LONGEST = 8.0
"""Seconds that somebody else's program gets to answer, all of them at the same time."""
SHORTEST_SECRET = 4
"""Characters: a shorter word is not looked for in the texts, it would stand in others by chance."""

Check = Callable[[], str]
"""Gives a detail for people; raises HubError with fact, place and fix."""
Row = dict[str, Any]


class Warned(HubError):
    """Not wrong in itself, but to be known."""


@dataclass(frozen=True, slots=True)
class Look:
    """One row to be. ``needs``: rows without which it says nothing. ``far``: somebody else's program answers, so that it is begun
    at once and given up after ``LONGEST`` seconds."""

    name: str
    check: Check
    needs: tuple[str, ...] = ()
    far: bool = False


@dataclass
class Rows:
    """Looks in their order, each as an object: ``ok`` (None: not looked at) with ``detail``, ``warning`` or ``skipped``, else with
    ``fact``; ``at`` and ``fix``."""

    secrets: Collection[str] = ()
    failed: set[str] = field(default_factory=set)
    skipped: set[str] = field(default_factory=set)

    def of(self, looks: Sequence[Look]) -> Iterator[Row]:
        """The rows, one after the other as they are known."""
        begun, judged, near = dict[str, _Begun](), set[str](), {look.name for look in looks if not look.far}
        for look in looks:
            ready = (
                one for one in looks if one.far and one.name not in begun and judged.issuperset(one.needs) and near.issuperset(one.needs)
            )
            begun |= {one.name: _Begun(one) for one in ready}
            row = self._masked(self._row(look, begun.get(look.name)))
            (judged if row["ok"] else self.skipped if row["ok"] is None else self.failed).add(look.name)
            yield row

    def well(self, names: Collection[str]) -> bool:
        """Whether all of them were looked at, and are well."""
        return (self.failed | self.skipped).isdisjoint(names)

    def _row(self, look: Look, begun: _Begun | None) -> Row:
        if not self.well(look.needs):
            guilty = [name for name in look.needs if name in self.failed]
            return {"check": look.name, "ok": None, "skipped": f"needs {' and '.join(guilty)}"}
        if look.far:
            return (begun or _Begun(look)).row()
        return examined(look.name, look.check)

    def _masked(self, row: Row) -> Row:
        return {name: _without(value, self.secrets) if isinstance(value, str) else value for name, value in row.items()}


class _Begun:
    """A look in a thread of its own: what hangs in it is left behind."""

    def __init__(self, look: Look) -> None:
        self.look, self.rows, self.until = look, list[Row](), time.monotonic() + LONGEST
        self.thread = Thread(target=lambda: self.rows.append(examined(look.name, look.check)), daemon=True)
        self.thread.start()

    def row(self) -> Row:
        self.thread.join(max(self.until - time.monotonic(), 0.1))
        if self.rows:
            return self.rows[0]
        fix = "look whether that program stands still, or a firewall in between swallows packets"
        return {"check": self.look.name, "ok": False, "fact": f"no answer within {LONGEST:.0f} s", "at": self.look.name, "fix": fix}


def examined(name: str, check: Check) -> Row:
    """One check as an object."""
    row: Row = {"check": name, "ok": True}
    try:
        return row | {"detail": check()}
    except Warned as warned:
        return row | {"warning": warned.fact, "at": warned.at, "fix": warned.fix}
    except ConfigFault as fault:
        return row | {"ok": False, "fact": fault.fact, "at": "\n".join(map(str, fault.lints)), "fix": "correct each line"}
    except HubError as error:
        return row | {"ok": False, "fact": error.fact, "at": error.at, "fix": error.fix}
    except Exception as error:
        fact = f"the check itself failed: {type(error).__name__}: {error}"
        return row | {"ok": False, "fact": fact, "at": name, "fix": "look at what it names; if it is well, this is a fault of the hub"}


def _without(text: str, secrets: Collection[str]) -> str:
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "***") if len(secret) >= SHORTEST_SECRET else text
    return text


def together(rows: Iterable[Row]) -> Iterator[Row]:
    """For people: what was skipped for one reason is one row."""
    for reason, group in groupby(rows, lambda row: row.get("skipped")):
        if reason is None:
            yield from group
        else:
            yield {"check": ", ".join(row["check"] for row in group), "ok": None, "skipped": reason}


def verdict(row: Mapping[str, Any]) -> str:
    """A row for people."""
    word = "skipped" if row["ok"] is None else "FAILED " if not row["ok"] else "warning" if "warning" in row else "ok     "
    said = row.get("fact") or row.get("warning") or row.get("skipped") or row.get("detail")
    indented = (f"\n        {name}: " + str(row[name]).replace("\n", "\n            ") for name in ("at", "fix") if row.get(name))
    return f"{word} {row['check']}" + (f": {said}" if said else "") + "".join(indented)
