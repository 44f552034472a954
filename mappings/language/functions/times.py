"""Functions on dates and instants. Dates are plain, instants are UTC; a local time is read in a named zone."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from mappings.language.registry import Env, Failed, Parameter, Type, function
from mappings.language.zones import zone_of

_TOKENS: Final = {
    "YYYY": ("year", "[0-9]{4}"), "YY": ("short", "[0-9]{2}"), "MM": ("month", "[0-9]{2}"), "M": ("month", "[0-9]{1,2}"),
    "DD": ("day", "[0-9]{2}"), "D": ("day", "[0-9]{1,2}"), "hh": ("hour", "[0-9]{2}"), "h": ("hour", "[0-9]{1,2}"),
    "mm": ("minute", "[0-9]{2}"), "ss": ("second", "[0-9]{2}"),
}  # fmt: skip
_TOKEN: Final = re.compile("|".join(_TOKENS))
_PIVOT: Final = 69
_DIRECTIVES: Final = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "hh": "%H", "mm": "%M", "ss": "%S"}
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)


@function(
    "date",
    gives=Type.DATE,
    parameters=[Parameter("format", static="word", required=False, default="YYYYMMDD")],
    nullable=True,
    examples=[
        ("'20261125' | date", "2026-11-25"),
        ("'00000000' | date ?", None),
        ("'25.11.26' | date('DD.MM.YY')", "2026-11-25"),
        ("'2026/1/5' | date('YYYY/M/D')", "2026-01-05"),
        ("'20260231' | date", "invalid_value"),
    ],
)
def date(format: str) -> Callable[[str], dt.date | None]:
    """A calendar date, written as `format` says: YYYY, YY (69-99 are 19xx), MM or M, DD or D. Nothing but zeros is absent."""
    read = _reader(format, {"year", "short", "month", "day"})

    @lru_cache(maxsize=4096)
    def parsed(value: str) -> dt.date | None:
        found = read(value)
        return None if found is None else _made(lambda: dt.date(*found[:3]), value)

    return parsed


@function(
    "instant",
    gives=Type.INSTANT,
    parameters=[
        Parameter("format", static="word", required=False, default="YYYYMMDDhhmmss"),
        Parameter("zone", static="word", required=False, default=""),
        Parameter("fold", static="word", required=False, default="earlier"),
    ],
    env=True,
    nullable=True,
    examples=[
        ("'20261125083000' | instant", "2026-11-25T08:30:00Z"),
        ("'20260701080000' | instant(zone='Asia/Shanghai')", "2026-07-01T00:00:00Z"),
        ("'2026-07-01T08:00:00+08:00' | instant(iso)", "2026-07-01T00:00:00Z"),
        ("'9999-12-31T23:59:59Z' | instant(iso)", "invalid_value"),
        ("'00010101000000' | instant(zone='Asia/Shanghai')", "invalid_value"),
        ("'20261025023000' | instant(zone='Europe/Berlin')", "2026-10-25T00:30:00Z"),
        ("'20261025023000' | instant(zone='Europe/Berlin', fold=later)", "2026-10-25T01:30:00Z"),
        ("'20260329023000' | instant(zone='Europe/Berlin')", "invalid_value"),
    ],
)
def instant(format: str, zone: str, fold: str) -> Callable[[Env, str], datetime | None]:
    """An instant in UTC. A local time is of the system's zone unless `zone=` names one; `iso` brings its own offset.

    An hour that comes twice (end of summer time) is the `earlier` one unless `fold=later`; one that does not exist is refused.
    """
    if fold not in ("earlier", "later"):
        raise ValueError("fold is earlier or later")
    if format == "iso":
        return lambda env, value: _iso(value)
    read = _reader(format, {"year", "short", "month", "day", "hour", "minute", "second"})
    if zone:
        zone_of(zone)

    def parsed(env: Env, value: str) -> datetime | None:
        found = read(value)
        if found is None:
            return None
        local: datetime = _made(lambda: datetime(*found), value)  # type: ignore[arg-type]  # noqa: DTZ001
        return _utc(local, zone or env.zone, fold == "later", value)

    return parsed


@function(
    "day",
    frozenset({Type.INSTANT}),
    Type.DATE,
    parameters=[Parameter("zone", static="word", required=False, default="")],
    env=True,
    total=True,
    examples=[
        ("'20261125233000' | instant | day", "2026-11-25"),
        ("'20261125233000' | instant | day(zone='Asia/Shanghai')", "2026-11-26"),
    ],
)
def day(zone: str) -> Callable[[Env, datetime], dt.date]:
    """The calendar date of an instant in the system's zone, or in `zone`."""
    if zone:
        zone_of(zone)
    return lambda env, value: value.astimezone(zone_of(zone or env.zone)).date()


