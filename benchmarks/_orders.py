"""Orders to measure with: ORDERS05 of ten lines and 101 segments, flat and in XML, and the code rows they need.

Drawn from a fixed seed. Every IDoc says something else (numbers, parties, items, quantities, words), so that nothing is
fast because it was met a moment ago.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from xml.sax.saxutils import escape

from adapters.idoc import Definition
from adapters.idoc.definition import CONTROL_FIELDS
from hub.plugins import shipped_definitions

SEED = 20261125
LINES = 10
ITEMS = 400
PARTIES = 60
CODE_SET = "bench"
_CLIENT = "400"
_WORDS = (
    "sparkling", "water", "lemon", "barrel", "crate", "original", "classic", "zero", "light", "family", "pack", "bottle", "glass",
    "returnable", "still", "apple", "orange",
)  # fmt: skip
_UNITS = {"PCE": ("EA", 1), "CS": ("CS", 12)}


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: type, fields that are filled, segments below."""

    type: str
    fields: Mapping[str, str]
    below: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Codes:
    """The code rows, as plain dictionaries and as CSV for the hub's code tables."""

    units: dict[str, str] = field(default_factory=dict)
    parties: dict[str, str] = field(default_factory=dict)
    items: dict[str, str] = field(default_factory=dict)
    packs: dict[str, int] = field(default_factory=dict)

    def csv(self) -> str:
        """Rows for ``hub codes import``."""
        rows = ["table,code_set,code,context,canonical,level,numerator,denominator"]
        rows += [f"unit,{CODE_SET},{code},,{unit},,1,1" for code, unit in self.units.items()]
        rows += [f"party,{CODE_SET},{code},,{party},,1,1" for code, party in self.parties.items()]
        for name, gtin in self.items.items():
            code, unit = name.split("|")
            rows.append(f"item,{CODE_SET},{code},{unit},{gtin},{unit},1,1")
        for name, numerator in self.packs.items():
            gtin, unit = name.split("|")
            rows.append(f"pack,{CODE_SET},{gtin},{unit},EA,,{numerator},1")
        return "\n".join(rows) + "\n"


def gtin14(number: int) -> str:
    """A GTIN of 14 digits with its check digit (GS1 General Specifications, 7.9)."""
    body = f"{number:013}"
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return body + str(-total % 10)


def draw_codes() -> Codes:
    """Units, parties and items in two packaging levels with GTINs of their own."""
    codes = Codes()
    codes.units.update({code: unit for code, (unit, _) in _UNITS.items()})
    codes.parties.update({str(104000 + n): f"P-{n:04}" for n in range(PARTIES)})
    for n in range(ITEMS):
        for place, (unit, numerator) in enumerate(_UNITS.values()):
            gtin = gtin14(400638100000 + 10 * n + place)
            codes.items[f"{700000 + n}|{unit}"] = gtin
            codes.packs[f"{gtin}|{unit}"] = numerator
    return codes


@dataclass(frozen=True, slots=True)
class Idoc:
    """One order, ready to be written either way."""

    control: Mapping[str, str]
    segments: tuple[Segment, ...]

    def flat(self) -> bytes:
        """Records with line ends, trailing blanks trimmed, as file ports write them."""
        definition = shipped_definitions()["ORDERS05"]
        lines = [_placed({one.name: one.start for one in CONTROL_FIELDS}, self.control)]
        for number, (segment, above, level) in enumerate(_walk(self.segments), 1):
            starts = {one.name: one.start for one in definition.by_type[segment.type].fields}
            head = f"{_name(definition, segment.type):<30}{_CLIENT}{self.control['DOCNUM']}{number:06}{above:06}{level:02}"
            lines.append((head + _placed(starts, segment.fields)).rstrip())
        return ("\n".join(lines) + "\n").encode()

    def xml(self) -> bytes:
        """IDoc XML without indentation."""
        body = _element(Segment("EDI_DC40", self.control)) + "".join(map(_element, self.segments))
        return f'<?xml version="1.0" encoding="UTF-8"?><ORDERS05><IDOC BEGIN="1">{body}</IDOC></ORDERS05>'.encode()


def draw(count: int) -> list[Idoc]:
    """So many different orders, always the same ones."""
    random = Random(SEED)
    codes = draw_codes()
    return [_idoc(random, codes, n) for n in range(count)]


def _name(definition: Definition, type: str) -> str:
    return definition.by_type[type].definition


def _placed(starts: Mapping[str, int], fields: Mapping[str, str]) -> str:
    line = ""
    for name, text in sorted(fields.items(), key=lambda pair: starts[pair[0]]):
        line = line.ljust(starts[name]) + text
    return line


def _walk(
    segments: tuple[Segment, ...], level: int = 1, above: int = 0, number: list[int] | None = None
) -> Iterator[tuple[Segment, int, int]]:
    count = number if number is not None else [0]
    for one in segments:
        count[0] += 1
        own = count[0]
        yield one, above, level
        yield from _walk(one.below, level + 1, own, count)


def _element(segment: Segment) -> str:
    fields = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in segment.fields.items() if text)
    return f'<{segment.type} SEGMENT="1">{fields}{"".join(map(_element, segment.below))}</{segment.type}>'


