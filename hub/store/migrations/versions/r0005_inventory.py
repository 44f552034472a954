"""Tables of the inventory service."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision: str | None = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    for make in (
        make_inventory_balances,
        make_inventory_demands,
        make_inventory_ledger,
        make_inventory_lots,
        make_inventory_reservations,
        make_inventory_stock,
    ):
        make()


def make_inventory_balances() -> None:
    op.create_table(
        "inventory_balances",
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity >= 0 or state <> 'reserved'", name=op.f("ck_inventory_balances_reserved")),
        sa.PrimaryKeyConstraint("location", "item", "owner", "lot", "state", name=op.f("pk_inventory_balances")),
        sqlite_with_rowid=False,
    )


def make_inventory_demands() -> None:
    op.create_table(
        "inventory_demands",
        sa.Column("order_key", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("seller", sa.Text(), nullable=False),
        sa.Column("ship_to", sa.Text(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("order_key", name=op.f("pk_inventory_demands")),
        sqlite_with_rowid=False,
    )
    op.create_index("inventory_demands_number", "inventory_demands", ["number"], unique=False)
    op.create_index("inventory_demands_reference", "inventory_demands", ["reference"], unique=False)


def make_inventory_ledger() -> None:
    op.create_table(
        "inventory_ledger",
        sa.Column("document", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("effect", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("from_location", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=False),
        sa.Column("to_location", sa.Text(), nullable=False),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("order_key", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_inventory_ledger_positive")),
        sa.PrimaryKeyConstraint("document", "effect", name=op.f("pk_inventory_ledger")),
        sqlite_with_rowid=False,
    )
    op.create_index("inventory_ledger_item", "inventory_ledger", ["item", "at"], unique=False)


def make_inventory_lots() -> None:
    op.create_table(
        "inventory_lots",
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("item", "lot", name=op.f("pk_inventory_lots")),
    )


def make_inventory_reservations() -> None:
    op.create_table(
        "inventory_reservations",
        sa.Column("order_key", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_inventory_reservations_not_negative")),
        sa.PrimaryKeyConstraint("order_key", "line", "item", "location", "owner", "lot", name=op.f("pk_inventory_reservations")),
        sqlite_with_rowid=False,
    )


def make_inventory_stock() -> None:
    op.create_table(
        "inventory_stock",
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("source", sa.Boolean(), nullable=False),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("item", "location", name=op.f("pk_inventory_stock")),
        sqlite_with_rowid=False,
    )
