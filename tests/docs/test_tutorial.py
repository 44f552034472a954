"""The tutorial does what it says: every command is typed, in order, and says what is shown below it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.docs.steps import steady, steps
from tests.docs.tutorial import PAGE, outcomes

DIFFERS = "sed -i.old"
"""The one step that ends with exit code 1, because a replay differs."""


@pytest.mark.skipif(shutil.which("iconv") is None, reason="the tutorial makes a GBK file with iconv, which is not here")
def test_every_command_of_the_tutorial_says_what_is_shown(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = outcomes(page, tmp_path)
    for step, output, code in found:
        assert code == step.text.startswith(DIFFERS), f"{step.text}\n{output}"
        if step.start is not None:
            assert steady(output) == steady(step.output), f"after: {step.text}; python -m tests.docs.tutorial writes it anew"


def test_marks_and_fences_become_steps() -> None:
    page = "<!-- file: a/b.txt -->\n```yaml\nx: 1\n```\n\n<!-- until: true -->\n"
    page += "```sh\ncat a/b.txt\n```\n```text\nx: 1\n```\n```\nnot run\n```\n"
    saved, waited, said = steps(page)
    assert (saved.kind, saved.word, saved.text) == ("save", "a/b.txt", "x: 1\n")
    assert (waited.kind, waited.text) == ("wait", "true")
    assert (said.kind, said.text, said.output) == ("type", "cat a/b.txt\n", "x: 1\n")


def test_what_varies_is_not_compared() -> None:
    assert steady("id    since\n1     2026-11-25T23:33:15.416364Z  \n") == "id  since\n1  <instant>\n"