@function(
    "date_out",
    frozenset({Type.TEXT, Type.DATE}),
    parameters=[Parameter("format", static="word", required=False, default="YYYYMMDD")],
    examples=[("'2026-11-25' | date_out", "20261125"), ("'2026-11-25' | date_out('DD.MM.YY')", "25.11.26")],
)
def date_out(format: str) -> Callable[[Any], str]:
    """A canonical date as a partner writes it."""
    directive = _directive(format, "YYYY YY MM DD")

    def written(value: Any) -> str:
        return (value if isinstance(value, dt.date) else _made(lambda: dt.date.fromisoformat(value), value)).strftime(directive)

    return written


@function(
    "instant_out",
    frozenset({Type.TEXT, Type.INSTANT}),
    parameters=[
        Parameter("format", static="word", required=False, default="YYYYMMDDhhmmss"),
        Parameter("zone", static="word", required=False, default=""),
    ],
    env=True,
    examples=[("'2026-07-01T00:00:00Z' | instant_out(YYYYMMDD, zone='Asia/Shanghai')", "20260701")],
)
def instant_out(format: str, zone: str) -> Callable[[Env, Any], str]:
    """A canonical instant as a partner writes it: local time of the system's zone, or of `zone`."""
    directive = _directive(format, "YYYY YY MM DD hh mm ss")
    if zone:
        zone_of(zone)

    def written(env: Env, value: Any) -> str:
        return (value if isinstance(value, datetime) else _iso(value)).astimezone(zone_of(zone or env.zone)).strftime(directive)

    return written


def _reader(format: str, allowed: set[str]) -> Callable[[str], tuple[int, ...] | None]:
    """A format compiled to: text -> (year, month, day, hour ...), None for nothing but zeros."""
    pattern, names, at = "", [], 0
    for match in _TOKEN.finditer(format):
        name, digits = _TOKENS[match.group()]
        pattern += re.escape(format[at : match.start()]) + f"({digits})"
        names.append(name)
        at = match.end()
    compiled = re.compile(pattern + re.escape(format[at:]), re.ASCII)
    dated = {"year" if name == "short" else name for name in names}
    if len(dated) != len(names) or not {"year", "month", "day"} <= dated or not set(names) <= allowed:
        raise ValueError(
            f"{format!r} is not a format: YYYY or YY, MM or M, DD or D, each once" + (", hh, mm, ss" if "hour" in allowed else "")
        )
    order = [names.index(name) if name in names else -1 for name in ("year", "month", "day", "hour", "minute", "second")]
    if "short" in names:
        order[0] = names.index("short")

    def read(value: str) -> tuple[int, ...] | None:
        match = compiled.fullmatch(value)
        if match is None:
            if value and not value.strip("0 "):
                return None
            raise Failed(f"{value[:80]!r} is not written as {format}", "correct the value or name its format", value)
        numbers = [int(group) for group in match.groups()]
        if not any(numbers):
            return None
        if "short" in names:
            numbers[order[0]] += 1900 if numbers[order[0]] >= _PIVOT else 2000
        return tuple(numbers[index] if index >= 0 else 0 for index in order)

    return read


def _directive(format: str, allowed: str) -> str:
    if not any(match.group() in _DIRECTIVES for match in _TOKEN.finditer(format)):
        raise ValueError(f"{format!r} is not a format: {allowed.replace(' ', ', ')}")
    wrong = [match.group() for match in _TOKEN.finditer(format) if match.group() not in allowed.split()]
    if wrong:
        raise ValueError(f"{wrong[0]!r} cannot be written: {allowed.replace(' ', ', ')}")
    return _TOKEN.sub(lambda match: _DIRECTIVES[match.group()], format.replace("%", "%%"))


def _made(make: Callable[[], Any], value: str) -> Any:
    try:
        return make()
    except (ValueError, OverflowError) as error:
        raise Failed(f"{value[:80]!r} is no day or time that exists: {error}", "correct the value", value) from None


def _iso(value: str) -> datetime:
    if _ISO.fullmatch(value) is None:
        raise Failed(f"{value[:80]!r} is not an instant with its offset", "e.g. 2026-11-25T08:30:00+08:00", value)
    made: datetime = _made(lambda: datetime.fromisoformat(value).astimezone(UTC), value)
    return _dated_anywhere(made, value)


def _dated_anywhere(utc: datetime, value: str) -> datetime:
    """An instant that has a calendar date in every zone: none at the two ends of the calendar (often a program's "for ever")."""
    if not 1 < utc.year < 9999:
        raise Failed(f"{value[:80]!r} is no instant from year 2 to 9998", "correct the value, or leave it out", value)
    return utc


def _utc(local: datetime, zone: str, later: bool, value: str) -> datetime:
    """Local time to UTC. What comes back as another local time stands in the hour that summer time skips."""
    _dated_anywhere(local, value)
    there = local.replace(tzinfo=zone_of(zone), fold=1 if later else 0)
    utc = there.astimezone(UTC)
    if utc.astimezone(there.tzinfo).replace(tzinfo=None) != local:
        raise Failed(f"{value!r} does not exist in {zone}: the clocks were put forward over it", "correct the time or name its zone", value)
    return utc
