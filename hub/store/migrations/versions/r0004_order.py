"""Tables of the order service."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    for make in (
        make_order_lines,
        make_orders,
    ):
        make()


def make_order_lines() -> None:
    op.create_table(
        "order_lines",
        sa.Column("order_key", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("stock_item", sa.Text(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("base_unit", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("ordered", sa.BigInteger(), nullable=False),
        sa.Column("open", sa.BigInteger(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), nullable=False),
        sa.Column("backordered", sa.BigInteger(), nullable=False),
        sa.Column("released", sa.BigInteger(), nullable=False),
        sa.Column("shipped", sa.BigInteger(), nullable=False),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("invoiced", sa.BigInteger(), nullable=False),
        sa.Column("over", sa.BigInteger(), nullable=False),
        sa.Column("cancelled", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.Text(), nullable=False),
        sa.Column("rejected", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.CheckConstraint(
            '"open" >= 0 and "allocated" >= 0 and "backordered" >= 0 and "released" >= 0 and '
            '"shipped" >= 0 and "delivered" >= 0 and "invoiced" >= 0 and "over" >= 0 and "cancelled" >= 0',
            name=op.f("ck_order_lines_not_negative"),
        ),
        sa.CheckConstraint("backordered <= open and released <= allocated", name=op.f("ck_order_lines_parts")),
        sa.CheckConstraint("ordered = open + allocated + shipped + cancelled", name=op.f("ck_order_lines_equation")),
        sa.PrimaryKeyConstraint("order_key", "line", name=op.f("pk_order_lines")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "order_lines_waiting",
        "order_lines",
        ["stock_item"],
        unique=False,
        sqlite_where=sa.text("backordered > 0"),
        postgresql_where=sa.text("backordered > 0"),
    )


def make_orders() -> None:
    op.create_table(
        "orders",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("buyer", sa.Text(), nullable=False),
        sa.Column("seller", sa.Text(), nullable=False),
        sa.Column("ship_to", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("parties", sa.Text(), nullable=False),
        sa.Column("requested_on", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("held", sa.Text(), nullable=False),
        sa.Column("document", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_orders")),
        sqlite_with_rowid=False,
    )
    op.create_index("orders_buyer", "orders", ["buyer", "created_at"], unique=False)
    op.create_index("orders_number", "orders", ["number"], unique=False)
    op.create_index("orders_reference", "orders", ["reference"], unique=True)
