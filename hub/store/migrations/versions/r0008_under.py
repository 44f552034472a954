"""Under which configuration a hold came to be, so that a start looks again only at what another one held."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision: str | None = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; holds of before have none, and are looked at by the next start."""
    op.add_column("hold", sa.Column("under", sa.Text(), nullable=True))
