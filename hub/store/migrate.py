"""Migrations by Alembic over the one metadata. The embedded store upgrades itself after a copy of its file.

``hub/store/migrations/versions`` holds one file a step; a service's tables have steps of their own. A test compares what they make
with the metadata.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from canonical_model.problems import Misconfigured
from hub.store import schema

HERE = Path(__file__).parent / "migrations"


def script() -> ScriptDirectory:
    """The steps there are."""
    return ScriptDirectory(str(HERE))


def newest() -> tuple[str, ...]:
    """The newest step (one a branch)."""
    return tuple(sorted(script().get_heads()))


def at(connection: Connection) -> tuple[str, ...]:
    """Where a database stands; empty: it has no tables of ours."""
    return tuple(sorted(MigrationContext.configure(connection).get_current_heads()))


def refuse_newer(found: tuple[str, ...], at: str = "hub.store") -> None:
    """Raise Misconfigured where a database stands at steps that this release does not know."""
    known = {step.revision for step in script().walk_revisions()}
    unknown = [name for name in found if name not in known]
    if unknown:
        fact = f"the store was written by a newer release (migration {', '.join(unknown)})"
        raise Misconfigured(fact, at=at, fix="start that release, or go back to the copy made before its upgrade")


def refuse_others(found: tuple[str, ...], at: str) -> None:
    """Raise Misconfigured where a database that nobody upgrades by starting is not at the steps of this release."""
    refuse_newer(found, at)
    if found != newest():
        fact = f"its tables are of an earlier release (migration {', '.join(found)})" if found else "it has no tables of the hub yet"
        raise Misconfigured(f"the store cannot be opened: {fact}", at=at, fix="stop every process of the hub, then: hub migrate")


def upgrade(connection: Connection, target: str = "heads") -> None:
    """Bring a database up to a step, within the caller's transaction."""
    refuse_newer(at(connection))
    steps = script()
    config = Config()
    config.set_main_option("script_location", str(HERE))

    def run(revision: Any, context: MigrationContext) -> Any:
        return steps._upgrade_revs(target, revision)

    with EnvironmentContext(config, steps, fn=run, destination_rev=target) as environment:
        environment.configure(connection=connection, target_metadata=schema.metadata, transaction_per_migration=False)
        environment.run_migrations()


def differences(connection: Connection) -> list[Any]:
    """What the metadata says and the database does not have, or the other way round."""
    from alembic.autogenerate import compare_metadata

    return list(compare_metadata(MigrationContext.configure(connection), schema.metadata))
