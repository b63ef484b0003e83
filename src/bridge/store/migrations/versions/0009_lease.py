"""Who works at which place, where several workers share a store."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("until", sa.BigInteger),
        sa.Column("read_at", sa.BigInteger),
    )


def downgrade() -> None:
    op.drop_table("lease")
