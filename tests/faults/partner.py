"""The senders: one thread a system, each with the order of its own stream. What they were told stands in a file of theirs.

A packet is sent until it is acknowledged, under the same Idempotency-Key where it has one; many are sent again, at once or much
later, half of them under the same key. ``acknowledged.tsv``: packet, message, key (0: none), whether the hub called it a repeat.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from queue import Queue
from random import Random

from tests.faults.corpus.model import Packet
from tests.faults.corpus.writing import written
from tests.faults.plan import Plan, load, tell, told

LATER = 25
"""Packets of its stream after which a late copy is sent, about."""
SAME_ONLY = ("events", "depot")
"""Ways whose repeats must carry the same key: without it each would be another event, or a stock that goes back."""
NEVER_KEYED = ("rows", "deltas")
AHEAD = 0.04
"""How far a stream may be ahead of the pace."""


class Acknowledged:
    """The file of acknowledgements, and the flag ``acked``: how many documents were acknowledged for the first time."""

    def __init__(self, path: Path) -> None:
        self._file, self._lock = path.open("a"), threading.Lock()
        self.deliveries = self.documents = self._told = 0

    def count(self, documents: int) -> None:
        """A packet is acknowledged for the first time."""
        with self._lock:
            self.documents += documents

    def tell(self) -> None:
        """Set the flag, where it is not true any more."""
        with self._lock:
            if self.documents != self._told:
                self._told = self.documents
                tell(Path(), "acked", str(self._told))

    def write(self, packet: int, message: str, key: int, repeated: bool) -> None:
        """One line an acknowledgement."""
        with self._lock:
            self.deliveries += 1
            self._file.write(f"{packet}\t{message}\t{key}\t{int(repeated)}\n")
            self._file.flush()


class Pace:
    """The share of the corpus that may be sent, as the conductor says it. One thread looks for all, and tells how far they are."""

    def __init__(self, documents: int, acknowledged: Acknowledged) -> None:
        self.documents, self._acknowledged, self._share = documents, acknowledged, 0.0
        self._changed = threading.Condition()
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:  # also when all may be sent: kills wait for what is acknowledged
            self._acknowledged.tell()
            share = float(told("pace") or 0)
            if share != self._share:
                with self._changed:
                    self._share = share
                    self._changed.notify_all()
            time.sleep(0.05)

    def wait(self, document: int) -> None:
        """Until the document of this number may be sent."""
        with self._changed:
            self._changed.wait_for(lambda: self._share >= 1 or document / self.documents <= self._share + AHEAD)


class Stream(threading.Thread):
    """One system's sending, in order."""

    def __init__(self, system: str, plan: Plan, pace: Pace, acknowledged: Acknowledged) -> None:
        super().__init__(name=system, daemon=True)
        self.system, self.plan, self.pace, self.acknowledged = system, plan, pace, acknowledged
        self.queue: Queue[tuple[int, Packet] | None] = Queue(200)
        self.refused: list[str] = []
        self._sent, self._later = 0, list[tuple[int, Packet, bytes, int]]()
        self._draw = Random(f"{plan.seed}:{system}")

    def run(self) -> None:
        while (item := self.queue.get()) is not None:
            before, packet = item
            self.pace.wait(before)
            self._packet(packet)
            self._due(self._sent)
        self._due(None)

    def _due(self, sent: int | None) -> None:
        """Late copies whose time has come; None: all."""
        due = [one for one in self._later if sent is None or one[0] <= sent]
        self._later = [one for one in self._later if one not in due]
        for _, packet, raw, key in due:
            self._deliver(packet, raw, key)

    def _packet(self, packet: Packet) -> None:
        """The packet, and one or two copies of about half of them."""
        self._sent += 1
        draw, raw = self._draw, written(packet)
        key = 1 if packet.way in SAME_ONLY or (packet.way not in NEVER_KEYED and draw.random() < 0.6) else 0
        self._deliver(packet, raw, key)
        self.acknowledged.count(len(packet.docs))
        for copy in range(2, 2 + draw.choice((0, 0, 1, 1, 2))):
            again = self._key_again(packet, key, copy)
            if draw.random() < 0.5:
                self._deliver(packet, raw, again)
            elif packet.way != "depot" or again:
                self._later.append((self._sent + draw.randint(1, 2 * LATER), packet, raw, again))

    def _key_again(self, packet: Packet, key: int, copy: int) -> int:
        if packet.way in SAME_ONLY:
            return key
        if packet.way in NEVER_KEYED:
            return 0
        return key if self._draw.random() < 0.5 else self._draw.choice((0, copy))

    def _deliver(self, packet: Packet, raw: bytes, key: int) -> None:
        """Until it is acknowledged. A refusal is a fault: nobody sends what may be refused."""
        headers = {"content-type": "application/octet-stream", **({"idempotency-key": f"{packet.number}-{key}"} if key else {})}
        while True:
            status, body = self._post(f"/{packet.system}/{packet.way}", raw, headers)
            if status in (200, 202):
                said = json.loads(body)
                self.acknowledged.write(packet.number, said["message"], key, said["repeated"])
                return
            if 400 <= status < 500 and status != 429:
                self.refused.append(f"packet {packet.number} of {packet.system}: {status} {body[:300]!r}")
                return
            time.sleep(self._draw.uniform(0.03, 0.15))

    def _post(self, path: str, raw: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """(status, body); 0 where nobody answered: then nobody knows whether it was kept."""
        connection = http.client.HTTPConnection("127.0.0.1", self._draw.choice(self.plan.doors), timeout=15)
        try:
            connection.request("POST", path, raw, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()


def main(words: Sequence[str]) -> int:
    """Send the whole corpus; 1 when something was refused, or when the end of the file of a stream is missing."""
    plan = load()
    acknowledged = Acknowledged(Path("acknowledged.tsv"))
    pace = Pace(plan.documents, acknowledged)
    streams: dict[str, Stream] = {}
    documents = 0
    for packet in _packets(plan):
        stream = streams.get(packet.system)
        if stream is None:
            stream = streams[packet.system] = Stream(packet.system, plan, pace, acknowledged)
            stream.start()
        stream.queue.put((documents, packet))
        documents += len(packet.docs)
    for stream in streams.values():
        stream.queue.put(None)
    for stream in streams.values():
        stream.join()
    acknowledged.tell()
    refused = [line for stream in streams.values() for line in stream.refused]
    print("\n".join(refused), flush=True)
    Path("sent.json").write_text(json.dumps({"documents": documents, "deliveries": acknowledged.deliveries, "refused": refused}))
    return 1 if refused else 0


def _packets(plan: Plan) -> Iterator[Packet]:
    for block in plan.corpus.blocks():
        yield from block.packets
