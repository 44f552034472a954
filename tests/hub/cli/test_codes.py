"""``hub codes``: what is set, exported, ended and told of a code, over the store alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from canonical_model.problems import Reject
from hub.cli import beginning, codes
from hub.cli.output import Output


@pytest.fixture
def config(tmp_path: Path) -> Path:
    beginning.init(tmp_path, Output(True))
    return tmp_path / "hub.yaml"


def set_code(config: Path, code: str, canonical: str) -> int:
    return codes.codes_set("unit", "agent-example", code, canonical, {}, "1/1", False, "anna", config, Output(True))


def test_a_code_that_is_ended_stays_in_the_history_and_leaves_the_export(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert set_code(config, "012", "CS") == 0
    assert codes.codes_retire("unit", "agent-example", "012", "", "bert", config, Output(True)) == 0
    capsys.readouterr()
    codes.codes_history("unit", "agent-example", "012", config, Output(True))
    assert '"until":2' in capsys.readouterr().out
    codes.codes_export(None, None, config)
    assert "012" not in capsys.readouterr().out
    codes.codes_export(None, 1, config)
    assert "unit,agent-example,012,CS" in capsys.readouterr().out


def test_what_is_not_there_cannot_be_ended(config: Path) -> None:
    with pytest.raises(Reject, match="no row for 'XX'"):
        codes.codes_retire("unit", "agent-example", "XX", "", "bert", config, Output(True))
