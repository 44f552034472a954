"""Random mappings and random messages of the toy format, for holding the two engines against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final

from mappings.language.registry import FUNCTIONS, NUMBERS, Function, Parameter, Type
from tests.mappings.language.toy import SEGMENTS, ToyDocument, message

VALUES: Final[Mapping[str, Sequence[str]]] = {
    "DOCNUM": ["0000000000000001", "7"], "SERIAL": ["20261125"], "CUR": ["CNY", "EUR", "RMB"], "BSART": ["NB", "ZX"],
    "QTY": ["12.50", "5.000-", "1.234,5", "007", "x"], "WHEN": ["20261125", "00000000", "20260231", "2026-11-25", "251126"],
    "QUALF": ["001", "002", "003"], "BELNR": ["PO-17", "4500000001", "A-B-C"], "PARVW": ["AG", "WE", "LF"],
    "PARTN": ["1000", "0000001000", "9999"], "NAME": ["Li & Co", "  ", "北京分公司"], "POSEX": ["000010", "000020"],
    "MENGE": ["5.000", "2", "3.50-", "5,5", " 4 "], "MENEE": ["PCE", "CT", "TWO", "ZZ"], "PRICE": ["9.90", "0", "12.345-"],
    "PER": ["1", "100", "0"], "IDTNR": ["4711", "88", "4006381333931", "004711"], "KTEXT": ["cola", "a: b # c"],
    "EDATU": ["20261201", "00000000", "notadate"], "WMENG": ["1", "2.5"],
}  # fmt: skip

STATIC: Final[Mapping[tuple[str, str], Sequence[str]]] = {
    ("pad", "length"): ["3", "12"], ("pad", "with"): ["'0'", "' '"], ("pad", "side"): ["left", "right"],
    ("cut", "length"): ["2", "10"], ("cut", "start"): ["1", "3"], ("replace", "old"): ["'0'", "'-'"], ("replace", "new"): ["''", "'/'"],
    ("part", "separator"): ["'-'"], ("part", "number"): ["1", "2"], ("decimal", "mark"): ["'.'", "','"],
    ("decimal", "thousands"): ["' '"], ("decimal", "implied"): ["0", "2"], ("ratio", "scale"): ["2"],
    ("ratio", "rounding"): ["half_up", "down"], ("fixed", "scale"): ["3"], ("fixed", "rounding"): ["half_even"],
    ("fixed", "minus"): ["trailing", "leading"], ("join", "separator"): ["', '"],
    ("date", "format"): ["YYYYMMDD", "'DDMMYY'", "'YYYY-MM-DD'"],
    ("instant", "format"): ["YYYYMMDD", "iso"], ("instant", "zone"): ["'Europe/Berlin'"], ("instant", "fold"): ["later"],
    ("day", "zone"): ["'Asia/Shanghai'"], ("date_out", "format"): ["'DD.MM.YYYY'"], ("instant_out", "format"): ["YYYYMMDDhhmmss"],
    ("instant_out", "zone"): ["'Asia/Shanghai'"], ("code", "table"): ["unit", "party", "currency"],
    ("code", "else"): ["keep", "'EA'", "hold"],
    ("code_out", "table"): ["unit", "party"], ("code_out", "else"): ["keep", "'PCE'"], ("choose", "else"): ["keep", "'other'"],
    ("given", "scheme"): ["item", "buyer"],
}  # fmt: skip

QUALIFIED: Final[Sequence[tuple[str, Mapping[str, str]]]] = [
    ("CTL", {}), ("HEAD", {}), ("REF", {"QUALF": "001"}), ("REF", {"QUALF": "002"}),
    ("PART", {"PARVW": "AG"}), ("PART", {"PARVW": "WE"}), ("PART", {"PARVW": "LF"}),
]  # fmt: skip

GOOD: Final[Mapping[str, Sequence[str]]] = {
    "gtin": ["'4006381333931'", "IDTN[QUALF=002].IDTNR"], "gln": ["'0614141000012'"], "sscc": ["'106141411234567897'"],
    "code_out": ["'EA'", "'GD-01'"], "item": ["'4711'", "'88'"], "party": ["'1000'"], "date_out": ["'2026-11-25'"],
    "instant_out": ["$received"], "instant": ["'20261125'"], "fixed": ["'2.50'"], "int": ["'007'", "'010'"],
}  # fmt: skip
"""Heads that make the rarer functions succeed now and then."""


class Generator:
    """One random mapping after another; what it writes is always a mapping that loads."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.lets = 0

    def mapping(self) -> str:
        lines = ["mapping: toy/random", "source: {format: toy, type: toy}", "target: order/1", "examples: [{given: a, gives: b}]"]
        if self.rng.random() < 0.3:
            lines += ["revision: " + quoted(self.pure(""))]
        return "\n".join([*lines, "map:", *self.block("", 1, [])]) + "\n"

    def pure(self, segment: str) -> str:
        return self.path(segment) + self.rng.choice([" ?", " | strip0 ?", ""])

    def block(self, segment: str, depth: int, lets: Sequence[str]) -> list[str]:
        pad, lines = "  " * depth, []
        if self.rng.random() < 0.25:
            self.lets += 1
            name = f"v{self.lets}"
            lines += [f"{pad}$let:", f"{pad}  {name}: {quoted(self.path(segment) + self.rng.choice(['', ' ?', ' ?', ' | strip0 ?']))}"]
            lets = [*lets, name]
        for number in range(self.rng.randint(1, 4)):
            lines += self.target(f"t{number}", segment, depth, lets)
        return lines

    def target(self, name: str, segment: str, depth: int, lets: Sequence[str]) -> list[str]:
        pad, roll = "  " * depth, self.rng.random()
        if depth < 4 and roll < 0.35:
            return [f"{pad}{name}:", *self.moved(segment, depth + 1, lets)]
        if depth < 4 and roll < 0.42:
            inner = self.moved(segment, depth + 2, lets)
            first = inner[0].replace("  " * (depth + 2), "  " * (depth + 1) + "- ", 1)
            return [f"{pad}{name}:", first, *inner[1:], f"{pad}  - {quoted(self.expression(segment, lets))}"]
        return [f"{pad}{name}: {quoted(self.expression(segment, lets))}"]

    def moved(self, segment: str, depth: int, lets: Sequence[str]) -> list[str]:
        pad, lines, inner = "  " * depth, [], segment
        below = [name for name, (above, _) in SEGMENTS.items() if above == (segment or None)] or ["PART", "REF"]
        if self.rng.random() < 0.85:
            inner = self.rng.choice([*below, "ITEM"] if segment == "" else below)
            word = self.rng.choice(["$each", "$each", "$with"])
            lines.append(f"{pad}{word}: {quoted(inner + self.test(inner, lets) + self.rng.choice(['', ' ?', ' ?', ' ?']))}")
        if self.rng.random() < 0.25 and inner:
            lines.append(f"{pad}$when: {quoted(self.condition(inner, lets))}")
        return [*lines, *self.block(inner, depth, lets)] if lines else self.block(inner, depth, lets)

    def expression(self, segment: str, lets: Sequence[str], depth: int = 0) -> str:
        if self.rng.random() < 0.2:
            name = self.rng.choice(sorted(GOOD))
            text = self.call(f"{self.rng.choice(GOOD[name]) if segment == 'ITEM' else GOOD[name][0]}", FUNCTIONS[name], segment, lets)
        else:
            text, type, many = self.head(segment, lets), Type.TEXT, False
            if text == "$received":
                type = Type.INSTANT
            for _ in range(self.rng.choice([0, 0, 1, 1, 2, 3])):
                options = [one for one in FUNCTIONS.values() if type in one.takes and not (one.many and many) and one.name != "default"]
                if not options:
                    break
                function = self.rng.choice(options)
                text, type, many = self.call(text, function, segment, lets), function.gives or type, many or function.many
            if type in (Type.TEXT, Type.DECIMAL, Type.INT) and self.rng.random() < 0.15:
                text += " | default(0)"
        return text + (" ?" if self.rng.random() < 0.85 else "")

    def head(self, segment: str, lets: Sequence[str]) -> str:
        roll = self.rng.random()
        if roll < 0.6:
            return self.path(segment)
        if roll < 0.7:
            return self.rng.choice(["'x'", "'0010'", "'a ''b'''", "5", "1.50"])
        if roll < 0.8 and lets:
            return "$" + self.rng.choice(list(lets))
        if roll < 0.9:
            return f"({self.path(segment)} & '-' & ({self.path(segment)} ?))"
        return self.rng.choice(["$received", "$system", "$party", "$numbers.docnum"])

    def path(self, segment: str) -> str:
        if segment and self.rng.random() < 0.6:
            return self.rng.choice(SEGMENTS[segment][1])
        names = [name for name, (above, _) in SEGMENTS.items() if above == (segment or None)]
        name = self.rng.choice(names or [name for name, (above, _) in SEGMENTS.items() if above is None])
        qualifier = {"REF": "[QUALF=001]", "PART": "[PARVW=AG]", "IDTN": "[QUALF=002]"}.get(name, "")
        path = name + (qualifier if self.rng.random() < 0.7 else self.test(name, []))
        if name == "ITEM" and self.rng.random() < 0.5:
            name = "IDTN"
            path += f".IDTN{self.test('IDTN', [])}"
        return f"{path}.{self.rng.choice(SEGMENTS[name][1])}"

    def test(self, segment: str, lets: Sequence[str]) -> str:
        return f"[{self.condition(segment, lets)}]" if self.rng.random() < 0.55 else ""

    def condition(self, segment: str, lets: Sequence[str]) -> str:
        conditions = [self.compared(segment, lets) for _ in range(self.rng.choice([1, 1, 1, 2, 3]))]
        return self.rng.choice([" and ", " or "]).join(conditions)

    def compared(self, segment: str, lets: Sequence[str]) -> str:
        field = self.rng.choice(SEGMENTS[segment][1])
        if segment == "ITEM" and self.rng.random() < 0.3:
            if self.rng.random() < 0.3:
                return self.rng.choice(["IDTN[QUALF=002] exists", "SCHED absent"])
            return f"IDTN.QUALF = {self.rng.choice(VALUES['QUALF'])}"
        value = f"'{self.rng.choice(VALUES[field])}'"
        if lets and self.rng.random() < 0.3:
            value = "$" + self.rng.choice(list(lets))
        forms = [f"{field}={value}", f"{field} != {value}", f"{field} in ({value}, 'other')", f"{field} exists", f"{field} absent"]
        return self.rng.choice([*forms, *forms[:1] * 3])

    def call(self, text: str, function: Function, segment: str, lets: Sequence[str]) -> str:
        arguments = []
        for parameter in function.parameters:
            if parameter.required or self.rng.random() < 0.5:
                arguments.append(f"{parameter.name}={self.argument(function, parameter, segment)}")
        if function.pairs:
            arguments = ["'001'='one'", "'CNY'=yuan", "PCE='piece'", *arguments]
        return f"{text} | {function.name}" + (f"({', '.join(arguments)})" if arguments else "")

    def argument(self, function: Function, parameter: Parameter, segment: str) -> str:
        if parameter.static:
            return self.rng.choice(STATIC[function.name, parameter.name])
        if parameter.name == "item":
            return self.rng.choice(["'04006381333931'", "('4711' | item)"])
        if parameter.name == "unit":
            return self.rng.choice(["'CS'", "'EA'", "'EA'", self.path(segment) + " ?", "('PCE' | code(unit))", "('TWO' | code(unit) ?)"])
        if parameter.accepts == NUMBERS:
            return self.rng.choice(["3", "'2.5'", "100", "0", self.path(segment)])
        return self.path(segment) + self.rng.choice(["", " ?", " ?", " ?", " ?", " | strip0 ?", " | default('x')"])

    def document(self, cut: str) -> ToyDocument:
        """Absent, repeated, qualified, nested and empty records; now and then every field has the same value."""
        records: list[tuple[str, Mapping[str, str]]] = []
        same = "001" if self.rng.random() < 0.1 else None
        for name, qualifier in QUALIFIED:
            if self.rng.random() < 0.8:
                fixed = {} if same or self.rng.random() < 0.2 else qualifier
                records.append((name, {**self.record(name, same), **fixed}))
        for _ in range(self.rng.choice([0, 1, 1, 2, 3])):
            records.append(("ITEM", self.record("ITEM", same)))
            records += [(name, self.record(name, same)) for name in ("IDTN", "IDTN", "SCHED") if self.rng.random() < 0.6]
        return message(records, cut)

    def record(self, segment: str, same: str | None) -> dict[str, str]:
        fields: dict[str, Any] = {}
        for field in SEGMENTS[segment][1]:
            if self.rng.random() < 0.85:
                value = VALUES[field][0] if self.rng.random() < 0.85 else self.rng.choice(VALUES[field])
                fields[field] = same or (value.strip() if value.strip() else "")
        return fields


def quoted(expression: str) -> str:
    """An expression as a double-quoted YAML scalar."""
    return '"' + expression.replace("\\", "\\\\").replace('"', '\\"') + '"'
