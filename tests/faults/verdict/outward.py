"""The receivers' side: what came, how often, with which bytes, against what the hub says it sent and what the corpus lets expect."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from hub.store.out_tables import delivery
from tests.faults.corpus.goods import scarce_stock
from tests.faults.plan import Plan, read_lines
from tests.faults.verdict.findings import Findings
from tests.faults.verdict.inward import Inward

DONE = ("sent", "acknowledged", "superseded")


def outward(plan: Plan, connection: Connection, found: Findings, inward: Inward) -> None:
    """Both receivers, the orders that had to be answered, the scarce article."""
    logs = {"answers": read_lines(Path("idempotent.jsonl")), "doubtful": read_lines(Path("doubtful.jsonl"))}
    said: dict[str, dict[str, str]] = defaultdict(dict)
    for row in connection.execute(select(delivery.c.subscription, delivery.c.name, delivery.c.state, delivery.c.id)):
        said[row.subscription][row.name or f"delivery {row.id}"] = row.state
    for subscription, log in logs.items():
        _names(subscription, log, said[subscription], found)
    answers: Counter[str] = Counter()
    for lines in logs.values():
        answers.update({line["name"]: line["order"] for line in lines}.values())
    for key, count in inward.answered.items():
        if answers[key] != count:
            found.fault("deliveries_wrong", f"order {key} had effect {count} times, and its buyer got {answers[key]} answers")
    _scarce(plan, logs["answers"], found, inward)
    found.counts["in_doubt"] = len({line["delivery"] for line in read_lines(Path("doubts.jsonl"))})
    found.counts["deliveries"] = sum(len(names) for names in said.values())
    found.counts["retried_by_operator"] = len(read_lines(Path("retried.jsonl")))


def _names(subscription: str, log: Any, said: dict[str, str], found: Findings) -> None:
    """A name has one content; what is sent was taken, what was taken is known; where repeats do harm there is none."""
    bytes_of: dict[str, set[str]] = defaultdict(set)
    times: Counter[str] = Counter()
    for line in log:
        bytes_of[line["name"]].add(line["sha"])
        times[line["name"]] += 1
    for name, hashes in bytes_of.items():
        if len(hashes) > 1:
            found.fault("deliveries_wrong", f"{name} came with {len(hashes)} different contents")
        if subscription == "doubtful" and times[name] > 1:
            found.fault("doubled", f"{name} came {times[name]} times at a receiver that does not know repeats")
    for name in times.keys() - said.keys():
        found.fault("deliveries_wrong", f"{name} came, and the hub knows no such delivery")
    for name, state in said.items():
        if state in ("sent", "acknowledged") and name not in times:
            found.fault("lost", f"delivery {name} is called sent, and its receiver never got it")
        if state not in DONE:
            found.fault("stuck_holds", f"delivery {name} of {subscription} is {state}")
    found.counts["repeats"] += sum(times.values()) - len(times)


def _scarce(plan: Plan, log: Any, found: Findings, inward: Inward) -> None:
    """What the buyers were promised of the scarce article, by their last answers, is not more than there is."""
    last: dict[str, tuple[str, float]] = {}
    for line in log:
        if line["order"] in inward.scarce:
            before = last.get(line["order"], ("", 0.0))
            last[line["order"]] = max(before, (line["name"], sum(line["confirmed"])))
    promised, stock = sum(quantity for _, quantity in last.values()), scarce_stock(plan.documents)
    found.counts["scarce_promised"], found.counts["scarce_stock"] = int(promised), stock
    if promised > stock:
        found.fault("oversold", f"{promised} pieces are promised, and {stock} are there")
    if inward.scarce and set(last) != inward.scarce:
        found.fault("deliveries_wrong", f"orders of the scarce article without an answer: {sorted(inward.scarce - set(last))[:5]}")
