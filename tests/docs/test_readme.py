"""The README shows what is there."""

from __future__ import annotations

import re
from pathlib import Path

import hub.cli.app as commands
from hub.plugins import formats, receivers, senders
from tests.docs.bench import LIBRARY

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_mapping_that_is_shown_is_the_one_of_the_library() -> None:
    text = (LIBRARY / "wms" / "stock.yaml").read_text("utf-8")
    shown = re.findall(r"^```yaml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert shown == [text[text.index("mapping:") : text.index("examples:")]]


def test_connectors_and_formats_that_are_named_are_all_there_are() -> None:
    named = README[README.index("This release has the connectors") : README.index("## What a mapping")]
    assert set(re.findall(r"`(\w+)`", named)) == {*receivers(), *senders()}
    assert [word for word in ("IDoc", "X12", "delimited", "JSON") if word not in named] == []
    assert set(formats()) == {"idoc", "x12", "delimited", "json", "canonical"}


def test_packages_of_later_steps_are_not_installed() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    later = [name for name in ("zeep", "oracledb", "pyrfc") if f"`{name}`" in README]
    assert later == ["zeep", "oracledb", "pyrfc"]
    assert [name for name in later if re.search(rf"^{name}==", lock, re.MULTILINE)] == []


def test_commands_of_the_documents_exist() -> None:
    known = {command.name or command.callback.__name__ for command in commands.app.registered_commands if command.callback}
    known |= {group.name for group in commands.app.registered_groups if group.name}
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    used = {word for page in pages for word in re.findall(r"(?:^|`)hub ([a-z]+)\b", page.read_text(encoding="utf-8"), re.MULTILINE)}
    assert used - known == set()
