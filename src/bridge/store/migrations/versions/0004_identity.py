"""Identity that a person can decide: what is not the same, old ids of golden records, what waits to be looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("crosswalk", sa.Column("body", sa.LargeBinary(), nullable=True))
    op.create_index(
        "crosswalk_again",
        "crosswalk",
        ["system", "entity"],
        unique=False,
        sqlite_where=sa.text("fingerprint = 'again'"),
        postgresql_where=sa.text("fingerprint = 'again'"),
    )
    op.create_table(
        "separated",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("native_id", sa.Text(), nullable=False),
        sa.Column("golden_id", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("system", "entity", "native_id", "golden_id"),
    )
    op.create_index("separated_golden", "separated", ["entity", "golden_id"], unique=False)
    op.create_table(
        "alias",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("golden_id", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entity", "id"),
    )
    op.create_index("alias_golden", "alias", ["entity", "golden_id"], unique=False)


def downgrade() -> None:
    op.drop_table("alias")
    op.drop_table("separated")
    op.drop_index("crosswalk_again", "crosswalk")
    op.drop_column("crosswalk", "body")
