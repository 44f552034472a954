"""What a product or a party document leaves in the master data and in the codebook. Pure.

A product gives, per packaging level, the row (code set, code, unit) -> id of that level, and the ratio of each unit for each
of its ids. Status words are compared in lower case by the rules that read them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from canonical_model.problems import Cause, Hold, Problem, cause_key
from hub.services.master.defaults import DEFAULT_RULES, MasterRules
from hub.services.master.model import Masters, Party, Product
from hub.store.effects import Applicable, CodeChange, Effects, Event


def decide(document: Applicable, state: Masters, rules: MasterRules = DEFAULT_RULES) -> Effects:
    """Apply one product or party. Raises Hold only before anything was changed."""
    return _DECISIONS[document.type](document, state, rules)


def _product(document: Applicable, state: Masters, rules: MasterRules) -> Effects:
    body, code_set = document.body, rules.code_set(document)
    item = _base_item(body, code_set)
    levels = {unit["unit"]: unit for unit in body["units"]}
    levels.setdefault(body["base_unit"], {"unit": body["base_unit"], "numerator": 1, "denominator": 1})
    ids = _ids(item, levels)
    taken = [id for id in ids if state.base_of.get(id, item) != item]
    if taken:
        fact = f"{', '.join(taken)} already belong to {state.base_of[taken[0]]}"
        problem = Problem(Cause.INVALID_VALUE, cause_key("gtin", taken[0]), fact, "correct the GTIN of the product that lost it first")
        raise Hold(problem)
    product = Product(
        item, code_set, body["code"], body["base_unit"], body.get("status", "").lower(), body.get("description", ""),
        {unit: (level["numerator"], level["denominator"]) for unit, level in levels.items()}, tuple(ids), document.id,
    )  # fmt: skip
    state.products[item] = product
    state.base_of.update(dict.fromkeys(ids, item))
    state.changed_products.add(item)
    state.loaded = True
    event = Event("product_changed/1", document.key, {"item": item, "code": body["code"], "status": product.status})
    return Effects([event], codes=[*_item_codes(product, levels), *_packs(product)], note=f"{item}: {len(levels)} units")


def _base_item(body: Mapping[str, Any], code_set: str) -> str:
    """Id of the base level: the item it names; else the GTIN of its base unit; else an id inside its code set."""
    if "item" in body:
        return str(body["item"]["id"])
    gtins = [unit["gtin"] for unit in body["units"] if unit["unit"] == body["base_unit"] and "gtin" in unit]
    return str(gtins[0]) if gtins else f"{code_set}:{body['code']}"


def _ids(item: str, levels: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Every id of any level, the base first, each once."""
    named = [id for level in levels.values() for id in (level.get("gtin"), *level.get("other_gtins", ())) if id]
    return list(dict.fromkeys([item, *named]))


def _item_codes(product: Product, levels: Mapping[str, Mapping[str, Any]]) -> list[CodeChange]:
    rows = [CodeChange("item", product.code_set, product.code, "", product.item, product.base_unit)]
    for unit, level in levels.items():
        id = product.item if unit == product.base_unit else level.get("gtin", product.item)
        rows.append(CodeChange("item", product.code_set, product.code, unit, id, unit))
    return rows


def _packs(product: Product) -> list[CodeChange]:
    return [
        CodeChange("pack", product.code_set, id, unit, product.base_unit, unit, numerator, denominator)
        for id in product.ids
        for unit, (numerator, denominator) in product.ratios.items()
    ]


def _party(document: Applicable, state: Masters, rules: MasterRules) -> Effects:
    body, code_set = document.body, rules.code_set(document)
    id = body.get("party") or rules.party_id(code_set, body["code"])
    parent = body["parent"]["party"] if "parent" in body else ""
    above = _above(state, parent)
    if parent == id or id in above:
        fact = f"{parent} is below {id}, so it cannot be its parent"
        raise Hold(Problem(Cause.INVALID_VALUE, cause_key("parent", id, parent), fact, "correct the party tree", target="/parent"))
    gln, status = body.get("gln", ""), body.get("status", "").lower()
    party = Party(id, code_set, body["code"], body["name"], body["tier"], parent, gln, status, document.id)
    state.parties[id] = party
    state.changed_parties.add(id)
    state.parties_loaded = True
    codes = [CodeChange("party", code_set, party.code, "", id, party.tier)]
    codes += [CodeChange("party", "gln", party.gln, "", id, party.tier)] if party.gln else []
    event = Event("party_changed/1", document.key, {"party": id, "code": party.code, "tier": party.tier, "status": party.status})
    return Effects([event], codes=codes, note=f"{id}: {party.tier}")


def _above(state: Masters, party: str) -> set[str]:
    """All that stand above a party, as far as loaded."""
    found: set[str] = set()
    while party and party not in found:
        found.add(party)
        facts = state.parties.get(party)
        party = facts.parent if facts is not None else ""
    return found


_DECISIONS: dict[str, Callable[[Applicable, Masters, MasterRules], Effects]] = {"product/1": _product, "party/1": _party}
