"""The command line. ``main`` is the entry point; each command's work is in a module of its own, imported when it is called,

so that what needs no store (read, translate, lint, map) imports no database, broker or web library.
"""

from __future__ import annotations

from hub.cli.app import main

__all__ = ["main"]
