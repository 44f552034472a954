"""The window: work of a partition through translate, admit and apply in one unit of work (decision 0003); where there is little
work, that of several partitions (decision 0021).

plan (outside) -> lock -> load the state of the whole window -> decide in memory -> flush set-based -> commit -> settle.
A second look at the codebook's revision stands between deciding and writing hold rows: else a document may be held for ever
with the fact present.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from typing import NamedTuple

from canonical_model.problems import Cause, Problem, Retry
from hub import signals as names
from hub.codebook import BookView, Codebook
from hub.signals import Signals, reach
from hub.stages.collector import collector_waits
from hub.stages.deciding import Decision, Loaded, decide, load
from hub.stages.flush import Flush
from hub.stages.plan import Plan, Planner
from hub.stages.ports import Ports
from hub.store import holds, work
from hub.store.database import Refused, Store, StoreFault
from hub.store.records import Work, sayable
from hub.store.unit import Connection, UnitOfWork

log = logging.getLogger(__name__)
LIMIT = 200
FEW = 50
"""Rows of work in the whole store, up to which partitions share a window; with more each fills windows of its own."""
GIVE_UP_AFTER = 3
"""Work that killed its process this often is held as a program error."""


@dataclass(slots=True)
class Outcome:
    """What a window did: documents, work settled, and whether the partition was busy. ``emptied``: it took all work that was there
    when it began, and left none."""

    documents: int = 0
    settled: int = 0
    busy: bool = False
    more: bool = False
    emptied: bool = False

    def __bool__(self) -> bool:
        return bool(self.documents or self.settled)


class Shared(NamedTuple):
    """What came of a window that several partitions had together; ``idle`` are those that were woken and have no work."""

    idle: tuple[int, ...] = ()
    partitions: tuple[int, ...] = ()
    outcome: Outcome = Outcome()


Claiming = Callable[[Sequence[int]], AbstractContextManager[Collection[int]]]
"""Partitions -> those of them that no other process translates for as long as the context lasts."""


class Lane:
    """Runs windows. One a worker; on SQLite one thread a process."""

    def __init__(
        self, store: Store, codebook: Codebook, ports: Ports, signals: Signals | None = None, limit: int = LIMIT,
        queued: Callable[[Iterable[str]], None] = lambda subscriptions: None,
    ) -> None:  # fmt: skip
        self.store, self.codebook, self.ports, self.limit, self._queued = store, codebook, ports, limit, queued
        self.signals = signals or Signals()
        self.owner = f"{ports.worker} {store.clock.new_id()}"
        self.planner = Planner(ports, store.clock, limit)
        self._alone: dict[int, int] = {}
        self._left: set[int] = set()

    def recover(self) -> None:
        """At the start: work that is there was left by an owner that is gone. Whether it was its fault is counted when its turn
        comes: a process that died before that says nothing about it.

        Where several processes work that is found when a partition is taken: its last owner lives, or does not.
        """
        if self.store.shared:
            return
        with self.store.read() as connection:
            self._left = set(work.waiting_partitions(connection))

    def suspect(self, p: int) -> None:
        """The same for one partition that is taken over: its wake-up came again, or its work is old."""
        if self.store.shared:
            return
        with self.store.read() as connection:
            if work.claim(connection, p, 1):
                self._left.add(p)

    def _suspect(self, p: int) -> None:
        """Count the try, committed before anything that was left is translated."""
        self._left.discard(p)
        with self.store.unit() as unit:
            tries = work.tries(unit.connection, p) + 1
            work.set_tries(unit.connection, (p,), tries)
        self._alone[p] = LIMIT if tries > 1 else 0

    def release_jobs(self) -> int:
        """Batches of releases above 1,000, each in a transaction of its own under the lock; gives how many rows were let go."""
        total = 0
        while True:
            with self.store.unit() as unit:
                freed = holds.run_jobs(unit)
            if freed is None:
                return total
            self._freed(freed)
            reach("release.between_batches")
            total += freed.rows

    def drain(self, most: int = 1_000_000) -> int:
        """Run windows until no partition has work, or ``most`` of them; gives how many ran."""
        for ran in range(most):
            with self.store.read() as connection:
                partitions = work.waiting_partitions(connection)
            if not partitions:
                return ran
            for p in partitions:
                self.run(p)
        return most

    def run(self, p: int, limit: int | None = None) -> Outcome:
        """One window of a partition. A refusal by the database that nobody foresaw halves it until the guilty document stands alone."""
        if p in self._left:
            self._suspect(p)
        with collector_waits():
            return self._window(p, limit)

    @property
    def shares(self) -> bool:
        """Whether its windows may have work of several partitions: not where each is to have one document."""
        return self.limit > 1

    def together(self, woken: Collection[int], apart: Collection[int], claimed: Claiming) -> Shared:
        """One window over all work of several partitions, where there is little of it: most statements are a window's, however few
        documents it has. ``woken`` are looked at in any case, those ``apart`` are left alone. After a failure each is to have windows of
        its own, where the guilty document is looked for."""
        with collector_waits():
            try:
                return self._together(woken, apart, claimed)
            except (Retry, StoreFault):
                raise
            except Exception as error:
                log.warning("a window of several partitions failed, each has one of its own: %s", error)
                return Shared()

    def _together(self, woken: Collection[int], apart: Collection[int], claimed: Claiming) -> Shared:
        with ExitStack() as claims:
            with self.store.read() as connection:
                rows = work.claim_all(connection, FEW)
                if rows is None:
                    return Shared()
                busy = {row.partition for row in rows}
                idle = tuple(p for p in woken if p not in busy)
                mine = claims.enter_context(claimed(sorted(self._calm(connection, rows).difference(apart))))
                taken = [row for row in rows if row.partition in mine]
                plan = self.planner.plan(connection, taken, self.codebook.view(connection), self.limit)
            outcome = self._begun(plan) if plan.work else Outcome()
            return Shared(idle) if outcome.busy else Shared(idle, tuple(plan.partitions), outcome)

    def _calm(self, connection: Connection, rows: Iterable[Work]) -> set[int]:
        """Partitions of this process over which nobody died, and none with a packet under way, which would keep the others waiting."""
        standings, calm = work.standings(connection), {row.partition for row in rows}
        calm -= {row.partition for row in rows if row.done or self._is_anothers(*standings[row.partition])}
        return {p for p in calm if p not in self._left and not self._alone.get(p)}

    def _is_anothers(self, owner: str | None, tries: int) -> bool:
        """Whether a partition with work is to be taken over first, or its work looked at one by one."""
        return tries > 0 or (self.store.shared and owner != self.owner)

    def _own(self, p: int, before: str | None) -> bool:
        """Take over a partition, in a commit of its own; a dead owner counts as a try, since its work may have killed it. False while
        another's window holds it: nobody waits for a partition."""
        self.store.locks.attend(self.owner)
        dead = before is not None and self.store.locks.absent(before)
        with self.store.unit() as unit:
            if not unit.lock_partitions((p,)):
                return False
            tries = work.take(unit.connection, p, before, self.owner, int(dead))
        self._alone[p] = LIMIT if tries > 1 else self._alone.get(p, 0)
        return True

    def _window(self, p: int, limit: int | None) -> Outcome:
        plan = self._planned(p, limit)
        if plan is None:
            return Outcome(busy=True)
        if not plan.work:
            return Outcome()
        try:
            return self._begun(plan)
        except Refused as refused:
            return self._halve(p, plan, Problem(Cause.REFUSED_BY_STORE, f"partition:{p}", f"the store refused it: {refused.fact}"))
        except (Retry, StoreFault):
            raise
        except Exception as error:
            log.exception("a window of partition %s failed by a fault of our own", p)
            return self._halve(p, plan, Problem(Cause.PROGRAM_ERROR, f"partition:{p}", f"{type(error).__name__}: {error}"))

    def _planned(self, p: int, limit: int | None) -> Plan | None:
        """One look at the store, in which this process stands as the owner, or nothing is to be done: a partition without work is left as
        it is, since its owner died of something else or ended in good order. None while another's window holds the partition."""
        while True:
            with self.store.read() as connection:
                before, tries = work.standing(connection, p)
                if not self.store.shared or before == self.owner or not work.claim(connection, p, 1):
                    view = self.codebook.view(connection)
                    if tries >= GIVE_UP_AFTER:
                        return self.planner.without_translating(connection, p, view, _gave_up(p))
                    most = limit or (1 if self._alone.get(p) else self.limit)
                    return self.planner.plan(connection, work.claim(connection, p, most), view, most)
            if not self._own(p, before):
                return None

    def _halve(self, p: int, plan: Plan, problem: Problem) -> Outcome:
        """Each half is a window of its own, read and decided anew, the first before the second; one alone is held."""
        reach("window.refused")
        size = min(max(len(plan.steps), len(plan.translations)), plan.limit)
        if size > 1:
            first = self._window(p, size // 2)
            second = self._window(p, size - size // 2)
            return Outcome(first.documents + second.documents, first.settled + second.settled)
        problem = replace(problem, fact=sayable(problem.fact), fix="hub retry, after the repair")
        outcome = self._commit_held(p, plan, problem)
        self.signals.emit(names.ALERT, text=problem.fact, documents=[doc.id for doc in plan.arrivals])
        return outcome

    def _commit_held(self, p: int, plan: Plan, problem: Problem) -> Outcome:
        """Hold what a window was about to decide; where not even that can be written, its message as a whole: nothing stops a lane."""
        _hold_plan(plan, problem)
        try:
            return self._commit(plan)
        except (Retry, StoreFault):
            raise
        except Exception:
            log.exception("what stands first in partition %s cannot be held as a document; its message is", p)
        guilty = plan.steps[0].work if plan.steps else plan.work[0]
        with self.store.read() as connection:
            plan = self.planner.without_translating(connection, p, plan.view, problem, guilty)
        return self._commit(plan)

    def _begun(self, plan: Plan) -> Outcome:
        reach("window.translated")
        return self._commit(plan)

    def _commit(self, plan: Plan) -> Outcome:
        """The transaction."""
        with self.store.unit() as unit:
            if not unit.lock_partitions(plan.partitions):
                return Outcome(busy=True)
            loaded = load(unit, self.planner, plan)
            if loaded is None:
                return Outcome()
            reach("window.locked")
            if plan.exclusive:
                self._second_look(unit, plan, loaded, exclusive=True)
            decision = decide(unit, self.ports, plan, loaded)
            if not plan.exclusive and decision.changes_holds and self._second_look(unit, plan, loaded, exclusive=False):
                decision = decide(unit, self.ports, plan, loaded)
            reach("window.decided")
            outcome = self._flush(unit, plan, decision)
            reach("window.before_commit")
        reach("window.after_commit")
        return outcome

    def _second_look(self, unit: UnitOfWork, plan: Plan, loaded: Loaded, *, exclusive: bool) -> bool:
        """Take the codebook lock; True when a newer revision was there and everything was translated again under it."""
        if unit.lock_codebook(exclusive=exclusive) == plan.view.revision:
            return False
        retranslate(unit, self.planner, plan, loaded, self.codebook.view(unit.connection))
        return True

    def _flush(self, unit: UnitOfWork, plan: Plan, decision: Decision) -> Outcome:
        flush = Flush(unit, self.ports, plan, decision)
        flush.write()
        self._count_tries(unit, plan.partitions)
        emptied = plan.whole and len(flush.settled) == len(plan.work) and not (decision.more or flush.freed.owners or flush.let_go)
        outcome = Outcome(len(decision.documents), len(flush.settled), more=decision.more, emptied=emptied)
        unit.after_commit(lambda: self._tell(plan, decision, flush))
        return outcome

    def _count_tries(self, unit: UnitOfWork, partitions: Iterable[int]) -> None:
        """A window that commits clears the suspicion; after two deaths documents go one by one for a while."""
        alone = {p: self._alone.get(p, 0) for p in partitions}
        self._alone |= {p: max(left - 1, 0) for p, left in alone.items()}
        for tries in (0, 1):
            if those := [p for p, left in alone.items() if (left > 1) == tries]:
                work.set_tries(unit.connection, those, tries)

    def _tell(self, plan: Plan, decision: Decision, flush: Flush) -> None:
        for name, items in decision.told().items():
            for doc in items:
                self.signals.emit(name, document=doc.id, system=doc.system, route=doc.route, state=doc.standing(), type=doc.type)
        for progress in plan.progress.values():
            if progress.problem:
                self.signals.emit(names.HELD, message=progress.message.seq, system=progress.message.system)
        if flush.subscriptions:
            self._queued(flush.subscriptions)
        self._freed(flush.freed)

    def _freed(self, freed: holds.Freed) -> None:
        if freed.owners:
            self.signals.emit(names.RELEASED, owners=freed.owners)


def retranslate(unit: UnitOfWork, planner: Planner, plan: Plan, loaded: Loaded, view: BookView) -> None:
    """Translate everything of a window again under a newer revision; identities do not change by it."""
    plan.view = view
    again = [*plan.arrivals, *loaded.candidates]
    plan.translations.clear()
    planner.translate_stored(unit.connection, plan, again)
    loaded.reload(unit, plan)


def _hold_plan(plan: Plan, problem: Problem) -> None:
    """Hold what a window was about to decide, whatever it is."""
    for doc in plan.arrivals:
        doc.holds = {}
        doc.f = doc.body = None
        doc.hold(problem)
    for doc in plan.translations.values():
        doc.hold(problem)
    for progress in plan.progress.values():
        if not plan.arrivals:
            progress.problem = (problem,)


def _gave_up(p: int) -> Problem:
    fact = f"its process died {GIVE_UP_AFTER} times while it was the first to be translated"
    return Problem(Cause.PROGRAM_ERROR, f"partition:{p}", fact, "hub retry, after the repair")
