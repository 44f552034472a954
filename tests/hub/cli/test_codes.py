"""``hub codes``: what is set, exported, ended and told of a code, over the store alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from canonical_model.problems import HubError, Reject
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


def test_a_slip_of_the_pen_is_named_and_the_first_row_of_something_new_is_written(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_code(config, "012", "CS")
    capsys.readouterr()
    for table, code_set in (("unit", "agent-exampel"), ("unti", "agent-example"), ("unit", "agent-example")):
        assert codes.codes_set(table, code_set, "013", "CS", {}, "1/1", False, "anna", config, Output(False)) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [
        "revision 2, 0 freed",
        "no system of hub.yaml asks code set 'agent-exampel': did you mean 'agent-example'? hub codes retire takes the row back",
        "revision 3, 0 freed",
        "this is the first row of table 'unti': did you mean 'unit'? hub codes retire takes the row back",
        "revision 4, 0 freed",
    ]


def test_a_file_that_is_not_there_is_no_matter_of_its_charset(config: Path, tmp_path: Path) -> None:
    with pytest.raises(HubError, match="No such file") as told:
        codes.codes_import(tmp_path / "nope.csv", "anna", config, Output(True))
    assert told.value.fix == "check the path and its rights"
    (tmp_path / "gbk.csv").write_bytes("table,code_set,code,canonical\nunit,a,上海,EA\n".encode("gbk"))
    with pytest.raises(HubError, match="cannot be read as UTF-8") as told:
        codes.codes_import(tmp_path / "gbk.csv", "anna", config, Output(True))
    assert told.value.fix == "save it as UTF-8 CSV"
