"""Packets as bytes, by the simulated partners' own writers of real formats."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from hub.simulate import idocs, sets, tables
from hub.simulate.orders import Order
from tests.faults.corpus.goods import DEPOT, UNSOLD
from tests.faults.corpus.model import Packet

DAY = "2026-11-20"


def written(packet: Packet) -> bytes:
    """The bytes of a packet: the same at every call."""
    return _WRITERS[packet.way](packet)


def _idoc(packet: Packet) -> bytes:
    """One file holds one basic type. Every third packet is flat; articles only come as XML."""
    found: list[idocs.Idoc] = [doc.what for doc in packet.docs]
    flat = packet.number % 3 == 0 and all(one.basic == "ORDERS05" for one in found)
    return idocs.flat(*found) if flat else idocs.xml(*found)


def _x12(packet: Packet) -> bytes:
    if isinstance(packet.docs[0].what, bytes):
        return packet.docs[0].what
    orders: Sequence[Order] = [doc.what for doc in packet.docs]
    return sets.interchange(packet.control, "PO", [("850", sets.po850(order)) for order in orders], DAY)


def _kd(packet: Packet) -> bytes:
    return tables.kd_orders([doc.what for doc in packet.docs])


def _lines(packet: Packet) -> bytes:
    return b"\n".join(line for doc in packet.docs for line in (doc.what,)) + b"\n"


def _stock(packet: Packet) -> bytes:
    return json.dumps([doc.what for doc in packet.docs]).encode()


def _depot(packet: Packet) -> bytes:
    day, pieces = packet.docs[0].what
    return tables.kd_stock(DEPOT, day, [(UNSOLD, pieces)])


_WRITERS: dict[str, Callable[[Packet], bytes]] = {
    "idoc": _idoc, "x12": _x12, "kd": _kd, "events": _lines, "rows": _lines, "deltas": _lines, "stock": _stock, "depot": _depot,
}  # fmt: skip
