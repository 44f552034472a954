"""Configuration and library for commands that need no store: what ``hub.yaml`` says, or the library alone where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from adapters.base import Format
from hub.config import Config, load
from hub.plugins import Library, formats, settings_types

if TYPE_CHECKING:
    from hub.store.database import Store


def load_config(file: Path) -> Config:
    """``hub.yaml`` with the settings types of every transport and service there is."""
    return load(file, *settings_types())


def _is_there(config: Config) -> bool:
    """Whether there is a store to look into: a database server's is made before it is used."""
    place = config.store_file()
    return place is None or place.exists()


def store_of(file: Path) -> Store:
    """The store of a configuration, to look into: nothing else of the hub is built."""
    from hub.store.database import Store as Opened

    return Opened(load_config(file).store_url()).open()


def library_of(file: Path) -> Library:
    """The user's mapping folders before the library; only the library without a configuration."""
    if not file.exists():
        return Library()
    config = load_config(file)
    return Library(tuple(config.path(folder) for folder in config.hub.folders.mappings))


def known_formats(file: Path) -> Mapping[str, Format]:
    """Formats with the definitions of the configured folders; no store is opened."""
    return formats(_definitions(load_config(file))) if file.exists() else formats()


def all_formats(file: Path) -> Mapping[str, Format]:
    """Formats as the running hub has them: also with what ``hub definitions add`` kept, where there is a store already."""
    if not file.exists():
        return formats()
    config = load_config(file)
    return formats(_definitions(config) | (_kept(file) if _is_there(config) else {}))


def _definitions(config: Config) -> dict[str, str]:
    files = (path for folder in config.hub.folders.definitions for path in sorted(config.path(folder).glob("*")) if path.is_file())
    return {path.name: path.read_text("utf-8") for path in files}


def _kept(file: Path) -> dict[str, str]:
    from hub.store import texts

    store = store_of(file)
    try:
        with store.read() as connection:
            return {one.name: one.text for one in texts.definitions(connection)}
    finally:
        store.close()
