"""Tables of the lane."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    for make in (
        make_business_key,
        make_cases,
        make_document,
        make_effect,
        make_hold,
        make_message,
        make_message_chunk,
        make_occurrence,
        make_partition,
        make_technical,
        make_work,
    ):
        make()


def make_business_key() -> None:
    op.create_table(
        "business_key",
        sa.Column("k", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=True),
        sa.Column("document", sa.BigInteger(), nullable=True),
        sa.Column("v", sa.Text(), nullable=True),
        sa.Column("full_document", sa.BigInteger(), nullable=True),
        sa.Column("full_s", sa.LargeBinary(), nullable=True),
        sa.Column("full_f", sa.LargeBinary(), nullable=True),
        sa.Column("full_inputs", sa.Text(), nullable=True),
        sa.Column("change_document", sa.BigInteger(), nullable=True),
        sa.Column("change_s", sa.LargeBinary(), nullable=True),
        sa.Column("change_f", sa.LargeBinary(), nullable=True),
        sa.Column("change_inputs", sa.Text(), nullable=True),
        sa.Column("kseq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("n", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held_since", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("k", name=op.f("pk_business_key")),
    )


def make_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("k", sa.Text(), nullable=True),
        sa.Column("document", sa.BigInteger(), nullable=False),
        sa.Column("against", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("diff", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cases_document", "cases", ["document"], unique=False)
    op.create_index("ix_cases_state", "cases", ["state", "id"], unique=False)


def make_document() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("t", sa.Text(), nullable=True),
        sa.Column("k", sa.Text(), nullable=True),
        sa.Column("s", sa.LargeBinary(), nullable=False),
        sa.Column("v", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("of", sa.BigInteger(), nullable=True),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("corrects", sa.BigInteger(), nullable=True),
        sa.Column("way", sa.Text(), server_default="", nullable=False),
        sa.Column("accepted_against", sa.BigInteger(), nullable=True),
        sa.Column("counted", sa.Text(), nullable=False),
        sa.Column("f", sa.LargeBinary(), nullable=True),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("findings", sa.LargeBinary(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("counterparty", sa.Text(), server_default="", nullable=False),
        sa.Column("stake", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index("ix_document_key", "document", ["k", "id"], unique=False)
    op.create_index(
        "ix_document_line",
        "document",
        ["k"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_document_message", "document", ["message"], unique=False)
    op.create_index(
        "ix_document_waiting",
        "document",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def make_effect() -> None:
    op.create_table(
        "effect",
        sa.Column("document", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("effect_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("k", sa.Text(), nullable=False),
        sa.Column("kseq", sa.BigInteger(), nullable=False),
        sa.Column("v", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("document", "effect_no", name=op.f("pk_effect")),
        sa.UniqueConstraint("k", "kseq", name=op.f("uq_effect_k_kseq")),
    )


def make_hold() -> None:
    op.create_table(
        "hold",
        sa.Column("owner_kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("cause_key", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("owner_kind", "owner", "cause", "cause_key", name=op.f("pk_hold")),
    )
    op.create_index("ix_hold_cause", "hold", ["cause", "cause_key"], unique=False)


def make_message() -> None:
    op.create_table(
        "message",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("delivery_id", sa.Text(), nullable=True),
        sa.Column("sha", sa.LargeBinary(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("chunks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("origin", sa.Text(), server_default="", nullable=False),
        sa.Column("headers", sa.Text(), server_default="{}", nullable=False),
        sa.Column("route", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=True),
        sa.Column("inputs", sa.Text(), nullable=True),
        sa.Column("corrects", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_message")),
        sa.UniqueConstraint("system", "delivery_id", "sha", name=op.f("uq_message_system_delivery_id_sha")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_message_received", "message", ["system", "received_at"], unique=False)
    op.create_index("ix_message_sha", "message", ["sha"], unique=False)


def make_message_chunk() -> None:
    op.create_table(
        "message_chunk",
        sa.Column("message", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("message", "n", name=op.f("pk_message_chunk")),
    )


def make_occurrence() -> None:
    op.create_table(
        "occurrence",
        sa.Column("k", sa.Text(), nullable=False),
        sa.Column("s", sa.LargeBinary(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("k", "s", "number", name=op.f("pk_occurrence")),
    )


def make_partition() -> None:
    op.create_table(
        "partition",
        sa.Column("p", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("p", name=op.f("pk_partition")),
    )


def make_technical() -> None:
    op.create_table(
        "technical",
        sa.Column("t", sa.Text(), nullable=False),
        sa.Column("k", sa.Text(), nullable=False),
        sa.Column("s", sa.LargeBinary(), nullable=False),
        sa.Column("document", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("t", "k", "s", name=op.f("pk_technical")),
    )


def make_work() -> None:
    op.create_table(
        "work",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("ref", sa.BigInteger(), nullable=True),
        sa.Column("k", sa.Text(), nullable=True),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("woken_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_work")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_work_partition", "work", ["partition", "seq"], unique=False)
