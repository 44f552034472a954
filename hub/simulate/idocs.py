"""IDocs as the simulated SAP writes them: XML and flat (port version 3), from plain values, without the hub's own writer.

Offsets are those of SDATA, 0-based, in the definitions E2EDK01005, E2EDKA1003, E2EDP01011, E2EDP19003 and E2EDP20002.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from hub.simulate.goods import Article, Place
from hub.simulate.orders import Order

Fields = dict[str, str]
CLIENT = "400"
SENDER = "E4DCLNT400"


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: name, its fields, its children."""

    name: str
    fields: Fields
    children: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Idoc:
    """One IDoc: number, types, segments. ``serial`` orders the changes of one object."""

    number: int
    basic: str
    message: str
    segments: tuple[Segment, ...]
    serial: str = ""
    variant: str = ""

    @property
    def control(self) -> Fields:
        """The control record's fields."""
        fields = {
            "TABNAM": "EDI_DC40", "MANDT": CLIENT, "DOCNUM": f"{self.number:016}", "DIRECT": "1", "IDOCTYP": self.basic,
            "MESTYP": self.message, "MESCOD": self.variant, "SNDPOR": "SAPE4D", "SNDPRT": "LS", "SNDPRN": SENDER,
            "RCVPOR": "HUB", "RCVPRT": "LS", "RCVPRN": "HUB", "SERIAL": self.serial,
        }  # fmt: skip
        return {name: text for name, text in fields.items() if text}


def xml(*idocs: Idoc) -> bytes:
    """IDoc XML: one root named after the basic type, one IDOC each."""
    body = "".join(f'<IDOC BEGIN="1">{_xml(Segment("EDI_DC40", one.control))}{"".join(map(_xml, one.segments))}</IDOC>' for one in idocs)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{idocs[0].basic}>{body}</{idocs[0].basic}>\n'.encode()


def _xml(segment: Segment) -> str:
    fields = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in segment.fields.items() if text)
    return f'<{segment.name} SEGMENT="1">{fields}{"".join(map(_xml, segment.children))}</{segment.name}>'


CONTROL_OFFSETS = {
    "TABNAM": 0, "MANDT": 10, "DOCNUM": 13, "DIRECT": 35, "IDOCTYP": 39, "MESTYP": 99, "MESCOD": 129, "SNDPOR": 148,
    "SNDPRT": 158, "SNDPRN": 162, "RCVPOR": 263, "RCVPRT": 273, "RCVPRN": 277, "SERIAL": 504,
}  # fmt: skip
OFFSETS: dict[str, tuple[str, dict[str, int]]] = {
    "E1EDK01": ("E2EDK01005", {"ACTION": 0, "CURCY": 4, "BSART": 79, "BELNR": 83}),
    "E1EDK03": ("E2EDK03", {"IDDAT": 0, "DATUM": 3}),
    "E1EDKA1": ("E2EDKA1003", {"PARVW": 0, "PARTN": 3, "NAME1": 37, "ILNNR": 873}),
    "E1EDK02": ("E2EDK02", {"QUALF": 0, "BELNR": 3}),
    "E1EDP01": ("E2EDP01011", {"POSEX": 0, "ACTION": 6, "MENGE": 11, "MENEE": 26, "VPREI": 54, "PEINH": 69}),
    "E1EDP19": ("E2EDP19003", {"QUALF": 0, "IDTNR": 3, "KTEXT": 38}),
    "E1EDP20": ("E2EDP20002", {"WMENG": 0, "EDATU": 30}),
}


def flat(*idocs: Idoc) -> bytes:
    """Flat IDocs with line ends, trailing blanks cut as most file ports write them, UTF-8."""
    return "".join(line + "\r\n" for one in idocs for line in _lines(one)).encode()


def _lines(idoc: Idoc) -> Iterator[str]:
    yield _placed(idoc.control, CONTROL_OFFSETS)
    for number, (segment, level) in enumerate(_walk(idoc.segments, 1), start=1):
        name, offsets = OFFSETS[segment.name]
        head = f"{name:<30}{CLIENT}{idoc.number:016}{number:06}{'':6}{level:02}"
        yield head + _placed(segment.fields, offsets)


def _walk(segments: Sequence[Segment], level: int) -> Iterator[tuple[Segment, int]]:
    for segment in segments:
        yield segment, level
        yield from _walk(segment.children, level + 1)


def _placed(fields: Fields, offsets: dict[str, int]) -> str:
    line = ""
    for name, text in sorted(fields.items(), key=lambda pair: offsets[pair[0]]):
        line = line.ljust(offsets[name]) + text
    return line


def purchase_order(number: int, order: Order, *, message: str = "ORDERS", variant: str = "", serial: str = "") -> Idoc:
    """ORDERS05 of an order (or its change: lines carry an action)."""
    head = (
        Segment("E1EDK01", {"ACTION": "000", "CURCY": "CNY", "BSART": "TA", "BELNR": order.number}),
        Segment("E1EDK03", {"IDDAT": "012", "DATUM": order.day.replace("-", "")}),
        Segment("E1EDKA1", {"PARVW": "AG", "PARTN": order.buyer.sap.zfill(10), "NAME1": order.buyer.name}),
        Segment("E1EDKA1", {"PARVW": "WE", "PARTN": order.ship_to.sap.zfill(10), "NAME1": order.ship_to.name}),
        Segment("E1EDK02", {"QUALF": "001", "BELNR": order.number}),
    )
    lines = tuple(
        Segment(
            "E1EDP01",
            {
                "POSEX": line.id,
                "ACTION": line.action,
                "MENGE": f"{line.quantity}.000",
                "MENEE": line.sap_unit,
                "VPREI": str(line.price),
                "PEINH": "1",
            },
            (Segment("E1EDP19", {"QUALF": "002", "IDTNR": line.code.zfill(18) if line.code.isdigit() else line.code, "KTEXT": line.name}),),
        )
        for line in order.lines
    )
    return Idoc(number, "ORDERS05", message, (*head, *lines), serial, variant)


def material(number: int, article: Article, serial: str) -> Idoc:
    """MATMAS05 of an article: piece and case, each with its own GTIN."""
    units = (
        Segment("E1MARMM", {"MSGFN": "005", "MEINH": "PCE", "UMREZ": "1", "UMREN": "1", "EAN11": article.gtin}),
        Segment("E1MARMM", {"MSGFN": "005", "MEINH": "CS", "UMREZ": str(article.case), "UMREN": "1", "EAN11": article.case_gtin}),
    )
    text = Segment("E1MAKTM", {"MSGFN": "005", "SPRAS": "1", "MAKTX": article.name, "SPRAS_ISO": "ZH"})
    root = Segment("E1MARAM", {"MSGFN": "005", "MATNR": article.material.zfill(18), "MEINS": "PCE", "EAN11": article.gtin}, (text, *units))
    return Idoc(number, "MATMAS05", "MATMAS", (root,), serial)


def customer(number: int, place: Place, serial: str) -> Idoc:
    """DEBMAS07 of a party; the account group says its tier."""
    groups = {"headquarters": "HQ01", "agent": "AG01", "store": "ST01", "warehouse": "WH01"}
    fields = {
        "MSGFN": "005",
        "KUNNR": place.sap.zfill(10) if place.sap.isdigit() else place.sap,
        "KTOKD": groups[place.tier],
        "NAME1": place.name,
        "SPRAS_ISO": "ZH",
    }
    return Idoc(number, "DEBMAS07", "DEBMAS", (Segment("E1KNA1M", fields),), serial)
