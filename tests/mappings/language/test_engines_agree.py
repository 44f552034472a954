"""Row engine and traced engine over random mappings and messages: equal results and equal problems, or it is a fault."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest

from mappings.language import bind, parse
from mappings.language.api import Derivation
from mappings.language.faults import MappingFault
from mappings.language.registry import FUNCTIONS
from tests.mappings.language.generate import Generator
from tests.mappings.language.run import check_leaves
from tests.mappings.language.tables import CONTEXT, Tables
from tests.mappings.language.toy import ToyLayout

MAPPINGS, DOCUMENTS, CHUNKS = 1000, 3, 10
CUTS = ("slice", "bytes", "index", "key")
WORDS = (
    "$each",
    "$with",
    "$when",
    "$let",
    "\n- ",
    " ?",
    "default(",
    " & ",
    " in (",
    "!=",
    " exists",
    " absent",
    " and ",
    " or ",
    "$received",
)


@dataclass
class Seen:
    """What the random mappings touched."""

    results: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)
    functions: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)

    def tree(self, derivation: Derivation) -> None:
        if derivation.function is not None:
            self.functions[derivation.function] += 1
        for one in derivation.inputs:
            self.tree(one)


SEEN = Seen()


def run(seed: int) -> None:
    generator = Generator(seed)
    text = generator.mapping()
    SEEN.words.update(word for word in WORDS if word in text.replace("  ", ""))
    cut = CUTS[seed % 4]
    bound = bind(parse(text, "random.yaml"), ToyLayout(cut), ("UTC", "Europe/Berlin", "Asia/Shanghai"))
    for _ in range(DOCUMENTS):
        document = generator.document(cut)
        row, traced = bound.row(document, Tables(), CONTEXT), bound.trace(document, Tables(), CONTEXT)
        assert row.problems == traced.result.problems, f"seed {seed}\n{text}\n{document.raw.decode()}"
        assert row == traced.result, f"seed {seed}\n{text}\n{document.raw.decode()}"
        SEEN.results["error" if row.problems else "body"] += 1
        SEEN.causes.update(str(problem.cause) for problem in row.problems)
        if row.body is not None:
            check_leaves(row.body, traced, document.raw)
        for derivation in traced.leaves.values():
            SEEN.tree(derivation)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_engines_agree(chunk: int) -> None:
    for seed in range(chunk, MAPPINGS, CHUNKS):
        try:
            run(seed)
        except MappingFault as fault:
            raise AssertionError(f"seed {seed} does not load: {'; '.join(map(str, fault.lints))}\n{Generator(seed).mapping()}") from fault


def test_random_mappings_touched_everything() -> None:
    if sum(SEEN.results.values()) < MAPPINGS * DOCUMENTS:
        pytest.skip("only a part of the random mappings ran")
    share = SEEN.results["error"] / sum(SEEN.results.values())
    print(f"{MAPPINGS} mappings, {sum(SEEN.results.values())} translations, {share:.0%} with problems; causes {dict(SEEN.causes)}")
    assert 0.3 <= share <= 0.9
    assert set(SEEN.causes) == {"invalid_value", "missing_code", "unknown_party", "ambiguous_code"}
    assert set(FUNCTIONS) - set(SEEN.functions) - {"default"} == set()
    assert set(WORDS) - set(SEEN.words) == set()
