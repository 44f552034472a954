"""A word that an option does not know is refused, never taken for "nothing found"."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from hub.cli.app import app


@pytest.mark.parametrize("words", [("--by", "caus"), ("--cause", "missing_cod")])
def test_an_unknown_cause_is_wrong_use(words: tuple[str, str]) -> None:
    result = CliRunner().invoke(app, ["holds", *words])
    assert result.exit_code == 2
    assert "is not one of" in result.output
