"""Migrations by Alembic over the one metadata. The embedded store upgrades itself after a copy of its file.

``hub/store/migrations/versions`` holds one file a step; a service's tables have steps of their own. A test compares what they make
with the metadata. The first digit of a step's name is its generation: within one, steps only add, so that a process of the release
before goes on beside it and may be started again on it. A step that takes away or changes begins a new one (a test looks).
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from canonical_model.problems import Misconfigured
from hub.signals import reach
from hub.store import schema

log = logging.getLogger(__name__)
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


def generation(step: str) -> str:
    """Of a step's name: ``0`` of ``0007``."""
    return step[:1]


def unknown(found: tuple[str, ...]) -> list[str]:
    """Steps of a newer release."""
    known = {step.revision for step in script().walk_revisions()}
    return [name for name in found if name not in known]


def refuse_newer(found: tuple[str, ...], at: str = "hub.store") -> None:
    """Raise Misconfigured where a database stands at steps that this release does not know and cannot live with."""
    ours = {generation(step) for step in newest()}
    beyond = [name for name in unknown(found) if generation(name) not in ours]
    if beyond:
        fact = f"the store was written by a newer release (migration {', '.join(beyond)})"
        raise Misconfigured(fact, at=at, fix="start that release, or go back to the copy made before its upgrade")


def fits(found: tuple[str, ...]) -> bool:
    """Whether this release works on a database at these steps, which ``refuse_newer`` let pass: its own, or newer ones that add."""
    if added := unknown(found):
        log.warning("the store's tables are of a newer release (migration %s), which only added to this one's", ", ".join(added))
    return found == newest() or bool(added)


def needing_a_stop(found: tuple[str, ...]) -> list[str]:
    """Steps still to be made that processes of the release before do not survive; none where there are no tables yet."""
    if not found or unknown(found):
        return []
    missing = script().iterate_revisions("heads", found[0])
    return sorted(step.revision for step in missing if generation(step.revision) != generation(found[0]))


def refuse_others(found: tuple[str, ...], at: str) -> None:
    """Raise Misconfigured where a database that nobody upgrades by starting is at steps that this release cannot work on."""
    refuse_newer(found, at)
    if not fits(found):
        fact = f"its tables are of an earlier release (migration {', '.join(found)})" if found else "it has no tables of the hub yet"
        raise Misconfigured(f"the store cannot be opened: {fact}", at=at, fix="hub migrate")


def upgrade(connection: Connection, target: str = "heads") -> None:
    """Bring a database up to a step, within the caller's transaction."""
    found = at(connection)
    refuse_newer(found)
    if unknown(found):
        return
    steps = script()
    config = Config()
    config.set_main_option("script_location", str(HERE))

    def run(revision: Any, context: MigrationContext) -> Any:
        return steps._upgrade_revs(target, revision)

    with EnvironmentContext(config, steps, fn=run, destination_rev=target) as environment:
        environment.configure(
            connection=connection, target_metadata=schema.metadata, transaction_per_migration=False, on_version_apply=_stepped
        )
        environment.run_migrations()


def _stepped(ctx: Any, step: Any, heads: Any, run_args: Any) -> None:
    log.info("the store's tables are brought up to migration %s", step.up_revision_id)
    reach("migrate.step")


def differences(connection: Connection) -> list[Any]:
    """What the metadata says and the database does not have, or the other way round."""
    from alembic.autogenerate import compare_metadata

    return list(compare_metadata(MigrationContext.configure(connection), schema.metadata))
