"""Configuration and library for commands that need no store: what ``hub.yaml`` says, or the library alone where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from adapters.base import Format
from hub.config import Config, load
from hub.plugins import Library, formats, receivers, senders


def load_config(file: Path) -> Config:
    """``hub.yaml`` with the settings types of every transport there is."""
    kinds = ({name: one.settings_type for name, one in found.items()} for found in (receivers(), senders()))
    return load(file, *kinds)


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
