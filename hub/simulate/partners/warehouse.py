"""The warehouse on X12: forwards a chain's orders (850), gets shipping orders (940), acknowledges (997) and ships (945)."""

from __future__ import annotations

import json
import time
from pathlib import Path
from queue import Empty, Queue
from threading import Event, Lock, Thread

from hub.simulate import sets
from hub.simulate.goods import ARTICLES, WAREHOUSE
from hub.simulate.listener import Answer, Listener
from hub.simulate.partners.base import Partner
from hub.simulate.plan import Act

GROUPS = {"940": "OW", "855": "PR", "997": "FA"}
SLOW = 0.5
"""Seconds that every ninth receipt takes."""


class Warehouse(Partner):
    """``url`` is where the hub sends X12 to. What it owes (997, 945) is sent by a thread of its own, after the answer."""

    name = "wms-3pl"

    def __init__(self, folder: Path, hub: str, day: str) -> None:
        super().__init__(folder, hub)
        self.day, self._control, self._seen = day, 0, 0
        self._lock, self._stop = Lock(), Event()
        self._owed: Queue[list[sets.Received]] = Queue()
        self._names: set[str] = set()
        self._listener = Listener(self._take)
        self.url = self._listener.url
        self._thread = Thread(target=self._work, daemon=True)
        self._thread.start()

    def report_stock(self) -> None:
        """Enough of everything."""
        rows = [{"sku": one.material, "uom": "EA", "qty": 100_000, "gtin": one.gtin.zfill(14), "status": "OK"} for one in ARTICLES]
        number = f"ST-{self.day}"
        report = {"report": number, "warehouse": WAREHOUSE.warehouse, "asOf": f"{self.day}T00:30:00+08:00", "stock": rows}
        act = Act(0, self.name, "stock", number)
        self.log.write("sent", number=act.number, fault="")
        if self.post(
            "/partners/wms/stock", json.dumps(report).encode(), {"Content-Type": "application/json", "Idempotency-Key": act.number}
        ):
            self.kept(act, act.number)

    def send(self, act: Act) -> None:
        """A forwarded order; a corrupt one has lost its ISA."""
        assert act.order is not None
        payload = sets.interchange(act.control, "PO", [("850", sets.po850(act.order))], self.day)
        self._post(act, payload[107:160].replace(b"GS", b"??") if act.fault == "corrupt" else payload, f"{act.number}/{act.control}")

    def idle(self) -> bool:
        """Nothing owed any more."""
        return self._owed.empty() and self._owed.unfinished_tasks == 0

    def _post(self, act: Act, payload: bytes, name: str) -> None:
        self.log.write("sent", number=act.number, fault=act.fault)
        if self.post("/partners/wms/x12", payload, {"Content-Type": "application/edi-x12"}) is not None:
            self.kept(act, name)

    def _take(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        self._seen += 1
        if self._seen % 9 == 0:
            time.sleep(SLOW)
        name = headers.get("idempotency-key", "")
        with self._lock:
            known = bool(name) and name in self._names
            self._names.add(name)
        if not known:
            found = sets.read(body)
            for one in found:
                order = one.first("W05")[3] if one.set == "940" else one.first("BAK")[3] if one.set == "855" else ""
                self.log.write("received", type=one.set, number=f"{one.group_control}/{one.control}", order=order)
            if found and found[0].set != "997":
                self._owed.put(found)
        return 200, "text/plain", b"ok"

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                received = self._owed.get(timeout=0.1)
            except Empty:
                continue
            self._answer(received)
            self._owed.task_done()

    def _answer(self, received: list[sets.Received]) -> None:
        """A 997 for the group, then a 945 for each shipping order in it."""
        self._say("FA", "997", sets.fa997(received), f"997 of {received[0].group_control}")
        for one in received:
            self.log.write("acknowledged", type=one.set, number=f"{one.group_control}/{one.control}")
            if one.set == "940":
                self._say("SW", "945", sets.ship945(one, f"SHP-{one.first('W05')[2]}", self.day), f"945 of {one.first('W05')[2]}")

    def _say(self, group: str, name: str, segments: list[str], number: str) -> None:
        with self._lock:
            self._control += 1
            control = self._control
        act = Act(0, self.name, name, number, outcomes=("applied",))
        self._post(act, sets.interchange(control, group, [(name, segments)], self.day), number)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(10)
        self._listener.close()
        super().close()
