"""Deliver: a subscription's document -> bytes -> the other side -> receipt.

``sending`` is committed before the bytes leave. Known not sent: back to pending with a longer wait each time, and a circuit for
the receiver. Answered no: held. Unknown: the same bytes again if the receiver is idempotent, else it is asked, else a person.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from threading import Event

from canonical_model.problems import REMOVED_BY, Cause, HubError, Misconfigured, Problem, Retry
from connectors.base import Receipt, SendRefused, SendUncertain
from hub import signals as names
from hub.signals import Signals, reach
from hub.stages.apply import program_error
from hub.stages.ports import Rendered, Subscription
from hub.store import deliveries, holds
from hub.store.database import Store
from hub.store.deliveries import Circuit, Delivery
from hub.store.records import problem_details
from hub.store.unit import UnitOfWork, newest_revision

log = logging.getLogger(__name__)
AT_ONCE = 50
WAITS = (1, 2, 5, 15, 60, 300)
"""Seconds until the next attempt after the n-th failure; the last one repeats."""
DOWN_AFTER = 3
"""Failures after which people see the receiver as down."""
SECOND = 1_000_000
OURS = 10.0
"""Seconds after which a batch is not gone on with: a process that stood still for longer may have lost its slot to another."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one attempt: the new state and what is to be remembered."""

    delivery: Delivery
    state: str
    detail: str = ""
    receipt: str | None = None
    failed: bool = False


def wait_after(failures: int) -> int:
    """Microseconds to wait after so many failures in a row."""
    return WAITS[min(max(failures, 1), len(WAITS)) - 1] * SECOND


