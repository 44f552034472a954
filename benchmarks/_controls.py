"""What the hub is measured against: the usual ways to do the same work, written as well as the usual way allows.

All read every field into a tree of dictionaries, then map: by a hand-written function with a pydantic model behind it, or by
a JSONata expression with jsonschema behind it. Codes are looked up in plain dictionaries, which have neither dates nor
revisions; check digits, rules across fields and identities, which the hub checks and takes as well, are not asked of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

import jsonata
import jsonschema
from lxml import etree
from pydantic import BaseModel, ConfigDict, StringConstraints

from adapters.idoc.definition import CONTROL, CONTROL_FIELDS, HEAD_WIDTH
from benchmarks._orders import CODE_SET, Codes
from canonical_model.schemas import schema
from hub.plugins import shipped_definitions

Tree = dict[str, Any]
"""A segment: field -> text, segment type below -> list of trees."""

# --- reading: every field of every segment ------------------------------------------------------------


def flat_reader() -> Callable[[bytes], Tree]:
    """A reader of flat ORDERS05: field tables made once, parents by the definition."""
    definition = shipped_definitions()["ORDERS05"]
    control = [(one.name, one.start, one.start + one.length) for one in CONTROL_FIELDS]
    tables = {}
    for one in definition.segments:
        cuts = [(item.name, item.start + HEAD_WIDTH, item.start + item.length + HEAD_WIDTH) for item in one.fields]
        parent = "" if one.parent < 0 else definition.segments[one.parent].type
        tables[one.definition.ljust(30)] = (one.type, parent, cuts)

    def read(raw: bytes) -> Tree:
        lines = raw.decode("utf-8").splitlines()
        root: Tree = {CONTROL: [_fields(lines[0], control)]}
        last = {"": root}
        for line in lines[1:]:
            type, parent, cuts = tables[line[:30]]
            fields = _fields(line, cuts)
            last[type] = fields
            last[parent].setdefault(type, []).append(fields)
        return root

    return read


def _fields(line: str, cuts: list[tuple[str, int, int]]) -> Tree:
    """The filled fields of a record; nothing stands behind its end."""
    found: Tree = {}
    width = len(line)
    for name, start, end in cuts:
        if start >= width:
            break
        if text := line[start:end].rstrip():
            found[name] = text
    return found


def read_xml(raw: bytes) -> Tree:
    """A reader of IDoc XML with lxml: one IDoc, every field."""
    return _tree(etree.fromstring(raw)[0])


def _tree(element: etree._Element) -> Tree:
    found: Tree = {}
    for kid in element:
        if len(kid):
            found.setdefault(kid.tag, []).append(_tree(kid))
        elif kid.text:
            found[kid.tag] = kid.text
    return found


# --- by hand -----------------------------------------------------------------------------------------


def closure(codes: Codes) -> Callable[[Tree], dict[str, Any]]:
    """The mapping as one writes it by hand, over the tree, with its code tables at hand."""
    units, parties, items, packs = codes.units, codes.parties, codes.items, codes.packs

    def party(head: Tree, role: str) -> dict[str, Any] | None:
        found = next((one for one in head["E1EDKA1"] if one["PARVW"] == role), None)
        if found is None:
            return None
        code = found["PARTN"].lstrip("0")
        made = {"party": parties[code], "given": [{"scheme": f"{CODE_SET}:party", "code": code}]}
        if name := found.get("NAME1"):
            made["name"] = name
        return made

    def line(one: Tree, currency: str) -> dict[str, Any]:
        unit = units[one["MENEE"]]
        named = {item["QUALF"]: item for item in one["E1EDP19"]}
        code, quantity = named["002"]["IDTNR"].lstrip("0"), one["MENGE"]
        gtin = items[f"{code}|{unit}"]
        given = [{"scheme": f"{CODE_SET}:item", "code": code}]
        given += [
            {"scheme": scheme, "code": named[qualifier]["IDTNR"]}
            for scheme, qualifier in (("gtin", "003"), ("buyer", "001"))
            if qualifier in named
        ]
        return {
            "id": one["POSEX"],
            "item": {"id": gtin, "gtin": gtin, "level": unit, "given": given},
            "description": named["002"].get("KTEXT"),
            "quantity": {"value": quantity, "unit": unit},
            "base_quantity": {"value": str(Decimal(quantity) * packs[f"{gtin}|{unit}"]), "unit": "EA"},
            "price": {"amount": one["VPREI"], "currency": currency, "per": {"value": one.get("PEINH", "1"), "unit": unit}},
            "requested_on": iso(one["E1EDP20"][0].get("EDATU")),
        }

    def order(tree: Tree) -> dict[str, Any]:
        numbers = {one["QUALF"]: one for one in tree["E1EDK02"]}
        days = {one["IDDAT"]: one["DATUM"] for one in tree["E1EDK03"]}
        currency = tree["E1EDK01"][0]["CURCY"]
        return {
            "number": numbers["001"]["BELNR"],
            "seller_number": numbers["002"]["BELNR"] if "002" in numbers else None,
            "issued_on": iso(days.get("012") or numbers["001"].get("DATUM")),
            "requested_on": iso(days.get("002")),
            "currency": currency,
            "buyer": party(tree, "AG"), "seller": party(tree, "LF"), "ship_to": party(tree, "WE"), "bill_to": party(tree, "RE"),
            "lines": [line(one, currency) for one in tree["E1EDP01"]],
            "note": " ".join(said["TDLINE"] for text in tree.get("E1EDKT1", ()) for said in text.get("E1EDKT2", ())) or None,
        }  # fmt: skip

    return order


def iso(text: str | None) -> str | None:
    """``20261125`` as ``2026-11-25``."""
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if text else None


_Word = Annotated[str, StringConstraints(min_length=1, max_length=80)]
_Unit = Annotated[str, StringConstraints(pattern="^[A-Z0-9]{2,3}$")]
_Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
_Gtin = Annotated[str, StringConstraints(pattern="^[0-9]{14}$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Given(_Model):
    scheme: _Word
    code: _Word


class _Item(_Model):
    id: _Word
    gtin: _Gtin | None = None
    level: Literal["EA", "CS"] | None = None
    given: list[_Given] = []


class _Party(_Model):
    party: _Word
    name: str | None = None
    given: list[_Given] = []


class _Quantity(_Model):
    value: Decimal
    unit: _Unit


class _Price(_Model):
    amount: Decimal
    currency: _Currency
    per: _Quantity


class _Line(_Model):
    id: _Word
    item: _Item
    description: str | None = None
    quantity: _Quantity
    base_quantity: _Quantity | None = None
    price: _Price | None = None
    requested_on: date | None = None


class Order(_Model):
    """The order as pydantic models are usually written: decimals and dates typed, texts bounded."""

    number: _Word
    seller_number: _Word | None = None
    issued_on: date | None = None
    requested_on: date | None = None
    currency: _Currency
    buyer: _Party
    seller: _Party | None = None
    ship_to: _Party | None = None
    bill_to: _Party | None = None
    lines: list[_Line]
    note: str | None = None


def by_hand(read: Callable[[bytes], Tree], codes: Codes) -> Callable[[bytes], bytes]:
    """Tree of all fields -> closure -> pydantic -> JSON."""
    order = closure(codes)
    return lambda raw: Order.model_validate(order(read(raw))).model_dump_json(exclude_none=True).encode()


# --- by JSONata --------------------------------------------------------------------------------------

EXPRESSION = """(
  $iso := function($day) { $day ? $substring($day, 0, 4) & '-' & $substring($day, 4, 2) & '-' & $substring($day, 6, 2) };
  $party := function($one) { $one ? (
    $code := $replace($one.PARTN, /^0+/, '');
    {'party': $lookup($parties, $code), 'name': $one.NAME1, 'given': [{'scheme': $scheme & ':party', 'code': $code}]}
  ) };
  $currency := E1EDK01[0].CURCY;
  {
    'number': E1EDK02[QUALF='001'].BELNR,
    'seller_number': E1EDK02[QUALF='002'].BELNR,
    'issued_on': $iso(E1EDK03[IDDAT='012'].DATUM),
    'requested_on': $iso(E1EDK03[IDDAT='002'].DATUM),
    'currency': $currency,
    'buyer': $party(E1EDKA1[PARVW='AG']), 'seller': $party(E1EDKA1[PARVW='LF']),
    'ship_to': $party(E1EDKA1[PARVW='WE']), 'bill_to': $party(E1EDKA1[PARVW='RE']),
    'lines': [E1EDP01.(
      $unit := $lookup($units, MENEE);
      $code := $replace(E1EDP19[QUALF='002'].IDTNR, /^0+/, '');
      $gtin := $lookup($items, $code & '|' & $unit);
      {
        'id': POSEX,
        'item': {'id': $gtin, 'gtin': $gtin, 'level': $unit, 'given': [
          {'scheme': $scheme & ':item', 'code': $code},
          {'scheme': 'gtin', 'code': E1EDP19[QUALF='003'].IDTNR},
          {'scheme': 'buyer', 'code': E1EDP19[QUALF='001'].IDTNR}
        ]},
        'description': E1EDP19[QUALF='002'].KTEXT,
        'quantity': {'value': MENGE, 'unit': $unit},
        'base_quantity': {'value': $times(MENGE, $lookup($packs, $gtin & '|' & $unit)), 'unit': 'EA'},
        'price': {'amount': VPREI, 'currency': $currency, 'per': {'value': PEINH, 'unit': $unit}},
        'requested_on': $iso(E1EDP20[0].EDATU)
      }
    )],
    'note': $join(E1EDKT1.E1EDKT2.TDLINE, ' ')
  }
)"""


def by_jsonata(read: Callable[[bytes], Tree], codes: Codes) -> Callable[[bytes], bytes]:
    """Tree of all fields -> JSONata -> jsonschema over the published schema -> JSON. Expression and schema are compiled once."""
    expression = jsonata.Jsonata(EXPRESSION)
    expression.register_lambda("times", lambda value, by: str(Decimal(value) * int(by)))
    tables: Mapping[str, Any] = {
        "units": codes.units,
        "parties": codes.parties,
        "items": codes.items,
        "packs": codes.packs,
        "scheme": CODE_SET,
    }
    for name, value in tables.items():
        expression.assign(name, value)
    validator = jsonschema.Draft202012Validator(schema("order/1"))

    def run(raw: bytes) -> bytes:
        body = expression.evaluate(read(raw))
        validator.validate(body)
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()

    return run
