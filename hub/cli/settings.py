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
    """Formats with the definitions of the configured folders."""
    if not file.exists():
        return formats()
    config = load_config(file)
    files = (path for folder in config.hub.folders.definitions for path in sorted(config.path(folder).glob("*")) if path.is_file())
    return formats({path.name: path.read_text("utf-8") for path in files})
