"""Bodies for tests: one realistic example of each type, and hypothesis strategies for valid and damaged ones."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from canonical_model.codes.countries import COUNTRIES
from canonical_model.codes.currencies import CURRENCIES
from canonical_model.codes.units import UNITS
from canonical_model.identifiers import mod10

TEA = {"id": "04006381333931", "gtin": "04006381333931", "given": [{"scheme": "sap-hq:item", "code": "4711"}]}
CANDY = {"id": "agent-gd:A 17", "given": [{"scheme": "agent-gd:item", "code": "A 17"}]}
AGENT = {"party": "agent-gd", "name": "广东一级代理", "gln": "4012345000009", "given": [{"scheme": "sap-hq:party", "code": "0000100"}]}
HQ = {"party": "hq"}


def quantity(value: str, unit: str = "EA") -> dict[str, str]:
    return {"value": value, "unit": unit}


def price(amount: str, currency: str = "CNY") -> dict[str, Any]:
    return {"amount": amount, "currency": currency, "per": quantity("1", "CS")}


def order(lines: int = 2) -> dict[str, Any]:
    def line(n: int) -> dict[str, Any]:
        both = {"quantity": quantity("12.000", "CS"), "base_quantity": quantity("288"), "price": price("99.80")}
        return {"id": f"{n * 10:06d}", "item": copy.deepcopy(TEA), **both}

    return {
        "number": "4500000001",
        "issued_on": "2026-11-20",
        "requested_on": "2026-11-25",
        "currency": "CNY",
        "buyer": copy.deepcopy(AGENT),
        "seller": copy.deepcopy(HQ),
        "lines": [line(n) for n in range(1, lines + 1)],
    }


EXAMPLES: Mapping[str, dict[str, Any]] = {
    "order/1": order(),
    "order_change/1": {
        "number": "4500000001",
        "buyer": AGENT,
        "lines": [
            {"id": "10", "action": "change", "quantity": quantity("6", "CS")},
            {"id": "20", "action": "delete"},
            {"id": "30", "action": "add", "item": CANDY, "quantity": quantity("1")},
        ],
    },
    "order_cancel/1": {"number": "4500000001", "buyer": AGENT, "reason": "下错单"},
    "order_response/1": {
        "number": "4500000001",
        "order_type": "order",
        "status": "changed",
        "issued_on": "2026-11-21",
        "buyer": AGENT,
        "lines": [
            {"id": "10", "status": "accepted", "item": TEA, "quantity": quantity("12", "CS"), "ordered": quantity("12", "CS")},
            {
                "id": "20",
                "status": "rejected",
                "item": CANDY,
                "quantity": quantity("0"),
                "ordered": quantity("5"),
                "reasons": [{"code": "out_of_stock", "text": "nothing is available"}],
            },
        ],
        "reasons": [],
    },
    "shipping_order/1": {
        "number": "agent-gd/4500000001",
        "order_number": "4500000001",
        "buyer": AGENT,
        "ship_to": AGENT,
        "warehouse": {"party": "wh-1"},
        "lines": [{"id": "10", "item": TEA, "quantity": quantity("12", "CS"), "base_quantity": quantity("288")}],
    },
    "despatch_advice/1": {
        "number": "80001234",
        "despatched_on": "2026-11-22",
        "order_number": "4500000001",
        "lines": [
            {
                "id": "1",
                "order_line": "10",
                "item": TEA,
                "quantity": quantity("12", "CS"),
                "lot": "L2611",
                "expires_on": "2027-11-01",
                "units": ["340123450000000000"],
            }
        ],
        "units": [{"sscc": "340123450000000000", "gross_weight": quantity("120.5", "KGM")}],
    },
    "inventory_report/1": {
        "location": {"party": "store-77"},
        "reported_on": "2026-11-24",
        "lines": [
            {"item": TEA, "quantity": quantity("-3"), "state": "available"},
            {"item": TEA, "quantity": quantity("2"), "state": "damaged", "lot": "L1"},
        ],
    },
    "product/1": {
        "code": "4711",
        "item": TEA,
        "description": "Tea 250 g",
        "base_unit": "EA",
        "units": [
            {"unit": "EA", "numerator": 1, "denominator": 1, "gtin": "04006381333931"},
            {"unit": "CS", "numerator": 24, "denominator": 1, "gtin": "14006381333938"},
        ],
    },
    "party/1": {"code": "100", "name": "广东一级代理", "tier": "agent", "parent": HQ, "address": {"city": "广州", "country": "CN"}},
    "acknowledgement/1": {
        "of": {"format": "x12", "type": "856", "group": "17", "control": "0001"},
        "status": "rejected",
        "errors": [{"code": "I5", "text": "implementation segment not used", "segment": "N1", "position": "4"}],
    },
}
"""Type name -> a body that is valid and says something."""


def _checked(digits: int) -> st.SearchStrategy[str]:
    bodies = st.text("123456789", min_size=digits - 1, max_size=digits - 1)
    return bodies.map(lambda text: text + mod10.digit(text))


_quantities = st.decimals("-9000000000000", "9000000000000", places=3) | st.decimals(0, 1000, places=0)
_day = st.dates(min_value=date(1000, 1, 1)).map(lambda day: day.isoformat())
_gtins = _checked(13).map(lambda text: f"1{text[:-1]}").map(lambda text: text + mod10.digit(text)) | st.just("04006381333931")

FORMATS: Mapping[str, st.SearchStrategy[str]] = {
    "quantity": _quantities.map(lambda value: format(value, "f")) | st.just("0.000001"),
    "amount": st.decimals(0, Decimal(10) ** 15, places=2).map(lambda value: format(value, "f")),
    "date": _day,
    "instant": _day.map(lambda day: f"{day}T23:59:59Z") | _day.map(lambda day: f"{day}T00:00:00.123456Z"),
    "gtin": _gtins,
    "gln": _checked(13),
    "sscc": _checked(18),
    "item_id": st.just("04006381333931") | st.just("agent-gd:A 17") | st.just("店:货:1"),
    "unit": st.sampled_from(sorted(UNITS)),
    "currency": st.sampled_from(sorted(CURRENCIES)),
    "country": st.sampled_from(sorted(COUNTRIES)),
}
_words = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zs")), min_size=1, max_size=20) | st.sampled_from(
    ["4711", "A 1", "é"]
)


def of_schema(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a published schema accepts, drawn from its own words."""
    if "$ref" in node:
        return of_schema(definitions[node["$ref"].rpartition("/")[2]], definitions)
    if "enum" in node or "const" in node:
        return st.sampled_from(node.get("enum", [node.get("const")]))
    match node["type"]:
        case "object":
            fields = {name: of_schema(child, definitions) for name, child in node["properties"].items()}
            needed = set(node.get("required", ()))
            optional = {name: field for name, field in fields.items() if name not in needed}
            return st.fixed_dictionaries({name: fields[name] for name in fields if name in needed}, optional=optional)
        case "array":
            return st.lists(of_schema(node["items"], definitions), min_size=node.get("minItems", 0), max_size=2)
        case "integer":
            return st.integers(node["minimum"], node["maximum"])
        case _:
            return FORMATS.get(node.get("format", ""), _words)


