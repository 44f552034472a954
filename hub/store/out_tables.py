"""Tables of what leaves: the outbox of channel ``canonical``, deliveries with their attempts, numbers, circuits."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text, UniqueConstraint, text

from hub.store.schema import Id, identity, metadata

OPEN = text("state IN ('pending', 'sending', 'uncertain')")

outbox = Table(
    "outbox",
    metadata,
    identity(),
    Column("channel", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("k", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
published = Table(
    "published",
    metadata,
    Column("k", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("type", Text, nullable=False),
    Column("document", BigInteger, nullable=False),
    Column("body", LargeBinary),
    Column("at", BigInteger, nullable=False),
)
delivery = Table(
    "delivery",
    metadata,
    identity(),
    Column("subscription", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("document", BigInteger, nullable=False),
    Column("effect_no", Integer, nullable=False),
    Column("k", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("party", Text, nullable=False, server_default=""),
    Column("body", LargeBinary, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("assigned", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("next_at", BigInteger, nullable=False),
    Column("owner", Text),
    Column("payload", LargeBinary),
    Column("name", Text, nullable=False, server_default=""),
    Column("content_type", Text, nullable=False, server_default=""),
    Column("headers", Text, nullable=False, server_default="{}"),
    Column("receipt", Text),
    Column("detail", Text, nullable=False, server_default=""),
    Column("again", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("sent_at", BigInteger),
    Column("settled_at", BigInteger),
    UniqueConstraint("subscription", "document", "effect_no"),
    Index("ix_delivery_open", "subscription", "id", sqlite_where=OPEN, postgresql_where=OPEN),
    Index("ix_delivery_document", "document"),
    Index("ix_delivery_key", "subscription", "k", "id"),
    sqlite_autoincrement=True,
)
delivery_number = Table(
    "delivery_number",
    metadata,
    Column("system", Text, primary_key=True),
    Column("scheme", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("delivery", Id, primary_key=True, autoincrement=False),
)
attempt = Table(
    "attempt",
    metadata,
    Column("delivery", Id, primary_key=True, autoincrement=False),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("owner", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("outcome", Text),
    Column("detail", Text, nullable=False, server_default=""),
)
acknowledgement = Table(
    "acknowledgement",
    metadata,
    Column("document", Id, primary_key=True, autoincrement=False),
    Column("delivery", Id, primary_key=True, autoincrement=False),
    Column("status", Text, nullable=False),
    Column("errors", LargeBinary),
    Column("at", BigInteger, nullable=False),
    Index("ix_acknowledgement_delivery", "delivery"),
)
sequence = Table(
    "sequence",
    metadata,
    Column("name", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
)
circuit = Table(
    "circuit",
    metadata,
    Column("subscription", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("open_until", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
)
