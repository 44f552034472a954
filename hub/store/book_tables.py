"""Tables of what translation depends on and of what people did: codes, inputs, mapping texts, definitions, audit, counters."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, text

from hub.store.schema import Id, identity, metadata

codebook = Table(
    "codebook",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", BigInteger, nullable=False),
)
revision = Table(
    "revision",
    metadata,
    Column("revision", Id, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("what", Text, nullable=False, server_default=""),
    Index("ix_revision_at", "at"),
)
code = Table(
    "code",
    metadata,
    identity("row"),
    Column("tab", Text, nullable=False),
    Column("code_set", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("context", Text, nullable=False, server_default=""),
    Column("canonical", Text, nullable=False),
    Column("level", Text, nullable=False, server_default=""),
    Column("extension", Text, nullable=False, server_default=""),
    Column("numerator", BigInteger, nullable=False, server_default="1"),
    Column("denominator", BigInteger, nullable=False, server_default="1"),
    Column("preferred", Integer, nullable=False, server_default="0"),
    Column("direction", Text, nullable=False, server_default="both"),
    Column("valid_from", Text, nullable=False, server_default=""),
    Column("valid_to", Text, nullable=False, server_default=""),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Index("ix_code_code", "tab", "code_set", "code", "context"),
    Index("ix_code_since", "since"),
    Index("ix_code_until", "until", sqlite_where=text("until IS NOT NULL"), postgresql_where=text("until IS NOT NULL")),
    sqlite_autoincrement=True,
)
code_set = Table(
    "code_set",
    metadata,
    Column("name", Text, primary_key=True),
    Column("parent", Text, nullable=False),
    Column("since", BigInteger, primary_key=True, autoincrement=False),
)
release_job = Table(
    "release_job",
    metadata,
    identity(),
    Column("cause", Text, nullable=False),
    Column("cause_key", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
inputs = Table(
    "inputs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
mapping_text = Table(
    "mapping_text",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("identity", Text, nullable=False, server_default=""),
    Column("at", BigInteger, nullable=False),
)
mapping_active = Table(
    "mapping_active",
    metadata,
    identity(),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_mapping_active_name", "name", "id"),
    sqlite_autoincrement=True,
)
definition = Table(
    "definition",
    metadata,
    identity(),
    Column("format", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_definition_name", "format", "name", "id"),
    sqlite_autoincrement=True,
)
audit = Table(
    "audit",
    metadata,
    identity(),
    Column("at", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", LargeBinary),
    Column("why", Text, nullable=False, server_default=""),
    Index("ix_audit_at", "at"),
    sqlite_autoincrement=True,
)
number = Table(
    "number",
    metadata,
    Column("value", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("document", Id, primary_key=True, autoincrement=False),
    Index("ix_number_document", "document"),
)
counter = Table(
    "counter",
    metadata,
    Column("route", Text, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("minute", BigInteger, primary_key=True, autoincrement=False),
    Column("worker", Text, primary_key=True),
    Column("entered", BigInteger, nullable=False),
    Column("left", BigInteger, nullable=False),
)
feed = Table(
    "feed",
    metadata,
    identity(),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("ref", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("route", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,
)
