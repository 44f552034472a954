"""What one system sees of the code tables at one revision: the ``Codes`` of the mapping language. Pure, dictionary look-ups.

Answers that were found are remembered: a view is frozen, so the same question has the same answer, and most orders name
codes that were named a moment ago.

Order: exact row of the code set, the row without context, the same in each parent; for items then the GTIN
that the message carries. Two answers, or a GTIN that contradicts the table, are a ``Miss`` with candidates. Never guessed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any, Final, TypeVar

from canonical_model.identifiers import gtin as gtins
from canonical_model.problems import Hold, cause_key
from hub.codebook.index import Index, Row
from mappings.language.api import Hit, Miss, Pack

REMEMBERED: Final = 100_000
"""Answers that one view keeps over all its code sets; a full memory is emptied, which costs what it cost before."""

Question = TypeVar("Question")
Answer = TypeVar("Answer", Hit, Pack)


class Remembered:
    """How much all code sets of one view remember: hundreds of partners with a code set each share one limit."""

    def __init__(self, limit: int = REMEMBERED) -> None:
        self.limit, self.size = limit, 0
        self._memories: list[dict[Any, Any]] = []

    def memory(self) -> dict[Any, Any]:
        """An empty one, counted from now on."""
        self._memories.append({})
        return self._memories[-1]

    def keep(self, answers: dict[Question, Answer], question: Question, answer: Answer) -> Answer:
        """Remember an answer, and give it."""
        if self.size >= self.limit:
            self.size = 0
            for memory in self._memories:
                memory.clear()
        self.size += 1
        answers[question] = answer
        return answer


class SystemCodes:
    """The tables of one revision, asked with one code set first."""

    def __init__(self, index: Index, revision: int, code_set: str, remembered: Remembered | None = None) -> None:
        self._remembered = remembered or Remembered()
        self._index, self._revision, self._code_set = index, revision, code_set
        self._chain = index.chain(code_set, revision)
        self._codes: dict[tuple[str, str, str, date], Hit] = self._remembered.memory()
        self._items: dict[tuple[str, str, str | None, date], Hit] = self._remembered.memory()
        self._packs: dict[tuple[str, str, date], Pack] = self._remembered.memory()

    @property
    def revision(self) -> int:
        return self._revision

    @property
    def code_set(self) -> str:
        return self._code_set

    def resolve(self, table: str, code: str, *, context: str = "", on: date) -> Hit | Miss:
        """Partner's code -> canonical, valid on a day."""
        question = (table, code, context, on)
        if (known := self._codes.get(question)) is not None:
            return known
        found = self._find(table, code, context, on.isoformat())
        if len(found) == 1:
            return self._remembered.keep(self._codes, question, self._hit(next(iter(found.values()))))
        return self._miss(table, code, context, sorted(found), on)

    def item(self, code: str, *, unit: str = "", gtin: str | None = None, on: date) -> Hit | Miss:
        """(item code, unit) -> item id; a GTIN of the message answers when the table is silent, and is never contradicted."""
        question = (code, unit, gtin, on)
        if (known := self._items.get(question)) is not None:
            return known
        answer = self._item(code, unit, gtin, on)
        return self._remembered.keep(self._items, question, answer) if isinstance(answer, Hit) else answer

    def _item(self, code: str, unit: str, gtin: str | None, on: date) -> Hit | Miss:
        found = self._find("item", code, unit, on.isoformat())
        if len(found) > 1:
            return self._miss("item", code, unit, sorted(found), on)
        given = _usable(gtin) if gtin else None
        if found:
            return self._agreed(code, unit, next(iter(found.values())), given)
        if given is None:
            return self._miss("item", code, unit, [], on)
        return Hit(given, 0, self._revision)

    def pack(self, item: str, unit: str, *, on: date) -> Pack | Miss:
        """A packaging level as an exact ratio to the base unit; the nearest code set that has one answers."""
        question = (item, unit, on)
        if (known := self._packs.get(question)) is not None:
            return known
        rows = self._nearest(self._index.packs.get((item, unit), ()), on.isoformat())
        answers = {(row.canonical, row.numerator, row.denominator): row for row in rows}
        if len(answers) == 1:
            row = next(iter(answers.values()))
            return self._remembered.keep(
                self._packs, question, Pack(unit, row.canonical, row.numerator, row.denominator, row.row, row.since)
            )
        key = cause_key("pack", self._code_set, item, unit)
        candidates = tuple(f"{n}/{d} {base}" for base, n, d in sorted(answers))
        fact = f"item {item!r} has {'several' if answers else 'no'} ratios for unit {unit!r} on {on}"
        return Miss(key, fact, f"hub codes set pack {self._code_set} {item} {unit} BASE_UNIT --ratio N/D", candidates)

    def reverse(self, table: str, canonical: str, *, context: str = "", on: date) -> Hit | Miss:
        """Canonical -> partner's code; the preferred row wins."""
        day = on.isoformat()
        for name in self._chain:
            rows = [row for row in self._index.backward.get((table, name, canonical), ()) if row.counts(self._revision, day)]
            rows = [row for row in rows if row.context == context] or [row for row in rows if not row.context or not context]
            best = [row for row in rows if row.preferred] or rows
            codes = {row.code: row for row in best}
            if len(codes) == 1:
                row = best[0]
                return Hit(row.code, row.row, row.since, row.level, row.extension)
            if codes:
                return self._reverse_miss(table, canonical, context, sorted(codes))
        return self._reverse_miss(table, canonical, context, [])

    def _find(self, table: str, code: str, context: str, day: str) -> dict[str, Row]:
        """Canonical -> row, of the nearest place that answers: exact, then without context, then the parents in turn."""
        for name in self._chain:
            rows = self._index.forward.get((table, name, code), ())
            for wanted in (context, "") if context else ("",):
                found = {row.canonical: row for row in rows if row.context == wanted and row.counts(self._revision, day)}
                if found:
                    return found
        return {}

    def _nearest(self, rows: Iterable[Row], day: str) -> list[Row]:
        counting = [row for row in rows if row.counts(self._revision, day)]
        for name in (*self._chain, ""):
            if mine := [row for row in counting if row.code_set == name]:
                return mine
        return counting

    def _agreed(self, code: str, unit: str, row: Row, given: str | None) -> Hit | Miss:
        if given is not None and gtins.is_valid(row.canonical) and row.canonical.zfill(14) != given:
            fact = f"the message says GTIN {given} for {code!r}, the table says {row.canonical}"
            return Miss(cause_key("item", self._code_set, code, unit), fact, self._set("item", code, unit), (row.canonical, given))
        return self._hit(row)

    def _hit(self, row: Row) -> Hit:
        return Hit(row.canonical, row.row, row.since, row.level, row.extension)

    def _miss(self, table: str, code: str, context: str, candidates: list[str], on: date) -> Miss:
        of = f"{code!r}" + (f" ({context})" if context else "")
        fact = f"table {table!r} of {self._code_set!r} has {'several rows' if candidates else 'no row'} for {of} on {on}"
        return Miss(cause_key(table, self._code_set, code, context), fact, self._set(table, code, context), tuple(candidates))

    def _set(self, table: str, code: str, context: str) -> str:
        return f"hub codes set {table} {self._code_set} {code!r} CANONICAL" + (f" --context {context}" if context else "")

    def _reverse_miss(self, table: str, canonical: str, context: str, candidates: list[str]) -> Miss:
        several = "several codes, none preferred," if candidates else "no code"
        fact = f"table {table!r} of {self._code_set!r} has {several} for canonical {canonical!r}"
        fix = f"hub codes set {table} {self._code_set} CODE {canonical} --preferred"
        return Miss(cause_key(table, self._code_set, f"={canonical}", context), fact, fix, tuple(candidates))


@lru_cache(maxsize=65536)
def _usable(text: str) -> str | None:
    """The 14 digits of a GTIN that names an item everywhere; a restricted or damaged one names nothing outside its code set."""
    try:
        found = gtins.parse(text)
    except Hold:
        return None
    return found.digits if gtins.can_resolve_globally(found) else None
