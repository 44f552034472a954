"""Generated pages are what the program says today, and say what they should."""

from __future__ import annotations

from canonical_model.problems import Cause
from tests.architecture.generated import stale
from tests.docs import causes, generated
from tests.docs.errors import CASES, told
from tests.docs.write_errors import PAGE


def test_pages_are_what_the_program_says_today() -> None:
    assert stale(generated.files()) == []


def test_every_cause_is_in_the_table() -> None:
    assert set(causes.MEANS) == set(Cause)


def test_twelve_errors_are_on_the_page() -> None:
    page = generated.files()[PAGE]
    assert page.count("\n## ") == len(CASES) == 12
    assert "geheim" not in page


def test_what_a_case_says_is_the_same_each_time() -> None:
    assert told(CASES[4]) == told(CASES[4])