class Delivering:
    """The deliver stage of one process. ``owner`` names the process in what it is sending."""

    def __init__(self, store: Store, subscriptions: Sequence[Subscription], signals: Signals | None = None, owner: str = "") -> None:
        self.store, self.signals = store, signals or Signals()
        self.subscriptions: Mapping[str, Subscription] = {item.id: item for item in subscriptions}
        self.owner = owner or store.clock.new_id()
        self._sent: dict[str, tuple[Sequence[tuple[Delivery, Rendered]], Sequence[Sent]]] = {}
        self._stopping = Event()

    def stop(self) -> None:
        """Begin no further send: what is left of a batch is known not sent, and goes to whoever sends next."""
        self._stopping.set()

    def recover(self, subscription: str | None = None) -> int:
        """What a dead owner was sending is uncertain: sent again, asked about, or in doubt; gives how many there were. What it marked as
        uncertain and did not come to settle is settled too, and what this process marked and never sent, because the store went away
        between, waits again.

        For the only process, or for one subscription under its lock: whoever else was sending for it is gone.
        """
        self.store.locks.attend(self.owner)
        with self.store.read() as connection:
            if not deliveries.unsettled(connection, subscription):
                return 0
        with self.store.unit() as unit:
            found = deliveries.unsettled(unit.connection, subscription, lock=True)
            for item in found:
                if item.owner == self.owner and item.subscription not in self._sent:
                    deliveries.finish(unit.connection, item.id, "pending", unit.now, detail="not sent", next_at=unit.now)
            gone = {owner for owner in {item.owner for item in found} - {self.owner} if owner is None or self.store.locks.absent(owner)}
            left = [item for item in found if item.owner in gone]
            for item in left:
                if item.state == "sending":
                    self._record(unit, Sent(item, "uncertain", "its process died while it was sending"))
        for item in left:
            self._settle_uncertain(item)
        return len(left)

    def run(self) -> int:
        """One round over all subscriptions; gives how many attempts were made. Each has its own slot and circuit."""
        return sum(self.run_one(item) for item in self.subscriptions.values())

    def run_one(self, subscription: Subscription) -> int:
        """One batch of one subscription: commit ``sending``, send, commit what came of it. What came of the last one is committed
        first, where the store went away before it could be. Raises Retry while it is away."""
        self._finish(subscription)
        began = self.store.clock.monotonic()
        batch = self._start(subscription)
        results: list[Sent] = []
        for item, rendered in batch:
            if self._stopping.is_set() or self.store.clock.monotonic() - began > OURS:
                break
            results.append(self._send(subscription, item, rendered))
            if results[-1].failed:
                break
        if batch:
            self._sent[subscription.id] = batch, results
            self._finish(subscription)
        return len(results)

    def _start(self, subscription: Subscription) -> list[tuple[Delivery, Rendered]]:
        """Take what is due, make its bytes, mark it as being sent. A circuit that is half open lets one through."""
        with self.store.read() as connection:
            circuit = deliveries.circuits(connection).get(subscription.id)
            now = self.store.clock.now()
            if circuit is not None and circuit.open_until > now:
                return []
            due = deliveries.due(connection, subscription.id, now, _at_once(subscription, circuit))
            known = newest_revision(connection)
        rendered = [self._made(subscription, item) for item in due]
        good = [(item, made) for item, made in rendered if isinstance(made, Rendered)]
        if not rendered:
            return []
        reach("deliver.rendered")
        with self.store.unit() as unit:
            if len(good) < len(rendered) and unit.lock_codebook(exclusive=False) != known:
                rendered = [*good]  # codes came since: what misses one is looked at again, else it is held with the fact present
            still = deliveries.lock_pending(unit.connection, [item.id for item, _ in rendered])
            rendered = [(item, made) for item, made in rendered if item.id in still]
            good = [(item, made) for item, made in good if item.id in still]
            for item, made in rendered:
                if not isinstance(made, Rendered):
                    _hold(unit, item.id, *made)
            deliveries.start(unit.connection, [(item, asdict(made)) for item, made in good], self.owner, unit.now)
            reach("deliver.before_sending")
        reach("deliver.sending")
        return good

    def _made(self, subscription: Subscription, item: Delivery) -> tuple[Delivery, Rendered | tuple[Problem, ...]]:
        """The bytes of a delivery. Where the codes of then give none, those of now do: what was held for a code goes when it comes."""
        made = _bytes(subscription, item)
        if isinstance(made, Rendered) or "revision" not in item.assigned:
            return item, made
        with self.store.read() as connection:
            newest = {**item.assigned, "revision": str(newest_revision(connection))}
        if newest == item.assigned:
            return item, made
        later = replace(item, assigned=newest)
        return later, _bytes(subscription, later)

    def _send(self, subscription: Subscription, item: Delivery, rendered: Rendered) -> Sent:
        try:
            receipt: Receipt = subscription.send(rendered)
        except SendRefused as refused:
            return Sent(item, "refused", refused.detail)
        except SendUncertain as uncertain:
            return Sent(item, "uncertain", str(uncertain), failed=True)
        except (Retry, Misconfigured) as known:
            return Sent(item, "pending", known.fact, failed=True)
        except Exception as error:
            log.exception("sending delivery %s failed with an exception of our own", item.id)
            return Sent(item, "uncertain", f"{type(error).__name__}: {error}", failed=True)
        reach("deliver.sent")
        return Sent(item, "sent", receipt.detail, receipt.reference)

    def _finish(self, subscription: Subscription) -> None:
        """Commit what came of a batch; what was not tried goes back to pending, known not sent. What another process took over
        meanwhile, since this one stood still or was cut off, is its business."""
        batch, results = self._sent.get(subscription.id, ((), ()))
        if not batch:
            return
        tried = {result.delivery.id for result in results}
        with self.store.unit() as unit:
            mine = deliveries.lock_sent(unit.connection, [item.id for item, _ in batch], self.owner)
            for item, _ in batch:
                if item.id in mine and item.id not in tried:
                    deliveries.finish(unit.connection, item.id, "pending", unit.now, detail="not tried", next_at=unit.now)
            results = [result for result in results if result.delivery.id in mine]
            for result in results:
                self._record(unit, result)
            self._turn_circuit(unit, subscription, results)
        reach("deliver.marked")
        del self._sent[subscription.id]
        self._tell(subscription, results)

    def _tell(self, subscription: Subscription, results: Sequence[Sent]) -> None:
        for result in results:
            if result.state == "uncertain":
                self._settle_uncertain(result.delivery)
            self.signals.emit(
                names.DELIVERED, delivery=result.delivery.id, document=result.delivery.document, state=result.state,
                subscription=subscription.id, system=subscription.system,
            )  # fmt: skip

    def _record(self, unit: UnitOfWork, result: Sent) -> None:
        next_at = unit.now + (wait_after(result.delivery.tries + 1) if result.failed else 0)
        deliveries.finish(
            unit.connection, result.delivery.id, result.state, unit.now, detail=result.detail, receipt=result.receipt, next_at=next_at
        )
        if result.state == "refused":
            fact = f"the receiver refused it: {result.detail}"
            fix = f"after the repair here or there: hub retry {result.delivery.id} --kind delivery"
            _hold(unit, result.delivery.id, Problem(Cause.REFUSED_BY_RECEIVER, result.delivery.subscription, fact, fix))

    def _turn_circuit(self, unit: UnitOfWork, subscription: Subscription, results: Sequence[Sent]) -> None:
        """A failure opens the circuit for longer each time; any answer closes it, and its holds go by themselves."""
        known = deliveries.circuits(unit.connection).get(subscription.id)
        failed = next((result for result in results if result.failed), None)
        if failed is None:
            if known is not None and results:
                deliveries.close_circuit(unit.connection, subscription.id)
            return
        failures = (known or Circuit(0, 0)).failures + 1
        deliveries.set_circuit(unit.connection, subscription.id, failures, unit.now + wait_after(failures), unit.now, failed.detail)
        if failures == DOWN_AFTER:
            fact = f"{subscription.system} has not answered {failures} times: {failed.detail}"
            _hold(unit, failed.delivery.id, Problem(Cause.RECEIVER_DOWN, subscription.id, fact, REMOVED_BY[Cause.RECEIVER_DOWN]))

    def _settle_uncertain(self, item: Delivery) -> None:
        """Idempotent: the same bytes again. Can be asked: ask. Else a person says."""
        subscription = self.subscriptions.get(item.subscription)
        taken = _asked(subscription, item)
        with self.store.unit() as unit:
            if deliveries.lock(unit.connection, item.id) != "uncertain":
                return
            if taken is True:
                deliveries.finish(unit.connection, item.id, "sent", unit.now, detail="asked back: it was taken")
            elif taken is False or (subscription is not None and subscription.idempotent):
                again = unit.now + wait_after(item.tries + 1)
                deliveries.finish(unit.connection, item.id, "pending", unit.now, detail="the same bytes again", next_at=again)
            else:
                fact = "whether the receiver took it is not known, and it cannot be asked"
                _hold(unit, item.id, Problem(Cause.IN_DOUBT, f"delivery:{item.id}", fact, f"hub deliveries {item.id} --sent | --again"))


