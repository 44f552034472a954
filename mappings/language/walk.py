"""Walking a document by a plan's paths, without generated code: for the traced engine and for the places of failures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from adapters.base import Access, Index, Key, Node, Slice
from mappings.language.plan import BothPlan, ComparePlan, ExistsPlan, PathPlan, StepPlan, TestPlan, Var
from mappings.language.runtime import component, known


def cut(access: Access | None, data: Any) -> str | None:
    """A field out of a node's data; None when absent."""
    match access:
        case Slice(start, length, charset):
            text = data[start : start + length]
            return (text if charset is None else text.decode(charset)).rstrip(" ") or None
        case Index(index, None, _):
            return (data[index] or None) if len(data) > index else None
        case Index(index, number, separator):
            return component(data, index, number or 0, separator)
        case Key(key):
            found: str | None = data.get(key)
            return found
    return None


@dataclass(slots=True)
class Walker:
    """Paths and tests from one root. ``lets`` holds the texts of ``$let`` values by slot, for tests."""

    root: Node
    lets: dict[int, Any] = field(default_factory=dict)

    def records(self, path: PathPlan, here: Node) -> Iterator[Node]:
        """The records that a path meets, in order."""
        yield from self._below(path.steps, self.root if path.from_root else here)

    def _below(self, steps: tuple[StepPlan, ...], node: Node) -> Iterator[Node]:
        if not steps:
            yield node
            return
        for kid in node[1].get(steps[0].name, ()):
            if steps[0].test is None or self.test(steps[0].test, kid):
                yield from self._below(steps[1:], kid)

    def test(self, plan: TestPlan, here: Node) -> bool:
        """A condition on one record."""
        match plan:
            case BothPlan(every, tests):
                return (all if every else any)(self.test(one, here) for one in tests)
            case ComparePlan(path, values, negated):
                wanted = self._wanted(values)
                return self._any(path, here, lambda text: text in wanted) != negated
            case ExistsPlan():
                value = plan.path.field is not None and self._any(plan.path, here, lambda text: True)
                found = value or (plan.record is not None and any(True for _ in self.records(plan.record, here)))
                return found == plan.wanted

    def _wanted(self, values: tuple[str | Var, ...]) -> list[str | None]:
        return [value if isinstance(value, str) else known(self.lets.get(value.slot)) for value in values]

    def _any(self, path: PathPlan, here: Node, test: Callable[[str], bool]) -> bool:
        for node in self.records(path, here):
            text = cut(path.access, node[0])
            if text is not None and test(text):
                return True
        return False
