"""What generated code and the traced engine share at run time: failures and small helpers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from adapters.base import Node
from mappings.language.registry import Failed


class Absent(Exception):
    """A value or record that is needed is not there."""


class Several(Exception):
    """A path that wants one record meets more."""


class Quiet(Exception):
    """A value rests on a ``$let`` that has failed and was reported there."""


class _Poison:
    """Stands in a ``$let`` whose value failed."""


POISON: Final = _Poison()
CAUGHT: Final = (Failed, Absent, Several, Quiet, UnicodeDecodeError)

Failure = tuple[int, Node, Exception, tuple[int, ...]]
"""(number of the site, the record that was current, what was raised, places in the lists around it)."""

Note = Callable[[Failure], None]


def known(value: Any) -> Any:
    """A ``$let`` value; one that failed ends what rests on it without a second report."""
    if value is POISON:
        raise Quiet
    return value


def same(value: str | None, other: str | None) -> bool:
    """Equal and there."""
    return value is not None and value == other


def component(data: Sequence[str], index: int, component: int, separator: str) -> str | None:
    """One component of an element; None when element or component is not there or empty."""
    if len(data) <= index:
        return None
    parts = data[index].split(separator)
    return (parts[component] or None) if len(parts) > component else None
