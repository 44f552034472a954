"""Kept texts: inputs by their id (decision 0001), mapping texts by hash and which is active, uploaded definitions."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select

from hub.store.book_tables import definition, inputs, mapping_active, mapping_text
from hub.store.identity import insert_new
from hub.store.lane_tables import document
from hub.store.unit import UnitOfWork


class MappingText(NamedTuple):
    """A mapping as it was used. ``identity`` is the hash of its key, revision and splitting rules: what makes identities."""

    name: str
    hash: str
    text: str
    identity: str


class Definition(NamedTuple):
    """An uploaded definition: a partial IDoc definition, a grammar."""

    format: str
    name: str
    hash: str
    text: str


def save_inputs(unit: UnitOfWork, id: str, content: str) -> None:
    """Keep what an inputs id stands for, once."""
    insert_new(unit.connection, inputs, [{"id": id, "content": content, "at": unit.now}])


def inputs_of(connection: Connection, id: str) -> str | None:
    """What an inputs id stands for."""
    return connection.execute(select(inputs.c.content).where(inputs.c.id == id)).scalar()


def inputs_like(connection: Connection, prefix: str) -> list[str]:
    """What all ids that begin with ``prefix`` stand for, the newest first."""
    query = select(inputs.c.content).where(inputs.c.id.startswith(prefix, autoescape=True)).order_by(inputs.c.at.desc(), inputs.c.id)
    return [str(content) for content in connection.execute(query).scalars()]


def save_mapping(unit: UnitOfWork, found: MappingText) -> None:
    """Keep a mapping's text by its hash, once."""
    row = {"hash": found.hash, "name": found.name, "text": found.text, "identity": found.identity, "at": unit.now}
    insert_new(unit.connection, mapping_text, [row])


def mapping(connection: Connection, hash: str) -> MappingText | None:
    """A kept mapping text by hash."""
    row = connection.execute(select(mapping_text).where(mapping_text.c.hash == hash)).first()
    return None if row is None else MappingText(row.name, row._mapping["hash"], row.text, row.identity)


def active(connection: Connection, name: str) -> MappingText | None:
    """The active version of a mapping."""
    query = select(mapping_active.c.hash).where(mapping_active.c.name == name).order_by(mapping_active.c.id.desc()).limit(1)
    found = connection.execute(query).scalar()
    return None if found is None else mapping(connection, found)


def actives(connection: Connection) -> dict[str, str]:
    """Name -> hash of the active version of every mapping."""
    newest = select(func.max(mapping_active.c.id)).group_by(mapping_active.c.name)
    rows = connection.execute(select(mapping_active).where(mapping_active.c.id.in_(newest)))
    return {row.name: row._mapping["hash"] for row in rows}


def activate(unit: UnitOfWork, name: str, hash: str, actor: str) -> None:
    """From now on this version translates."""
    unit.connection.execute(insert(mapping_active), {"name": name, "hash": hash, "actor": actor, "at": unit.now})


def waiting_of_routes(connection: Connection, routes: list[str]) -> int:
    """How many documents of routes wait (a promotion that changes identities is refused while there are any)."""
    where = (document.c.state == "waiting") & document.c.route.in_(routes)
    return int(connection.execute(select(func.count()).select_from(document).where(where)).scalar_one())


def add_definition(unit: UnitOfWork, format: str, name: str, text: str, actor: str) -> str:
    """Keep an uploaded definition; the newest of (format, name) wins. Gives its hash."""
    digest = sha256(text.encode()).hexdigest()[:32]
    row = {"format": format, "name": name, "hash": digest, "text": text, "actor": actor, "at": unit.now}
    unit.connection.execute(insert(definition), row)
    return digest


def definitions(connection: Connection) -> list[Definition]:
    """The newest uploaded definition of each (format, name)."""
    rows: Any = connection.execute(select(definition).order_by(definition.c.id))
    newest = {(row.format, row.name): Definition(row.format, row.name, row._mapping["hash"], row.text) for row in rows}
    return list(newest.values())
