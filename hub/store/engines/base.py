"""What a database under the store must give: two engines, a gate, its errors sorted, locks that die with their process."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from canonical_model.problems import HubError
from hub.store.locks import Locks


class Refused(HubError):
    """The database refused a row: what nobody foresaw. The window is halved until the guilty document stands alone."""


class StoreFault(HubError):
    """The database fails in a way that neither waiting nor another window mends (disk full, a table missing, no right to it):
    the worker stops and says so. No document is to blame, so none is held."""


class Database(Protocol):
    """One database. ``writer`` gives connections for units of work, ``reader`` for looks at one state of the store, ``locks``
    are those between processes."""

    writer: Engine
    reader: Engine

    @property
    def locks(self) -> Locks: ...

    def gate(self) -> AbstractContextManager[object]:
        """Entered by every unit of work: embedded, one writer a process at a time."""

    def examine(self) -> None:
        """Raise Misconfigured when the store cannot be kept there, before anything is made."""

    def create(self) -> None:
        """Make an empty place for the tables."""

    def open(self) -> None:
        """Raise Misconfigured unless the tables are those of this release; embedded, they are upgraded first."""

    def migrate(self) -> tuple[str, ...]:
        """Bring the tables to this release; gives the steps at which they stood before."""

    def copy(self, target: Path) -> None:
        """Write a consistent copy of the store, which may be in use. Raises Misconfigured where the database has its own way."""

    def others(self) -> list[str]:
        """Who else of the hub uses the store now, in words for people; asked before this process has a session of its own."""

    def sorted(self, error: BaseException) -> HubError | None:
        """What the hub does next about an error of the database: Retry, Refused, StoreFault; None: it is no error of it."""

    def close(self) -> None:
        """Give back every connection."""