DAMAGE: tuple[Any, ...] = (
    None, "", " ", " x", "x ", "x\n", "\n", "a\x00b", "a\tb", "a\x7f", "x" * 81, "x" * 4001, 1, 0, -1, 1.5, True, False, [], {}, [None],
    {"x": 1}, "1e3", "+1", "01", "1.", ".5", "1,5", "-0", "1.0000000", "9199999999999.999999", "9200000000000", "9223372036854.775807",
    "99999999999999.99", "１２", "٣", "NaN", "Infinity", "0.000001", "0.0000001", "2026-02-29", "2024-02-29", "20260101", "0999-01-01",
    "2026-W01-1", "2026-1-1", "2026-11-25T08:30:00Z", "2026-11-25T08:30:00+00:00", "2026-11-25T08:30:60Z", "2026-11-25T24:00:00Z",
    "2026-11-25T08:30:00.1Z", "2026-11-25T08:30:00.123456Z", "2026-11-25\n", "04006381333931", "04006381333932", "4006381333931",
    "04006381333931\n", "02012345678903", "00000020000004", "x:", ":x", "x:y", "x: y", "x:y ", "a b:c", "EA", "ea", "XXXX", "PCE",
    "CNY", "cny", "XXX", "CN", "ZZ", "4012345000009", "340123450000000000", "00000000000000", "available", "accepted", "\u00a0x",
    "\u3000x", "\u2028", "\U0001f375",
)  # fmt: skip
"""Values that are wrong somewhere, and right in some other place."""


def _spots(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(node, dict):
        return [path, *(spot for name, value in node.items() for spot in _spots(value, (*path, name)))]
    if isinstance(node, list):
        return [path, *(spot for n, value in enumerate(node) for spot in _spots(value, (*path, n)))]
    return [path]


@st.composite
def damaged(draw: st.DrawFn, bodies: st.SearchStrategy[Any], values: tuple[Any, ...] = DAMAGE) -> Any:
    """A body with one thing replaced, taken out or put in at any place."""
    body = copy.deepcopy(draw(bodies))
    path = draw(st.sampled_from(_spots(body)[1:] or [()]))
    if not path:
        return draw(st.sampled_from(values))
    holder = body
    for step in path[:-1]:
        holder = holder[step]
    match draw(st.sampled_from(["replace", "replace", "replace", "delete", "extra"])):
        case "replace":
            holder[path[-1]] = draw(st.sampled_from(values))
        case "delete":
            del holder[path[-1]]
        case _ if isinstance(holder, dict):
            holder["surplus"] = draw(st.sampled_from(values))
        case _:
            holder.append(draw(st.sampled_from(values)))
    return body
