"""Rows of a store as a command prints them with ``--json``: their column names are the database library's own texts."""

from __future__ import annotations

import orjson
import pytest
from sqlalchemy.sql import quoted_name

from hub.cli.output import Output


def test_names_of_columns_are_written_as_names(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    Output(True).table([{quoted_name("until", None): 1}], "until")
    assert orjson.loads(capfdbinary.readouterr().out) == {"until": 1}
