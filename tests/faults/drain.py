"""After the last kill: the hub works off what is left, until nothing is to be done any more, or the time is over."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import Connection, text

from canonical_model.problems import HubError
from hub.cli.settings import load_config
from hub.store.database import Store
from tests.faults.crew import Crew
from tests.faults.family import Family
from tests.faults.plan import Plan, tell

LONGEST, BROKEN = 240.0, 6.0
"""Seconds without any progress after which it is given up; with a broken rule, which may well keep it from ending."""
QUIET = 3
OPEN = {
    "work": "select count(*) from work",
    "outbox": "select count(*) from outbox",
    "release jobs": "select count(*) from release_job",
    "deliveries": "select count(*) from delivery where state in ('pending', 'sending', 'uncertain')",
    "orders to be rejected": "select count(*) from document where state = 'waiting' and k like '%-OUT'",
    "cases": "select count(*) from cases where state = 'open'",
    "holds that must end": "select count(*) from hold where cause in ('program_error', 'refused_by_store', 'in_doubt', 'missing_code')",
}


class Drain:
    """Looks at the store from outside, as a person would."""

    def __init__(self, family: Family, crew: Crew, plan: Plan, say: Callable[[str], None]) -> None:
        self.family, self.crew, self.plan, self.say = family, crew, plan, say

    def through(self, deadline: float) -> str:
        """Empty once nothing is left; else what is."""
        store = Store(load_config(self.family.folder / "hub.yaml").store_url())
        tell(self.family.folder, "repaired")
        quiet, last, since = 0, dict[str, int](), time.monotonic()
        try:
            while quiet < QUIET:
                self.crew.revive()
                left = self._left(store)
                quiet = quiet + 1 if not any(left.values()) else 0
                if left != last:
                    last, since = left, time.monotonic()
                    self.say(f"left: {', '.join(f'{count} {name}' for name, count in left.items() if count) or 'nothing'}")
                if time.monotonic() > min(deadline, since + (BROKEN if self.plan.broken else LONGEST)):
                    return str({name: count for name, count in left.items() if count})
                time.sleep(0.5)
        finally:
            store.close()
        time.sleep(1.0)
        return ""

    def _left(self, store: Store) -> dict[str, int]:
        try:
            with store.read() as connection:
                return _counts(connection)
        except HubError:
            return {"store that does not answer": 1}


def _counts(connection: Connection) -> dict[str, int]:
    return {name: int(connection.execute(text(statement)).scalar_one()) for name, statement in OPEN.items()}
