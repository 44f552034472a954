"""The end: what the senders, the receivers and the subscriber wrote down against what the hub holds, by the oracle of the corpus."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.faults.checker import open_store
from tests.faults.plan import load
from tests.faults.verdict.findings import Findings
from tests.faults.verdict.inward import Inward
from tests.faults.verdict.outward import outward
from tests.faults.verdict.subscriber import subscriber


def main(words: Sequence[str]) -> int:
    """Write ``verdict.json``; 1 when something is wrong."""
    plan, store, found = load(), open_store(), Findings(Path())
    with store.read() as connection:
        inward = Inward(plan, connection, found)
        inward.run()
        outward(plan, connection, found, inward)
        subscriber(connection, found, inward)
    store.close()
    Path("verdict.json").write_text(json.dumps(found.told(), ensure_ascii=False))
    return 1 if found.faults else 0