def _at_once(subscription: Subscription, circuit: Circuit | None) -> int:
    """How many may be ``sending`` together: a death of the process leaves each of them uncertain. That is harmless where the same
    bytes may go again, or the receiver can be asked; elsewhere only the one that is on its way may be left in doubt."""
    repeatable = subscription.idempotent or subscription.ask is not None
    return AT_ONCE if repeatable and circuit is None else 1


def _bytes(subscription: Subscription, item: Delivery) -> Rendered | tuple[Problem, ...]:
    """The bytes of the first attempt, if there was one; else made now from body and assigned numbers. Pure."""
    if item.payload is not None:
        return Rendered(item.payload, item.name, item.content_type, item.headers)
    try:
        return subscription.render(item.body, item.assigned)
    except HubError as error:
        return (
            Problem(
                Cause.MAPPING_ERROR, subscription.id, error.fact, error.fix or f"hub map promote, or hub retry {item.id} --kind delivery"
            ),
        )
    except Exception as error:
        return (program_error(f"delivery:{item.id}", error),)


def _asked(subscription: Subscription | None, item: Delivery) -> bool | None:
    if subscription is None or subscription.ask is None or subscription.idempotent:
        return None
    try:
        return subscription.ask(item.name)
    except Exception:
        log.exception("asking back about delivery %s failed", item.id)
        return None


def _hold(unit: UnitOfWork, delivery: int, *problems: Problem) -> None:
    """Hold a delivery: it blocks its (subscription, key), never the inbound key."""
    wanted = {(str(problem.cause), problem.key): problem_details(problem) for problem in problems}
    there = holds.of(unit.connection, "delivery", delivery)
    holds.save(unit.connection, "delivery", delivery, {key: value for key, value in wanted.items() if key not in there}, unit.now)
