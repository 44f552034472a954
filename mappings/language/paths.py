"""Resolving paths and tests of a mapping against a layout: which record, which field, how it is cut out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from adapters.base import Access, Key, Layout
from mappings.language.faults import Faults, Mark, did_you_mean
from mappings.language.plan import BothPlan, ComparePlan, ExistsPlan, PathPlan, StepPlan, TestPlan, Var
from mappings.language.registry import Type
from mappings.language.syntax import Both, Compare, Constant, Path, Step, Test, Variable

LONGEST = 8


class OpenLayout:
    """A layout that knows nothing and takes every name: for checking a mapping without its definitions."""

    format = type = hash = ""
    open = True

    def segments(self, parent: str | None) -> Sequence[str]:
        """None are known."""
        return ()

    def fields(self, segment: str) -> Sequence[str]:
        """None are known."""
        return ()

    def access(self, segment: str, name: str) -> Access | None:
        """By name."""
        return Key(name)


class Paths:
    """Resolves against one layout; faults are collected, ``wanted`` gathers the records that are read."""

    def __init__(self, layout: Layout, faults: Faults) -> None:
        self.layout, self.faults = layout, faults
        self.wanted: set[str] = set()
        self._top = frozenset(layout.segments(None))

    def value(self, path: Path, segment: str, variables: dict[str, Var]) -> PathPlan:
        """A path whose last step is a field; ``()`` is the current record's own value."""
        if not path.steps:
            return self._with_field(path, (), segment, "", False)
        *records, last = path.steps
        if last.test is not None:
            self.faults.add(path.mark, f"{last.name!r} is the field here, and a field takes no condition", f"{path}.FIELD")
        steps, end, from_root = self._records(records, path.mark, segment, variables)
        return self._with_field(path, steps, end, last.name, from_root)

    def records(self, path: Path, segment: str, variables: dict[str, Var]) -> PathPlan:
        """A path of records, as ``$with`` and ``$each`` take it."""
        if not path.steps:
            self.faults.add(path.mark, "'.' is a value, not a record", "name the records")
        steps, end, from_root = self._records(path.steps, path.mark, segment, variables)
        return PathPlan(str(path), path.mark, from_root, steps, end, None, None)

    def test(self, test: Test, segment: str, variables: dict[str, Var], mark: Mark) -> TestPlan:
        """A condition on records of that segment."""
        if isinstance(test, Both):
            return BothPlan(test.operator == "and", tuple(self.test(one, segment, variables, mark) for one in test.tests))
        if isinstance(test, Compare):
            values = tuple(self._compared(value, variables) for value in test.values)
            return ComparePlan(self.value(test.path, segment, variables), values, test.operator == "!=")
        return self._exists(test.path, test.wanted, segment, variables)

    def _exists(self, path: Path, wanted: bool, segment: str, variables: dict[str, Var]) -> ExistsPlan:
        last = path.steps[-1] if path.steps else Step("")
        before = self._segment_before(path, segment)
        known = last.name in self.layout.segments(before or None) or (len(path.steps) == 1 and last.name in self._top)
        if path.steps and (known or last.test is not None):
            records = self.records(path, segment, variables)
            return ExistsPlan(records, records, wanted)
        value = self.value(path, segment, variables)
        if not self.layout.open or not path.steps:
            return ExistsPlan(value, None, wanted)
        return ExistsPlan(value, self.records(path, segment, variables), wanted)

    def _segment_before(self, path: Path, segment: str) -> str:
        return path.steps[-2].name if len(path.steps) > 1 else segment

    def _compared(self, value: Constant | Variable, variables: dict[str, Var]) -> str | Var:
        if isinstance(value, Constant):
            return value.text
        found = variables.get(value.name)
        if found is None:
            self.faults.add(value.mark, f"{value} is not known here", did_you_mean(value.name, variables))
            return ""
        if found.type is not Type.TEXT:
            self.faults.add(value.mark, f"{value} is {found.type}, and a condition compares texts", "compare another value")
        return found

    def _records(
        self, steps: Sequence[Step], mark: Mark, segment: str, variables: dict[str, Var]
    ) -> tuple[tuple[StepPlan, ...], str, bool]:
        if len(steps) > LONGEST:
            self.faults.add(mark, f"a path has at most {LONGEST} records", "move with $with")
        here, from_root, plans = segment, False, []
        for index, step in enumerate(steps):
            from_root |= index == 0 and self._is_from_top(step.name, segment)
            self._check_segment(step.name, here, index, mark)
            test = None if step.test is None else self.test(step.test, step.name, variables, mark)
            plans.append(StepPlan(step.name, test))
            self.wanted.add(step.name)
            here = step.name
        return tuple(plans), here, from_root

    def _is_from_top(self, name: str, segment: str) -> bool:
        """Records that stand below the document can be named from anywhere, unless the current one has its own of that name."""
        return segment != "" and name in self._top and name not in self.layout.segments(segment)

    def _check_segment(self, name: str, parent: str, index: int, mark: Mark) -> None:
        known = self.layout.segments(parent or None)
        if self.layout.open or name in known or (index == 0 and name in self._top):
            return
        where = parent or f"{self.layout.format} {self.layout.type}"
        self.faults.add(mark, f"{name!r} is not a record below {where}", _suggest(name, [*known, *(self._top if index == 0 else ())]))

    def _with_field(self, path: Path, steps: tuple[StepPlan, ...], segment: str, name: str, from_root: bool) -> PathPlan:
        access = self.layout.access(segment, name)
        if access is None and self.layout.open:
            access = Key(name)
        if access is None:
            fields = self.layout.fields(segment) if segment else ()
            fix = _suggest(name, fields) if fields else "name the record first: RECORD.FIELD"
            self.faults.add(path.mark, f"{name or '.'!r} is not a field of {segment or 'the document'}", fix)
        return PathPlan(str(path), path.mark, from_root, steps, segment, name, access)


def _suggest(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, known) or "see `hub definitions` for the names"
