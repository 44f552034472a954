"""No traceback reaches a user: what a command did not foresee is told as fact and fix, with ``--json`` as one object."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from hub.cli import app
from hub.cli.output import Exit

HUB = 'hub: {store: "sqlite:///hub.db"}\n'


@pytest.mark.parametrize(
    ("words", "fact"),
    [
        (["message", "9" * 23], "too large"),
        (["codes", "export", "no/such/folder/x.csv"], "No such file"),
        (["resubmit", "1", "--edit", "missing.bin"], "No such file"),
    ],
)
def test_what_was_not_foreseen_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], words: list[str], fact: str
) -> None:
    (tmp_path / "hub.yaml").write_text(HUB)
    monkeypatch.chdir(tmp_path)
    json = [] if "export" in words else ["--json"]
    monkeypatch.setattr("sys.argv", ["hub", *words, *json])
    with pytest.raises(SystemExit) as ended:
        app.main()
    said = capfdbinary.readouterr()
    assert ended.value.code == Exit.FAILED
    assert b"Traceback" not in said.out + said.err
    assert fact in (orjson.loads(said.out)["fact"] if json else said.err.decode())
