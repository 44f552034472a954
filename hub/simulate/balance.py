"""What the hub ought to say, computed from the partners' logs alone. ``python -m hub.simulate.balance FOLDER`` prints it.

Nothing of the hub is asked: what a partner was told was kept, what the plan said must come of it, and what it got back.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from hub.simulate.log import read_logs

CAUSES = {"never_code": "missing_code", "changed": "conflict", "corrupt": "unreadable"}


def balance(folder: Path) -> dict[str, Any]:
    """Counts under the names of the hub's own summary. What came twice under one number (an answer to a repeat) counts once."""
    kept, outcomes, faults, got = 0, Counter[str](), Counter[str](), set[tuple[str, ...]]()
    documents = 0
    for line in read_logs(folder):
        got.add((line["event"], line["partner"], line.get("type", ""), line.get("number", "")))
        if line["event"] == "kept":
            kept += 1
            documents += line["documents"]
            outcomes.update(line["outcomes"])
            faults[line["fault"]] += 1
    return {
        "received": kept,
        "documents": documents,
        "applied": outcomes["applied"],
        "duplicates": outcomes["duplicate"],
        "conflicts": outcomes["conflict"],
        "superseded": outcomes["superseded"],
        "held": outcomes["held"] + faults["corrupt"],
        "released": faults["late_code"],
        "delivered": sum(event == "received" for event, *_ in got),
        "acknowledged": sum(event == "acknowledged" for event, *_ in got),
        "causes": dict(sorted(Counter({CAUSES[name]: count for name, count in faults.items() if name in CAUSES}).items())),
    }


def compare(said: dict[str, Any], expected: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """Name -> (hub, partners) of every count in which they differ."""
    return {name: (said.get(name), value) for name, value in expected.items() if said.get(name) != value}


def main() -> None:
    """Command line."""
    print(json.dumps(balance(Path(sys.argv[1])), ensure_ascii=False))


if __name__ == "__main__":
    main()
