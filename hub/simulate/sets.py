"""X12 as the simulated warehouse writes and reads it: 850 (a chain's orders), 945, 997; 940 and 855 by a plain split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.simulate.orders import Order

WAREHOUSE_ID = "WH090"
HUB_ID = "CHANNELHUB"


@dataclass(frozen=True, slots=True)
class Received:
    """One transaction set out of an interchange: its segments as lists of elements, and the numbers that name it."""

    set: str
    group: str
    group_control: str
    control: str
    segments: tuple[tuple[str, ...], ...]

    def first(self, tag: str) -> tuple[str, ...]:
        """The first segment of a tag; blanks when it is not there."""
        return next((segment for segment in self.segments if segment[0] == tag), (tag, *[""] * 20))


def interchange(control: int, group: str, sets: Sequence[tuple[str, Sequence[str]]], day: str) -> bytes:
    """An interchange of one group from the warehouse to the hub; ``sets`` are (id, segments between ST and SE)."""
    stamp = day.replace("-", "")
    isa = f"ISA*00*          *00*          *ZZ*{WAREHOUSE_ID:<15}*ZZ*{HUB_ID:<15}*{stamp[2:]}*0800*U*00401*{control:09}*0*T*>"
    lines = [isa, f"GS*{group}*{WAREHOUSE_ID}*{HUB_ID}*{stamp}*0800*{control}*X*004010"]
    for number, (name, segments) in enumerate(sets, start=1):
        lines += [f"ST*{name}*{number:04}", *segments, f"SE*{len(segments) + 2}*{number:04}"]
    lines += [f"GE*{len(sets)}*{control}", f"IEA*1*{control:09}"]
    return "".join(line + "~\n" for line in lines).encode()


def po850(order: Order) -> list[str]:
    """Segments of a purchase order that a retail chain placed."""
    rows = [f"BEG*00*SA*{order.number}**{order.day.replace('-', '')}", "CUR*BY*CNY", f"N1*BY*CHAIN*92*{order.buyer.warehouse}"]
    rows.append(f"N1*ST*CHAIN*92*{order.ship_to.warehouse}")
    for line in order.lines:
        gtin = line.article.case_gtin if line.case else line.article.gtin.zfill(14)
        item = f"VN*{line.unknown}" if line.unknown else f"UK*{gtin}"
        rows.append(f"PO1*{line.id}*{line.quantity}*{'CA' if line.case else 'EA'}*{line.price}**{item}")
    return [*rows, f"CTT*{len(order.lines)}"]


def ship945(order: Received, shipment: str, day: str) -> list[str]:
    """Segments of the shipping advice for a received 940: everything it asked for was shipped."""
    w05 = order.first("W05")
    rows = [f"W06*F*{w05[2]}*{day.replace('-', '')}*{shipment}**{w05[3]}"]
    rows += ["*".join(segment) for segment in order.segments if segment[0] == "N1" and segment[1] == "ST"]
    total = 0
    for line, quantity, unit, pairs in asked(order):
        rows += [f"LX*{line}", f"N9*LI*{line}", "*".join(["W12", "CC", quantity, quantity, "", unit, "", *pairs])]
        total += int(quantity)
    return [*rows, f"W03*{total}"]


def asked(order: Received) -> Iterator[tuple[str, str, str, list[str]]]:
    """(line, quantity, unit, qualifier and id pairs) of a 940's W01 segments; the line is the LI reference, else LX01."""
    line, found = "", None
    for segment in (*order.segments, ("LX", "")):
        if segment[0] == "LX":
            if found is not None:
                yield line, *found
            line, found = segment[1], None
        elif segment[0] == "W01":
            found = (segment[1], segment[2], [part for part in segment[4:8] if part])
        elif segment[0] == "N9" and segment[1] == "LI":
            line = segment[2]


def fa997(received: Sequence[Received]) -> list[str]:
    """Segments of the functional acknowledgement of one received group: every set accepted."""
    rows = [f"AK1*{received[0].group}*{received[0].group_control}"]
    for one in received:
        rows += [f"AK2*{one.set}*{one.control}", "AK5*A"]
    return [*rows, f"AK9*A*{len(received)}*{len(received)}*{len(received)}"]


def read(payload: bytes) -> list[Received]:
    """Transaction sets of an interchange, by a plain split at the separators that its ISA shows."""
    text = payload.decode()
    mark, end = text[3], text[105]
    found: list[Received] = []
    segments: list[tuple[str, ...]] = []
    group = ("", "")
    for raw in text.split(end):
        segment = tuple(raw.strip("\r\n").split(mark))
        if segment[0] == "GS":
            group = (segment[1], segment[6])
        elif segment[0] == "SE":
            head, *body = segments
            found.append(Received(head[1], *group, head[2], tuple(body)))
        segments = [segment] if segment[0] == "ST" else [*segments, segment]
    return found
