"""Rules across fields of a body that no schema can say, each once. Run on bodies that have passed their schema.

A rule is a generator of ``(pointer, fact, fix)``; ``RULES`` names the rules of each document type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Complaint = tuple[str, str, str]
"""(JSON pointer into the body, what is, what to do)."""
Rule = Callable[[Mapping[str, Any]], Iterator[Complaint]]


def line_ids_unique(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """Every line has an id of its own: answers name lines by it."""
    lines = body["lines"]
    ids = [line["id"] for line in lines if "id" in line]
    if len(set(ids)) == len(ids):
        return
    counts = Counter(ids)
    for n, line in enumerate(lines):
        if counts[line.get("id")] > 1:
            yield f"/lines/{n}/id", f"line id {line['id']!r} stands on {counts[line['id']]} lines", "give each line an id of its own"


def one_currency(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """Every price is in the document's currency."""
    currency = body.get("currency")
    for n, line in enumerate(body["lines"]):
        price = line.get("price")
        if price is None:
            continue
        if currency is None:
            currency = price["currency"]
        if price["currency"] != currency:
            fact = f"price in {price['currency']}; the document is in {currency}"
            yield f"/lines/{n}/price/currency", fact, "send one currency a document"


def base_quantity_positive(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """A price is for more than nothing."""
    for n, line in enumerate(body["lines"]):
        price = line.get("price")
        if price is not None and not is_positive(price["per"]["value"]):
            fact = f"price for {price['per']['value']} {price['per']['unit']}"
            yield f"/lines/{n}/price/per/value", fact, "send the quantity that the price is for, 1 or more"


def quantities_not_negative(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """Goods are ordered, confirmed and shipped in quantities of 0 or more; a return is another document."""
    for n, line in enumerate(body["lines"]):
        for name in ("quantity", "base_quantity", "ordered"):
            quantity = line.get(name)
            if quantity is not None and quantity["value"][0] == "-" and quantity["value"].strip("-0."):
                yield f"/lines/{n}/{name}/value", f"{name} is {quantity['value']}", "send a quantity of 0 or more"


def requested_not_before_issued(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """Nobody asks for goods on a day before the order. ISO dates compare as texts."""
    issued = body.get("issued_on")
    if issued is None:
        return
    requested = body.get("requested_on")
    if requested is not None and requested < issued:
        yield "/requested_on", f"requested on {requested}, ordered on {issued}", "correct one of the two dates"
    for n, line in enumerate(body["lines"]):
        if line.get("requested_on", issued) < issued:
            yield f"/lines/{n}/requested_on", f"requested on {line['requested_on']}, ordered on {issued}", "correct one of the two dates"


def change_says_something(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """A change changes something, and a line that is added says what and how much."""
    if not body["lines"] and not any(name in body for name in ("requested_on", "ship_to", "note")):
        yield "/lines", "the change names nothing that changes", "send the lines or the head fields that change"
    for n, line in enumerate(body["lines"]):
        missing = [name for name in ("item", "quantity") if name not in line]
        if line["action"] == "add" and missing:
            yield f"/lines/{n}", f"line {line['id']!r} is to be added without {' and '.join(missing)}", "send item and quantity"


def answer_agrees(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """The answer as a whole agrees with its lines; what is not accepted as ordered has a reason."""
    states = {line["status"] for line in body["lines"]}
    if body["status"] == "accepted" and states - {"accepted"}:
        yield "/status", f"accepted, with lines that are {', '.join(sorted(states - {'accepted'}))}", "answer changed"
    if body["status"] == "rejected" and states - {"rejected"}:
        yield "/status", f"rejected, with lines that are {', '.join(sorted(states - {'rejected'}))}", "answer changed"
    for n, line in enumerate(body["lines"]):
        if line["status"] == "rejected" and is_positive(line["quantity"]["value"]):
            yield (
                f"/lines/{n}/quantity/value",
                f"{line['quantity']['value']} confirmed on a rejected line",
                "confirm 0 or change the status",
            )


def units_known(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """A line stands on logistic units that the advice lists, where it lists any; each unit once, its parent too."""
    units = body.get("units")
    if not units:
        return
    known = [unit["sscc"] for unit in units]
    for n, unit in enumerate(units):
        if known.count(unit["sscc"]) > 1:
            yield f"/units/{n}/sscc", f"SSCC {unit['sscc']} is listed more than once", "list each unit once"
        if unit.get("parent", unit["sscc"]) not in known:
            yield f"/units/{n}/parent", f"SSCC {unit['parent']} is not among the units", "list the unit that it stands on"
    for n, line in enumerate(body["lines"]):
        for sscc in set(line.get("units", ())) - set(known):
            yield f"/lines/{n}/units", f"SSCC {sscc} is not among the units", "list the unit that the line is in"


def report_has_a_day(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """A report says as of when: its day is part of the business key."""
    if "reported_on" not in body and "reported_at" not in body:
        yield "", "neither reported_on nor reported_at", "send the day or the instant that the stock was taken"


def base_unit_listed(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """Each packaging level once; the base unit, where listed, is 1 to 1; ratios are whole numbers, never 24.0."""
    counts = Counter(unit["unit"] for unit in body["units"])
    for n, unit in enumerate(body["units"]):
        if counts[unit["unit"]] > 1:
            yield f"/units/{n}/unit", f"unit {unit['unit']} is listed {counts[unit['unit']]} times", "list each unit once"
        if unit["unit"] == body["base_unit"] and unit["numerator"] != unit["denominator"]:
            yield f"/units/{n}", f"base unit at {unit['numerator']}:{unit['denominator']}", "the base unit is 1:1"
        for name in ("numerator", "denominator"):
            if type(unit[name]) is not int:
                yield f"/units/{n}/{name}", f"{unit[name]!r} is not written as a whole number", "write it without decimals"
    if body["base_unit"] not in counts:
        yield "/units", f"base unit {body['base_unit']} is not among the units", "list the base unit with 1:1"


def gtins_once(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """A GTIN names one packaging level of a product."""
    seen: dict[str, str] = {}
    for n, unit in enumerate(body["units"]):
        for gtin in {*(unit.get("other_gtins", ())), *([unit["gtin"]] if "gtin" in unit else ())}:
            if gtin in seen:
                yield f"/units/{n}/gtin", f"GTIN {gtin} names unit {seen[gtin]} and unit {unit['unit']}", "give each level its own GTIN"
            seen[gtin] = unit["unit"]


def items_agree(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """An item whose id is a GTIN has no other GTIN beside it."""
    for n, line in enumerate(body["lines"]):
        item = line.get("item")
        if item is not None and item["id"].isdigit() and item.get("gtin", item["id"]) != item["id"]:
            yield f"/lines/{n}/item/gtin", f"gtin {item['gtin']} beside id {item['id']}", "one of them is of another packaging level"


def party_not_above_itself(body: Mapping[str, Any]) -> Iterator[Complaint]:
    """A party is not its own parent."""
    if "parent" in body and body["parent"]["party"] == body.get("party"):
        yield "/parent/party", f"party {body['party']!r} is its own parent", "name the party above it, or leave the parent out"


def is_positive(text: str) -> bool:
    """Whether a canonical decimal text is above zero."""
    return text[0] != "-" and text.strip("0.") != ""


RULES: Mapping[str, tuple[Rule, ...]] = {
    "order/1": (line_ids_unique, items_agree, quantities_not_negative, one_currency, base_quantity_positive, requested_not_before_issued),
    "order_change/1": (line_ids_unique, items_agree, quantities_not_negative, one_currency, base_quantity_positive, change_says_something),
    "order_response/1": (line_ids_unique, items_agree, quantities_not_negative, one_currency, answer_agrees),
    "shipping_order/1": (line_ids_unique, items_agree, quantities_not_negative),
    "despatch_advice/1": (line_ids_unique, items_agree, quantities_not_negative, units_known),
    "inventory_report/1": (line_ids_unique, items_agree, report_has_a_day),
    "product/1": (base_unit_listed, gtins_once),
    "party/1": (party_not_above_itself,),
}
"""Type name -> its rules."""


_OF_LINES = frozenset(
    {line_ids_unique, items_agree, quantities_not_negative, one_currency, base_quantity_positive, requested_not_before_issued}
)
_OTHERS = {name: tuple(rule for rule in rules if rule not in _OF_LINES) for name, rules in RULES.items()}


def check(type_name: str, body: Mapping[str, Any]) -> list[Complaint]:
    """Every complaint of a type's rules about a body that has passed its schema."""
    rules = RULES.get(type_name, ())
    if "lines" in body and lines_are_clean(body):
        rules = _OTHERS.get(type_name, ())
    return [complaint for rule in rules for complaint in rule(body)]


def lines_are_clean(body: Mapping[str, Any]) -> bool:
    """One look at each line. True: no rule of lines has a complaint. False: one may have, they are all asked."""
    lines, currency, issued = body["lines"], body.get("currency"), body.get("issued_on", "")
    if body.get("requested_on", issued) < issued:
        return False
    ids = set()
    for line in lines:
        get = line.get
        ids.add(get("id"))
        item, price = get("item"), get("price")
        if item is not None and item.get("gtin", item["id"]) != item["id"] and item["id"].isdigit():
            return False
        for quantity in (get("quantity"), get("base_quantity"), get("ordered")):
            if quantity is not None and quantity["value"][0] == "-":
                return False
        # Canonical numbers have no leading zeros: one that begins with 1 to 9 is above zero.
        if price is not None and (price["currency"] != currency or not "1" <= price["per"]["value"][0] <= "9"):
            return False
        if issued and get("requested_on", issued) < issued:
            return False
    return len(ids) == len(lines)
