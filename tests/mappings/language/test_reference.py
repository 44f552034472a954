"""The language reference says what the code does: functions from the registry, words from the parser."""

from __future__ import annotations

import re
from pathlib import Path

from mappings.language import lint
from mappings.language.parsing import WORDS
from mappings.language.registry import FUNCTIONS
from mappings.language.structure import WORDS as STRUCTURE
from tests.mappings.generated import PAGE, files

TEXT = (Path(__file__).parents[3] / PAGE).read_text(encoding="utf-8")


def test_the_page_is_fresh() -> None:
    assert files()[PAGE] == TEXT, "type: .venv/bin/python -m tests.architecture.generated"


def test_the_page_names_every_word_and_function() -> None:
    for word in (*WORDS, *STRUCTURE):
        assert f"`{word}" in TEXT, word
    for name in FUNCTIONS:
        assert f"#### `{name}" in TEXT, name


def test_the_mappings_on_the_page_load() -> None:
    found = re.findall(r"```yaml\n(mapping:.*?)```", TEXT, re.DOTALL)
    assert found
    for text in found:
        assert lint(text, "page.yaml") == []
