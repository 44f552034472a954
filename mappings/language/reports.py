"""From what an engine noted to problems: mapping line, target, source path with occurrence, place, value, cause, key, fix.

Nothing of this is worked out while a document translates without fault.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapters.base import Document, Node
from canonical_model.places import Place
from canonical_model.problems import Cause, Problem, cause_key
from mappings.language.plan import PathPlan, Site
from mappings.language.registry import Failed
from mappings.language.runtime import Absent, Failure, Quiet, Several
from mappings.language.walk import Where, finder, taker


class Reporter:
    """Makes problems of the failures of one document."""

    def __init__(self, mapping: str, sites: tuple[Site, ...], document: Document, root: Node) -> None:
        self.mapping, self.sites, self.document = mapping, sites, document
        self.where = Where(root)

    def problems(self, failures: Iterable[Failure]) -> tuple[Problem, ...]:
        """All problems, equal ones once, in the order of the mapping."""
        made = [self.problem(failure) for failure in failures if not isinstance(failure[2], Quiet)]
        return tuple(dict.fromkeys(made))

    def problem(self, failure: Failure) -> Problem:
        """One problem."""
        number, node, raised, places = failure
        site = self.sites[number]
        source, place, value = self._located(site.path, node)
        cause, fact, fix, key, candidates = self._said(site, raised, node)
        own = cause_key(self.mapping, site.text or site.target)
        shown = raised.value if isinstance(raised, Failed) and raised.value is not None else value
        return Problem(
            cause, key or own, fact, fix, _pointer(site.target, places), source, place, shown, str(site.mark), candidates
        )  # fmt: skip

    def _said(self, site: Site, raised: Exception, node: Node) -> tuple[Cause, str, str, str | None, tuple[str, ...]]:
        what = site.text or "the value"
        if isinstance(raised, Failed):
            return raised.cause, raised.fact, raised.fix, raised.key, raised.candidates
        if isinstance(raised, Several):
            count = sum(1 for _ in self._met(site.path, node))
            fix = "narrow the path with [..], or say which: | first, | last, $each"
            return Cause.INVALID_VALUE, f"{count} records match {what} where one is wanted", fix, None, ()
        if isinstance(raised, Absent):
            return Cause.INVALID_VALUE, f"{what} is absent", "send it, or mark it optional with ?, or give default(...)", None, ()
        return Cause.INVALID_VALUE, f"{what} is not text in its charset: {raised}", "correct the charset of the route", None, ()

    def _met(self, path: PathPlan | None, node: Node) -> list[Node]:
        if path is None:
            return []
        try:
            return finder(path)(self.where, node)
        except UnicodeDecodeError:
            return []

    def _located(self, path: PathPlan | None, node: Node) -> tuple[str | None, Place | None, str | None]:
        """Source path with occurrence, place and text of the field; as much of it as there is."""
        if path is None:
            return None, None, None
        met = self._met(path, node)
        if not met:
            return path.text, self.document.where(self.where.root if path.from_root else node), None
        record = met[1] if len(met) > 1 else met[0]
        if path.field is None:
            return self.document.path(record), self.document.where(record), None
        return self._field(record, path)

    def _field(self, record: Node, path: PathPlan) -> tuple[str, Place, str | None]:
        assert path.field is not None
        source = self.document.source(record, path.segment, path.field) if _readable(path, record) else None
        if source is not None:
            return source.path, source.place, source.text
        where = self.document.path(record)
        return f"{where}/{path.field}" if where else path.field, self.document.where(record), None


def _readable(path: PathPlan, record: Node) -> bool:
    try:
        return taker(path.access)(record[0]) is not None
    except UnicodeDecodeError:
        return False


def _pointer(target: str, places: tuple[int, ...]) -> str:
    """A target with the list places filled in."""
    parts = target.split("/*")
    filled = [parts[0]]
    for index, part in enumerate(parts[1:]):
        filled.append(f"/{places[index]}" if index < len(places) else "/*")
        filled.append(part)
    return "".join(filled)
