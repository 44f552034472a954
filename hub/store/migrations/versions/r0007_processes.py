"""Several processes: who works on a partition. On PostgreSQL besides: how tables are kept that are written all the time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision: str | None = "0006"
branch_labels = None
depends_on = None

PACKED = (
    ("message", "raw"),
    ("message_chunk", "data"),
    ("document", "body"),
    ("published", "body"),
    ("delivery", "body"),
    ("delivery", "payload"),
)
"""Compressed by the hub already: PostgreSQL stores them as they are."""
REWRITTEN = ("business_key", "work", "delivery")
"""Rows changed or deleted soon after they were written: room for the new version in the same page."""
QUEUES = ("work", "outbox", "hold", "business_key")
"""Dead rows by the thousand: cleaned early, for the next look reads past each."""


def upgrade() -> None:
    """Add the owner; set what only PostgreSQL has."""
    op.add_column("partition", sa.Column("owner", sa.Text(), nullable=True))
    if op.get_bind().dialect.name != "postgresql":
        return
    for table, column in PACKED:
        op.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{column}" SET STORAGE EXTERNAL')
    for table in REWRITTEN:
        op.execute(f'ALTER TABLE "{table}" SET (fillfactor = 80)')
    for table in QUEUES:
        words = "autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.02"
        op.execute(f'ALTER TABLE "{table}" SET ({words})')