def _idoc(random: Random, codes: Codes, n: int) -> Idoc:
    number = 4_500_000_000 + n
    control = {
        "TABNAM": "EDI_DC40", "MANDT": _CLIENT, "DOCNUM": f"{8_100_000 + n:016}", "DOCREL": "756", "STATUS": "30", "DIRECT": "1",
        "OUTMOD": "2", "IDOCTYP": "ORDERS05", "MESTYP": "ORDERS", "STDMES": "ORDERS", "SNDPOR": "SAPE4D", "SNDPRT": "LS",
        "SNDPRN": "E4DCLNT400", "RCVPOR": "HUB", "RCVPRT": "LS", "RCVPRN": "HUB", "CREDAT": "20261120", "CRETIM": f"{80000 + n:06}",
        "SERIAL": f"20261120{80000 + n:06}",
    }  # fmt: skip
    lines = tuple(_line(random, codes, number, place) for place in range(1, LINES + 1))
    return Idoc(
        control, (*_head(random, codes, number), *lines, Segment("E1EDS01", {"SUMID": "002", "SUMME": f"{random.randint(1000, 99999)}.50"}))
    )


def _head(random: Random, codes: Codes, number: int) -> tuple[Segment, ...]:
    """Twenty segments of the order's head."""
    said = tuple(Segment("E1EDKT2", {"TDLINE": _words(random, 8), "TDFORMAT": "*"}) for _ in range(2))
    return (
        Segment("E1EDK01", {"ACTION": "000", "CURCY": "CNY", "WKURS": "1.00000", "ZTERM": "0030", "BSART": "NB", "BELNR": str(number),
                            "NTGEW": "125.400", "BRGEW": "131.250", "GEWEI": "KGM", "RECIPNT_NO": "0000104000"}),
        *(Segment("E1EDK14", {"QUALF": role, "ORGID": name}) for role, name in (("014", "1000"), ("009", "010"), ("013", "NB"))),
        *(Segment("E1EDK03", {"IDDAT": qualifier, "DATUM": day, "UZEIT": "081500"})
          for qualifier, day in (("012", "20261119"), ("002", f"202612{random.randint(1, 28):02}"), ("011", "20261120"))),
        *(_partner(random, codes, role) for role in ("AG", "LF", "WE", "RE")),
        Segment("E1EDK02", {"QUALF": "001", "BELNR": str(number), "DATUM": "20261119", "UZEIT": "081500"}),
        Segment("E1EDK02", {"QUALF": "002", "BELNR": f"{17_000_000 + number % 100_000:010}", "DATUM": "20261120"}),
        Segment("E1EDK17", {"QUALF": "001", "LKOND": "FOB", "LKTEXT": "Free on board"}),
        Segment("E1EDK17", {"QUALF": "002", "LKOND": "FOB", "LKTEXT": _words(random, 3)}),
        Segment("E1EDK18", {"QUALF": "001", "TAGE": "14", "PRZNT": "2.000"}),
        Segment("E1EDK18", {"QUALF": "002", "TAGE": "30"}),
        Segment("E1EDKT1", {"TDID": "F01", "TSSPRAS": "E", "TSSPRAS_ISO": "EN", "TDOBJECT": "EKKO", "TDOBNAME": str(number)}, said),
    )  # fmt: skip


def _partner(random: Random, codes: Codes, role: str) -> Segment:
    return Segment("E1EDKA1", {
        "PARVW": role, "PARTN": random.choice(list(codes.parties)).zfill(10), "NAME1": _words(random, 3).title(),
        "STRAS": f"{random.randint(1, 400)} Harbour Road", "ORT01": "Nanjing", "PSTLZ": "210000", "LAND1": "CN", "TELF1": "025 5550100",
        "SPRAS": "E", "ORT02": "Gulou",
    })  # fmt: skip


def _line(random: Random, codes: Codes, number: int, place: int) -> Segment:
    """A line of eight segments."""
    name = random.choice(list(codes.items))
    code, unit = name.split("|")
    quantity, price = f"{random.randint(1, 400)}.000", f"{random.randint(100, 9999) / 100:.2f}"
    sap_unit = next(given for given, meant in codes.units.items() if meant == unit)
    fields = {
        "POSEX": f"{place * 10:06}", "ACTION": "001", "PSTYP": "0", "MENGE": quantity, "MENEE": sap_unit, "BMNG2": quantity,
        "PMENE": sap_unit, "VPREI": price, "PEINH": random.choice(["1", "100"]), "NETWR": f"{random.randint(100, 99999)}.00",
        "NTGEW": "12.540", "GEWEI": "KGM", "MATKL": "DRINKS", "BPUMN": "1", "BPUMZ": "1", "BRGEW": "13.125", "WERKS": "1100",
        "LPRIO": "02", "LGORT": "0001", "VSTEL": "1100", "MATNR": code.zfill(18),
    }  # fmt: skip
    below = (
        Segment("E1EDP02", {"QUALF": "001", "BELNR": str(number), "ZEILE": f"{place * 10:06}", "DATUM": "20261119"}),
        Segment("E1EDP03", {"IDDAT": "010", "DATUM": "20261119"}),
        Segment("E1EDP05", {"ALCKZ": "+", "KSCHL": "PB00", "KOTXT": "Gross price", "BETRG": price, "KRATE": price, "UPRBS": "1",
                            "MEAUN": sap_unit, "KOEIN": "CNY"}),
        Segment("E1EDP20", {"WMENG": quantity, "AMENG": quantity, "EDATU": f"202612{random.randint(1, 28):02}", "EZEIT": "120000"}),
        Segment("E1EDP19", {"QUALF": "001", "IDTNR": f"B-{random.randint(10000, 99999)}", "KTEXT": _words(random, 3)}),
        Segment("E1EDP19", {"QUALF": "002", "IDTNR": code.zfill(18), "KTEXT": _words(random, 4)}),
        Segment("E1EDP19", {"QUALF": "003", "IDTNR": codes.items[name]}),
    )  # fmt: skip
    return Segment("E1EDP01", fields, below)


def _words(random: Random, count: int) -> str:
    return " ".join(random.choice(_WORDS) for _ in range(count))
