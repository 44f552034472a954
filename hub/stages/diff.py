"""The field diff of a case: what differs between two canonical bodies, by JSON pointer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MOST = 200
"""More differences than this say no more to a reader."""


def difference(old: Any, new: Any) -> list[dict[str, Any]]:
    """[{at, old, new}], old or new missing where only the other has it; lists of objects with ``id`` are compared by it.

    >>> difference({"a": "1", "b": "2"}, {"a": "1", "b": "3"})
    [{'at': '/b', 'old': '2', 'new': '3'}]
    """
    found = []
    for item in _walk("", old, new):
        found.append(item)
        if len(found) == MOST:
            break
    return found


def _walk(at: str, old: Any, new: Any) -> Iterator[dict[str, Any]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        yield from _keys(at, old, new)
    elif _listed(old) and _listed(new):
        yield from _keys(at, _by_id(old), _by_id(new))
    elif old != new:
        yield {"at": at or "/", "old": old, "new": new}


def _keys(at: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name in dict.fromkeys((*old, *new)):
        here = f"{at}/{name.replace('~', '~0').replace('/', '~1')}"
        if name not in new:
            yield {"at": here, "old": old[name]}
        elif name not in old:
            yield {"at": here, "new": new[name]}
        else:
            yield from _walk(here, old[name], new[name])


def _listed(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _by_id(items: Sequence[Any]) -> dict[str, Any]:
    """Lines by their own id where every one has a different one, else by position."""
    ids = [str(item["id"]) for item in items if isinstance(item, Mapping) and "id" in item]
    names = ids if len(ids) == len(items) and len(set(ids)) == len(ids) else [str(n) for n in range(len(items))]
    return dict(zip(names, items, strict=True))
