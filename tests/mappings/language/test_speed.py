"""Translation with tracing takes at most four times what it takes without, both from the bytes of a ten-line order to canonical JSON.

Each message has code tables of its own, so the row engine remembers no code.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from canonical_model import canonical_json, validate
from mappings.language import bind, parse
from mappings.language.api import Result
from tests.mappings.language.run import HEAD
from tests.mappings.language.tables import CONTEXT, Tables
from tests.mappings.language.test_formats import formats

TEXT = (
    HEAD.replace("format: toy, type: toy", "format: idoc, type: ORDERS05")
    + """map:
  number: E1EDK02[QUALF=001].BELNR
  currency: E1EDK01.CURCY
  buyer: {$with: 'E1EDKA1[PARVW=AG]', party: PARTN | strip0 | code(party), name: NAME1 ?, given: PARTN | strip0 | given(party)}
  lines:
    $each: E1EDP01
    $let: {unit: MENEE | code(unit), item: "E1EDP19[QUALF=002].IDTNR | strip0 | item(unit=MENEE, gtin=E1EDP19[QUALF=003].IDTNR ?)"}
    id: POSEX
    item: $item
    description: E1EDP19[QUALF=002].KTEXT ?
    quantity: MENGE | quantity($unit)
    base_quantity: MENGE | base_quantity(item=$item, unit=$unit)
    price: VPREI | price(per=PEINH ?, currency=E1EDK01.CURCY, unit=$unit) ?
    requested_on: E1EDP20.EDATU | date ?
"""
)


def best(work: Callable[[], object], times: int) -> float:
    """CPU seconds of one run, the best of several."""
    rounds = []
    for _ in range(5):
        start = time.process_time()
        for _ in range(times):
            work()
        rounds.append((time.process_time() - start) / times)
    return min(rounds)


def test_tracing_costs_at_most_four_times_the_row() -> None:
    idoc = formats()["idoc"]
    lines = [{"POSEX": f"{10 * place}", "MENGE": "5.000", "MENEE": "PCE", "VPREI": "9.90", "PEINH": "1", "E1EDP20": [{"EDATU": "20261201"}],
            "E1EDP19": [{"QUALF": "002", "IDTNR": "0004711", "KTEXT": "cola"}]} for place in range(1, 11)]  # fmt: skip
    tree = {"E1EDK01": {"CURCY": "CNY"}, "E1EDKA1": [{"PARVW": "AG", "PARTN": "0000001000", "NAME1": "Shop"}],
            "E1EDK02": [{"QUALF": "001", "BELNR": "PO"}], "E1EDP01": lines}  # fmt: skip
    assigned = {"DOCNUM": "7", "CREDAT": "20261125", "CRETIM": "083000", "SNDPRN": "A", "RCVPRN": "B", "SNDPRT": "LS", "RCVPRT": "LS"}
    raw = idoc.write([tree], type="ORDERS05/ORDERS", assigned=assigned, form="flat").payload
    first = next(idoc.read(raw))
    bound = bind(parse(TEXT, "speed.yaml"), first.layout)
    result = bound.row(first, Tables(), CONTEXT)
    assert result.problems == ()
    assert result == bound.trace(first, Tables(), CONTEXT).result

    def written(result: Result) -> bytes:
        assert result.body is not None
        assert validate("order/1", result.body) == []
        return canonical_json(result.body, "order/1")

    rounds = [
        (
            best(lambda: written(bound.row(next(idoc.read(raw)), Tables(), CONTEXT)), 30),
            best(lambda: written(bound.trace(next(idoc.read(raw)), Tables(), CONTEXT).result), 20),
        )
        for _ in range(3)
    ]
    row, traced = min(one for one, _ in rounds), min(one for _, one in rounds)
    print(f"row {row * 1e6:.0f} us, traced {traced * 1e6:.0f} us, from {len(raw)} bytes")
    assert traced <= 4 * row
