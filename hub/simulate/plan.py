"""What the partners will do, drawn by seed: orders, stock, and the planted faults with what must come of each.

Faults: ``duplicate`` (sent again, byte for byte), ``changed`` (same numbers, other content), ``corrected`` (an order that cannot
be taken, then the right one), ``late_code`` (its code comes later), ``never_code`` (it does not), ``corrupt`` (not readable),
``slow`` (the receiver takes its time).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from hub.simulate.goods import AGENT_JS, AGENT_ZJ, CHAIN, KEY_ACCOUNT, STORE_JS, Place
from hub.simulate.orders import Order, draw_order

FAULTS = ("duplicate", "changed", "corrected", "late_code", "never_code", "corrupt")
SENDERS: tuple[tuple[str, Place, Place, int, int], ...] = (
    ("sap-hq", KEY_ACCOUNT, STORE_JS, 10, 6),
    ("agent-js", AGENT_JS, AGENT_JS, 1, 1),
    ("agent-zj", AGENT_ZJ, AGENT_ZJ, 1, 1),
    ("wms-3pl", CHAIN, STORE_JS, 1, 1),
)
"""(partner, buyer, ship-to, step and width of its line ids)."""
LATE = "LATE-{}"
NEVER = "NEVER-{}"


@dataclass(frozen=True, slots=True)
class Act:
    """One act of sending. ``at`` is a fraction of the traffic's time; ``outcomes`` what each document must end as.

    ``form`` tells a partner with several formats which one; ``control`` is the number that the format carries.
    """

    at: float
    partner: str
    kind: str
    number: str
    order: Order | None = None
    fault: str = ""
    outcomes: tuple[str, ...] = ("applied",)
    control: int = 0
    form: str = ""
    payload: Any = None

    @property
    def documents(self) -> int:
        """How many documents it holds; one that is not readable holds none."""
        return 0 if self.fault == "corrupt" else len(self.outcomes)


@dataclass(slots=True)
class Plan:
    """All acts in the order of time, and what the operator does: ``late`` are item codes to be added at ``LATE_AT``."""

    seed: int
    acts: list[Act] = field(default_factory=list)
    late: list[tuple[str, str]] = field(default_factory=list)

    @property
    def faults(self) -> dict[str, int]:
        """How many of each fault were planted."""
        return dict(sorted(Counter(act.fault for act in self.acts if act.fault).items()))

    @property
    def held(self) -> dict[str, int]:
        """What stays held at the end, by cause."""
        causes = {"never_code": "missing_code", "changed": "conflict", "corrupt": "unreadable"}
        return dict(sorted(Counter(causes[act.fault] for act in self.acts if act.fault in causes).items()))


LATE_AT = 0.7


def draw_plan(seed: int, day: str, seconds: float) -> Plan:
    """A plan of about four orders a second; at least every fault once."""
    random = Random(seed)
    plan = Plan(seed)
    count = max(24, int(seconds * 4))
    faults = [*FAULTS, *(random.choice(FAULTS) for _ in range(random.randint(2, 6)))]
    chosen = dict(zip(random.sample(range(count), len(faults)), faults, strict=True))
    for index in range(count):
        sender = SENDERS[index % len(SENDERS)]
        plan.acts += _acts(random, plan, index, count, sender, day, chosen.get(index, ""))
    plan.acts.sort(key=lambda act: act.at)
    return plan


def _acts(
    random: Random, plan: Plan, index: int, count: int, sender: tuple[str, Place, Place, int, int], day: str, fault: str
) -> Iterator[Act]:
    partner, buyer, ship_to, step, width = sender
    at = 0.05 + 0.6 * index / count
    number = f"{partner[:2].upper()}-{plan.seed}-{index:04}"
    order = draw_order(random, number, day, buyer, ship_to, step=step, width=width)
    form = random.choice(("xml", "flat")) if partner == "sap-hq" else ""
    base = Act(at, partner, "order", number, order, control=1000 + index * 10, form=form)
    yield from _planted(plan, base, order, index, fault)


def _planted(plan: Plan, base: Act, order: Order, index: int, fault: str) -> Iterator[Act]:
    """The acts of one order with its fault."""
    if fault == "corrupt":
        yield replace(base, fault=fault, outcomes=(), form="flat" if base.form else "")
    elif fault == "late_code":
        code = LATE.format(index)
        plan.late.append((base.partner, code))
        yield replace(base, order=order.with_code(code), fault=fault)
    elif fault == "never_code":
        yield replace(base, order=order.with_code(NEVER.format(index)), fault=fault, outcomes=("held",))
    elif fault == "corrected":
        yield replace(base, order=order.with_code(NEVER.format(index)), fault=fault, outcomes=("superseded",))
        yield replace(base, at=base.at + 0.1, control=base.control + 1)
    else:
        yield base
    if fault == "duplicate":
        yield replace(base, at=base.at + 0.15, fault=fault, outcomes=("duplicate",))
    if fault == "changed":
        yield replace(base, at=base.at + 0.15, order=order.with_quantity(5), fault=fault, outcomes=("conflict",))
