"""Read ``hub.yaml`` and check all of it: one run tells everything that is wrong, each with its line and its fix."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from canonical_model.problems import Misconfigured
from connectors.base import Secret, Settings
from hub.config import checks
from hub.config.blocks import CodeSet, HubBlock, Root, System
from hub.config.lines import BLOCKS, entries, fill, split, words
from hub.config.located import located
from hub.config.text import Marked, Path, read
from hub.config.words import explain, known_words, without_nulls
from mappings.language.faults import Faults, Lint, did_you_mean

Model = TypeVar("Model", bound=BaseModel)


class ConfigFault(Misconfigured):
    """The configuration does not load. ``lints`` are all that stands against it, first line first."""

    def __init__(self, lints: Sequence[Lint]) -> None:
        self.lints = tuple(sorted(lints, key=lambda lint: lint.at))
        super().__init__(f"{len(self.lints)} {'thing is' if len(self.lints) == 1 else 'things are'} wrong in {self.lints[0].at.file}")

    def __str__(self) -> str:
        return "\n".join([self.fact, *(f"  {lint}" for lint in self.lints)])


@dataclass(frozen=True, slots=True)
class Config:
    """A loaded configuration. ``hash`` names it (messages carry it), ``text`` is what is hashed: canonical JSON with
    references to secrets, never secrets. ``folder`` is where ``hub.yaml`` lies; relative paths count from there."""

    hub: HubBlock
    systems: Mapping[str, System]
    code_sets: Mapping[str, CodeSet]
    services: Mapping[str, BaseModel]
    hash: str
    text: bytes
    folder: File

    def parents(self) -> dict[str, str]:
        """Code set -> the one that is asked when it is silent; nothing for one that stands in ``code_sets`` without a parent."""
        return {name: block.parent or "" for name, block in self.code_sets.items()}

    def path(self, relative: File) -> File:
        """A path of the configuration as an absolute one."""
        return (self.folder / relative).resolve()

    def store_url(self) -> str:
        """The store's address with its secrets; a relative SQLite file counts from the folder of ``hub.yaml``."""
        url = revealed(self.hub.store, self.folder)
        scheme, slashes, name = url.partition(":///")
        if scheme.split("+")[0] != "sqlite" or not slashes or name in ("", ":memory:"):
            return url
        return f"{scheme}:///{self.path(File(name))}"

    def channels_url(self) -> str | None:
        """The broker's address with its secrets; None where the database carries the channels."""
        return None if self.hub.channels == "local" else revealed(self.hub.channels, self.folder)

    def store_file(self) -> File | None:
        """Where the embedded store lies; None where the store is a database server's."""
        scheme, _, name = self.store_url().partition(":///")
        return File(name) if scheme.split("+")[0] == "sqlite" else None


def revealed(text: str, folder: File) -> str:
    """A text that may be a reference to a secret; a relative file counts from ``folder``."""
    return located(Secret(text), folder).reveal() if text.startswith(("env:", "file:")) else text


def load(
    file: File,
    receivers: Mapping[str, type[Settings]],
    senders: Mapping[str, type[Settings]],
    services: Mapping[str, type[BaseModel]] | None = None,
) -> Config:
    """Read a configuration file. Raises ConfigFault with everything that is wrong.

    ``receivers`` and ``senders``: kind of connector -> its settings type in ``in:`` and in ``out:``; ``services``: name ->
    its settings type. Only the composition root knows them.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"the configuration cannot be read: {error}", at=str(file), fix="hub init writes one to begin with") from None
    return parse(text, receivers, senders, services, file=file)


def parse(
    text: str,
    receivers: Mapping[str, type[Settings]],
    senders: Mapping[str, type[Settings]],
    services: Mapping[str, type[BaseModel]] | None = None,
    *,
    file: File = File("hub.yaml"),
) -> Config:
    """The same from text; ``file`` names it in errors and is where relative paths count from."""
    faults = Faults()
    marked = read(text, file.name, faults)
    if not marked.value and faults.lints:
        raise ConfigFault(faults.lints)
    canonical = orjson.dumps(marked.value, option=orjson.OPT_SORT_KEYS)
    folder = file.absolute().parent
    root, blocks = Reader(marked, faults, {"in": receivers, "out": senders}, services or {}, folder).read()
    if faults.lints or root is None:
        raise ConfigFault(faults.lints)
    digest = hashlib.sha256(canonical).hexdigest()[:32]
    return Config(root.hub, root.systems, root.code_sets, blocks, digest, canonical, folder)


class Reader:
    """Checks the plain values of one text against the types; every fault is noted, none is raised."""

    def __init__(
        self,
        marked: Marked,
        faults: Faults,
        connectors: Mapping[str, Mapping[str, type[Settings]]],
        services: Mapping[str, type[BaseModel]],
        folder: File,
    ) -> None:
        self.marked, self.faults, self.connectors, self.services, self.folder = marked, faults, connectors, services, folder

    def read(self) -> tuple[Root | None, dict[str, BaseModel]]:
        """(the blocks or None, the services' settings by name, defaults where a service has no block)."""
        plain = copy.deepcopy(self.marked.value)
        for path, side, line in entries(plain.get("systems")):
            self._take_settings(path, side, line)
        fill(plain)
        blocks = self._services(plain.get("services", {}))
        root = self.validated(Root, plain, ())
        if root is not None:
            checks.across(root, self._note)
        return root, blocks

    def validated(self, model: type[Model], value: Any, path: Path, also: frozenset[str] = frozenset()) -> Model | None:
        """The value as ``model``, or None with every fault noted. ``also``: further words allowed there, for suggestions."""
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                where = (*path, *detail["loc"])
                fact, fix = explain(detail, sorted(known_words(model, detail["loc"]) | also))
                self.faults.add(self.marked.at(where), f"{_dotted(where)}: {fact}", fix)
            return None

    def _take_settings(self, path: Path, side: str, line: dict[str, Any]) -> None:
        """Replace a line's foreign words by the connector's validated settings."""
        ours, theirs = split(line, side)
        kind, known = ours.get("connector"), self.connectors[side]
        if isinstance(kind, str) and kind not in known:
            does = {"in": "receives", "out": "sends"}[side]
            self._note((*path, "connector"), f"there is no connector {kind!r} that {does}", did_you_mean(kind, known))
        elif isinstance(kind, str):
            made = self.validated(known[kind], without_nulls(known[kind], theirs), path, words(BLOCKS[side]) - {"settings"})
            ours["settings"] = located(made, self.folder) if made else Settings()
            checks.secrets(ours["settings"], path, self._note)
        line.clear()
        line.update(ours)

    def _services(self, given: Any) -> dict[str, BaseModel]:
        given = given if isinstance(given, dict) else {}
        for name in given.keys() - self.services.keys():
            self._note(("services", name), f"there is no service {name!r}", did_you_mean(name, self.services))
        made = {name: self.validated(model, given.get(name, {}), ("services", name)) for name, model in self.services.items()}
        return {name: block for name, block in made.items() if block is not None}

    def _note(self, path: Path, fact: str, fix: str = "") -> None:
        self.faults.add(self.marked.at(path), f"{_dotted(path)}: {fact}", fix)


def _dotted(path: Path) -> str:
    return ".".join(str(part) for part in path) or "hub.yaml"
