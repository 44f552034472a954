"""Derivations: how they are made from a plan, taken apart into leaves, and run again from the raw bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from adapters.base import apply_steps
from canonical_model.places import Bytes
from mappings.language.api import Codes, Context, Derivation
from mappings.language.functions.values import number_text
from mappings.language.plan import Applied, Const
from mappings.language.registry import FUNCTIONS, Env, Function, Type

_CONVERSIONS: Final = {Type.DECIMAL: "decimal", Type.INT: "int", Type.DATE: "date"}
_GIVEN: Final = re.compile(r"(?:/given)?/(\d+)/(code|scheme)")
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


def constant(plan: Const) -> Derivation:
    """A constant of the mapping; one that was converted when compiled shows the function that did it."""
    written = Derivation(plan.text, constant=plan.text, mapping=str(plan.mark))
    if plan.type is Type.TEXT:
        return written
    inputs, names = (written,), ("",)
    if plan.type is Type.DATE:
        form = Derivation("YYYY-MM-DD", constant="YYYY-MM-DD", mapping=str(plan.mark))
        inputs, names = (written, form), ("", "format")  # type: ignore[assignment]
    return Derivation(plan.value, _CONVERSIONS[plan.type], inputs, names, mapping=str(plan.mark))


def named_inputs(
    plan: Applied, heads: tuple[Derivation, ...], arguments: list[Derivation | None], env: Env
) -> tuple[tuple[Derivation, ...], tuple[str, ...]]:
    """All that a function's result rests on, with the names ``replay`` finds them by."""
    inputs, names = list(heads), [""] * len(heads)
    mark = str(plan.site.mark)

    def add(name: str, text: str) -> None:
        inputs.append(Derivation(text, constant=text, mapping=mark))
        names.append(name)

    for parameter, argument in zip(plan.function.dynamic, arguments, strict=True):
        if argument is not None:
            inputs.append(argument)
            names.append(parameter.name)
    for parameter in plan.function.static:
        value = plan.static[parameter.name]
        if value is True:
            add("keep", "")
        elif value is not None and value is not False and value != parameter.default:
            add(parameter.name, str(value))
    for given, meant in plan.static.get("pairs", ()):
        add(f"={given}", meant)
    if plan.function.resolves:
        add("on", env.on.isoformat())
    elif plan.function.env:
        add("in", env.zone)
    return tuple(inputs), tuple(names)


def leaf_of(whole: Derivation, pointer: str) -> Derivation:
    """The derivation of one leaf of a value ("" for a plain value); only the inputs that this leaf rests on."""
    if not pointer:
        return whole
    function = FUNCTIONS.get(str(whole.function))
    inputs = dict(zip(reversed(whole.names), reversed(whole.inputs), strict=True))
    value = _at(whole.value, pointer)
    if function is not None and function.given and (match := _GIVEN.fullmatch(pointer)):
        present = [inputs[name] for name in function.given if name in inputs and inputs[name].value]
        constant = Derivation(value, constant=str(value), mapping=whole.mapping)
        return constant if match[2] == "scheme" else present[int(match[1])]
    source, convert = (function.parts if function else {}).get(pointer[1:], (None, ""))
    if source is None:
        name = Derivation(pointer, constant=pointer, mapping=whole.mapping)
        return Derivation(value, "field", (whole, name), ("", "pointer"), code=whole.code, mapping=whole.mapping)
    if source not in inputs:
        return Derivation(value, constant=str(value), mapping=whole.mapping)
    return Derivation(value, convert, (inputs[source],), ("",), mapping=whole.mapping) if convert else inputs[source]


def flat(value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """(pointer, value) of every leaf of a value."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from flat(one, f"{pointer}/{name}")
    elif isinstance(value, list):
        for index, one in enumerate(value):
            yield from flat(one, f"{pointer}/{index}")
    else:
        yield pointer, value


def replay(derivation: Derivation, raw: bytes, codes: Codes) -> Any:
    """Run a derivation again: from the bytes of the message, the constants of the mapping and the code tables alone."""
    if derivation.source is not None:
        place = derivation.source.place
        return apply_steps(raw[place.start : place.end], derivation.source.steps) if isinstance(place, Bytes) else derivation.source.text
    if derivation.constant is not None:
        return derivation.constant
    values = [replay(one, raw, codes) for one in derivation.inputs]
    if derivation.function == "&":
        return "".join(values)
    if derivation.function == "field":
        return _at(values[0], values[1])
    return _call(FUNCTIONS[str(derivation.function)], derivation.names, values, codes)


def _call(function: Function, names: tuple[str, ...], values: list[Any], codes: Codes) -> Any:
    named = dict(zip(names, values, strict=True))
    piped = [value for name, value in zip(names, values, strict=True) if name == ""]
    static: dict[str, Any] = {}
    for parameter in function.static:
        static[parameter.name] = named.get(parameter.name, parameter.default)
        if parameter.static == "int":
            static[parameter.name] = int(static[parameter.name])
        elif parameter.static == "else" and "keep" in named:
            static[parameter.name] = True
    if function.pairs:
        static["pairs"] = tuple((name[1:], value) for name, value in zip(names, values, strict=True) if name.startswith("="))
    arguments = [named.get(parameter.name) for parameter in function.dynamic]
    env = [_env(named, codes)] if function.env else []
    return function.make(**static)(*env, piped if function.many else piped[0], *arguments)


def _env(named: Mapping[str, Any], codes: Codes) -> Env:
    zone = str(named.get("in", "UTC"))
    on = date.fromisoformat(named["on"]) if "on" in named else _NEVER.date()
    return Env(codes, Context(system="", received_at=_NEVER, zone=zone), on, zone)


def _at(value: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value


def sources_of(derivation: Derivation) -> Iterator[Derivation]:
    """All leaves of a derivation that are bytes of the message."""
    if derivation.source is not None:
        yield derivation
    for one in derivation.inputs:
        yield from sources_of(one)


def as_text(value: Any) -> Any:
    """A replayed value in the form it has in a body."""
    return number_text(value) if isinstance(value, (Decimal, date)) else value
