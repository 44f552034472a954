"""Prometheus metrics: what happened in this process (from signals, after the commit) and how things stand (asked at the scrape).

How things stand is read from the store: every process that is scraped says the same, and a restart forgets nothing.
"""

from __future__ import annotations

import logging
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from prometheus_client import CollectorRegistry, Counter, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hub import signals as names
from hub.signals import Signals
from monitoring.health import Health
from monitoring.memory import InUse
from monitoring.watched import Watched

log = logging.getLogger(__name__)

DOCUMENT_STEPS = (names.TRANSLATED, names.ADMITTED, names.APPLIED, names.HELD)


class Metrics:
    """Counters that listen to signals. ``text()`` is what ``/metrics`` answers."""

    def __init__(self, signals: Signals, watched: Watched | None = None, health: Health | None = None) -> None:
        """Listen to ``signals`` from now on, before a hub is built over them: its start releases too. The rest as in ``watch``."""
        signals.connect(self.heard)
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(InUse())
        self._received = Counter("hub_messages_received", "messages kept", ["system", "route", "repeat"], registry=self.registry)
        self._steps = Counter("hub_documents", "documents by step", ["step", "system", "route", "state"], registry=self.registry)
        self._delivered = Counter("hub_deliveries", "deliveries by outcome", ["system", "state"], registry=self.registry)
        self._published = Counter("hub_published", "documents and events published on channel canonical", registry=self.registry)
        self._released = Counter("hub_released", "documents, messages and deliveries freed from a cause", registry=self.registry)
        self._alerts = Counter("hub_alerts", "alerts raised by the path", registry=self.registry)
        self.watch(watched, health)

    def watch(self, watched: Watched | None, health: Health | None) -> None:
        """``watched`` answers how things stand, ``health`` what is well: what there is only once a hub is built. Once each."""
        if watched is not None:
            self.registry.register(Standing(watched))
        if health is not None:
            self.registry.register(Checked(health))

    def heard(self, name: str, facts: dict[str, Any]) -> None:
        """One signal. Unknown names and facts are no error: the path may say more than is counted."""
        text = {key: str(facts.get(key, "")) for key in ("system", "route", "state")}
        if name == names.RECEIVED:
            self._received.labels(text["system"], text["route"], str(bool(facts.get("repeat"))).lower()).inc()
        elif name == names.DELIVERED:
            self._delivered.labels(text["system"], text["state"]).inc()
        elif name in DOCUMENT_STEPS:
            self._steps.labels(name, text["system"], text["route"], text["state"]).inc()
        elif name == names.RELEASED:
            self._released.inc(facts.get("owners", 1))
        elif name == names.PUBLISHED:
            self._published.inc(facts.get("count", 1))
        elif name == names.ALERT:
            self._alerts.inc()

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)


class Standing(Collector):
    """Gauges that are asked of the store at each scrape. A store that does not answer gives none of them."""

    def __init__(self, watched: Watched) -> None:
        self.watched = watched

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: registering must not ask the store."""
        return ()

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("hub_store_up", "1 when the store answered this scrape")
        try:
            found = list(self._ask())
            up.add_metric([], 1)
        except Exception:
            log.exception("the store did not answer the scrape")
            found = []
            up.add_metric([], 0)
        yield up
        yield from found

    def _ask(self) -> Iterator[Metric]:
        states = GaugeMetricFamily("hub_documents_now", "documents in each state now", labels=["route", "state"])
        for flow in self.watched.flows(None):
            for state, count in flow.states.items():
                states.add_metric([flow.route, state], count)
        yield states
        yield from self._held()
        yield from self._leaving()
        since = self.watched.waiting_since()
        yield _gauge("hub_messages_waiting", "messages that wait to be translated", self.watched.waiting())
        yield _gauge("hub_messages_waiting_oldest_seconds", "how long the oldest of them has waited", self._age(since))
        yield _gauge("hub_publications_waiting", "publications that the broker has not confirmed yet", self.watched.unpublished())

    def _age(self, since: datetime | None) -> int:
        return 0 if since is None else int((self.watched.now() - since).total_seconds())

    def _leaving(self) -> Iterator[Metric]:
        count = GaugeMetricFamily("hub_deliveries_open", "deliveries not yet sent, or in doubt", labels=["subscription"])
        oldest = GaugeMetricFamily("hub_deliveries_open_oldest_seconds", "how long the oldest has waited", labels=["subscription"])
        for one in self.watched.leaving():
            count.add_metric([one.subscription], one.count)
            oldest.add_metric([one.subscription], self._age(one.since))
        yield count
        yield oldest

    def _held(self) -> Iterator[Metric]:
        held = GaugeMetricFamily("hub_held", "documents, messages and deliveries held, by cause", labels=["cause"])
        oldest = GaugeMetricFamily("hub_held_oldest_seconds", "how long the oldest has waited, by cause", labels=["cause"])
        tally: Tally[str] = Tally()
        since: dict[str, int] = {}
        now = self.watched.now()
        for one in self.watched.held(None):
            tally[one.cause] += one.count
            since[one.cause] = max(since.get(one.cause, 0), int((now - one.since).total_seconds()))
        for cause in sorted(tally):
            held.add_metric([cause], tally[cause])
            oldest.add_metric([cause], since[cause])
        yield held
        yield oldest


class Checked(Collector):
    """The checks of ``/health/ready`` and its notes as gauges: 1 when well."""

    def __init__(self, health: Health) -> None:
        self.health = health

    def describe(self) -> Iterable[Metric]:
        """Nothing in advance: registering must not check."""
        return ()

    def collect(self) -> Iterator[Metric]:
        found = GaugeMetricFamily("hub_healthy", "1 when the check is well: store, broker", labels=["check"])
        for name, said in (self.health.ready() | self.health.beside()).items():
            found.add_metric([name], int(said == "ok"))
        yield found


def _gauge(name: str, meaning: str, value: int) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, meaning, value=value)
