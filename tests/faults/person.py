"""The operator: gives codes at random times, decides cases, answers what is in doubt, tries again what was held by a fault.

It works as ``hub codes``, ``hub cases``, ``hub deliveries`` and ``hub retry`` do, in a process of its own, and is killed like the
others. What it decided about cases stands in ``decided.jsonl``, written before it is done.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import orjson
from sqlalchemy import Connection, select

from canonical_model.problems import Cause, HubError
from hub.bootstrap import Hub, build
from hub.codebook import CodeLine
from hub.commands import Actor
from hub.simulate.goods import ARTICLES
from hub.store import cases as case_rows
from hub.store.lane_tables import business_key, cases, document, hold, message
from hub.store.out_tables import delivery
from tests.faults import deaths, rules
from tests.faults.corpus.goods import LATE, MANY, NEVER, OUT, SETS
from tests.faults.inside import ASKED
from tests.faults.plan import Plan, load, read_lines, tell, told, write_line
from tests.faults.prepare import uproot

log = logging.getLogger(__name__)
ME = Actor("operator")
PAUSE = 0.25
AT_ONCE = 40


def lines_of(code: str) -> list[CodeLine]:
    """A late code in every code set and unit."""
    article = ARTICLES[0]
    units = (("EA", article.gtin.zfill(14)), ("CS", article.case_gtin))
    items = [CodeLine("item", name, code, gtin, unit, unit) for name in SETS for unit, gtin in units]
    return [*items, CodeLine("kind", "log", code, "sale")]


class Person:
    """One round after the other; what it may not do (yet) it finds again in the next."""

    def __init__(self, plan: Plan, hub: Hub) -> None:
        self.plan, self.hub = plan, hub
        self._draw = Random(f"{plan.seed}:operator:{os.getpid()}")
        order = Random(f"{plan.seed}:codes").sample(LATE, len(LATE))
        self.wanted = {code: 0.05 + 0.9 * (n + 1) / len(order) for n, code in enumerate(order)} | {MANY: 0.7}
        self._given: set[str] = set()

    def round(self) -> None:
        """Look at everything once."""
        for task in (self._codes, self._cases, self._doubts, self._faults, self._rejects, self._repair):
            try:
                task()
            except (HubError, URLError, OSError) as error:
                log.warning("%s: %s", task.__name__, error)

    def _codes(self) -> None:
        if self.plan.broken == "second_look" and not told("waiting"):
            return
        if self.plan.broken in rules.LATE_CODES and not told("finish"):
            return
        share = 2.0 if told("finish") or self.plan.broken == "second_look" else float(told("pace") or 0)
        for code in [code for code, at in self.wanted.items() if at <= share and code not in self._given]:
            self.hub.commands.set_codes(ME, lines_of(code))
            self._given.add(code)
        if self.plan.broken == "second_look":
            tell(Path(), "given")

    def _cases(self) -> None:
        with self.hub.store.read() as connection:
            found = connection.execute(select(cases.c.id, cases.c.document, cases.c.k).where(cases.c.state == "open").limit(AT_ONCE)).all()
            heads = {row.id: case_rows.head_of(connection, row.k) for row in found if row.k}
        for row in found:
            apply = self._draw.random() < 0.25
            write_line("decided.jsonl", case=row.id, document=row.document, apply=apply)
            _done(lambda row=row, apply=apply: self._decide(row.id, heads.get(row.id), apply))  # type: ignore[misc]

    def _decide(self, case: int, head: int | None, apply: bool) -> None:
        if apply:
            self.hub.commands.apply_case(ME, case, head)
        else:
            self.hub.commands.discard_case(ME, case, "the first one counts")

    def _doubts(self) -> None:
        """Look at the receiver whether it took it, and say so."""
        query = select(hold.c.owner, delivery.c.name).join(delivery, delivery.c.id == hold.c.owner)
        with self.hub.store.read() as connection:
            found = connection.execute(query.where(hold.c.owner_kind == "delivery", hold.c.cause == Cause.IN_DOUBT)).all()
        for number, name in found:
            taken = self._taken(name)
            write_line("doubts.jsonl", delivery=number, name=name, taken=taken)
            _done(lambda: (self.hub.commands.delivery_sent if taken else self.hub.commands.delivery_again)(ME, number))  # noqa: B023

    def _taken(self, name: str) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.plan.doubtful}/taken?name={name}", timeout=5):
                return True
        except HTTPError:
            return False

    def _faults(self) -> None:
        """What a fault of the program held is tried again, but not what kills; what the store refused, once that is mended."""
        causes = [Cause.PROGRAM_ERROR] + ([Cause.REFUSED_BY_STORE] if told("mended") else [])
        with self.hub.store.read() as connection:
            found = connection.execute(select(hold.c.owner_kind, hold.c.owner, hold.c.details).where(hold.c.cause.in_(causes))).all()
            deadly = set(connection.execute(select(message.c.seq).where(message.c.system == "poison")).scalars())
        for kind, owner, details in found:
            if kind != "message" or owner not in deadly or told("repaired"):
                write_line("retried.jsonl", kind=kind, owner=owner, fact=orjson.loads(details).get("fact", "") if details else "")
                _done(lambda: self.hub.commands.retry(ME, kind, owner))  # noqa: B023

    def _rejects(self) -> None:
        """Orders that will never get in, and at the end every other message that cannot be read."""
        with self.hub.store.read() as connection:
            query = select(document.c.id).where(document.c.state == "waiting", document.c.k.like(f"%{OUT}"))
            waiting = connection.execute(query).scalars().all()
            unreadable = select(hold.c.owner).where(hold.c.owner_kind == "message", hold.c.cause == Cause.UNREADABLE, hold.c.owner % 2 == 0)
            messages = connection.execute(unreadable).scalars().all() if told("finish") else ()
            waiting = [*waiting, *(self._overtaken(connection) if told("finish") else ())]
        for number in waiting:
            _done(lambda: self.hub.commands.reject(ME, number, "nobody knows this article"))  # noqa: B023
        for seq in messages:
            _done(lambda: self.hub.commands.reject_message(ME, seq, "send it again"))  # noqa: B023

    def _overtaken(self, connection: Connection) -> Sequence[int]:
        """Wrong orders whose message was held unread, by three deaths or by the store, and whose corrections were applied before it was
        tried again, or before a copy of it came: they wait for a code that never comes, since nothing newer comes that closes them."""
        mended = [line["owner"] for line in read_lines(Path("retried.jsonl")) if line["kind"] == "message"]
        query = select(document.c.id, message.c.sha).join(hold, (hold.c.owner == document.c.id) & (hold.c.owner_kind == "document"))
        query = query.join(message, message.c.seq == document.c.message)
        query = query.join(business_key, business_key.c.k == document.c.k).where(business_key.c.document.is_not(None))
        query = query.where(hold.c.cause == Cause.MISSING_CODE, hold.c.cause_key.contains(f":{NEVER}:"))
        found = connection.execute(query).all()
        held = set(connection.execute(select(message.c.sha).where(message.c.seq.in_(mended))).scalars()) if found else set()
        return [row.id for row in found if row.sha in held]

    def _repair(self) -> None:
        if told("finish") and not told("mended"):
            with self.hub.store.unit() as unit:
                uproot(unit.connection)
            Path("mended").write_text("1")


def _done(action: Callable[[], object]) -> None:
    """Do it, unless somebody or something was faster."""
    try:
        action()
    except HubError as error:
        log.info("not done: %s", error)


def main(words: Sequence[str]) -> int:
    """Until killed."""
    logging.basicConfig(level=logging.INFO)
    plan, asked = load(), orjson.loads(os.environ.get(ASKED, "{}"))
    if plan.broken:
        rules.BREAKS[plan.broken](plan)
    person = Person(plan, build(Path("hub.yaml"), promote=False))
    if "point" in asked:
        deaths.arm(asked["point"], asked["hits"])
    while True:
        person.round()
        time.sleep(PAUSE)
