"""Runs are found by age, so that old ones can be forgotten."""

from alembic import op

revision = "0007"
down_revision = "0005"


def upgrade() -> None:
    op.create_index("run_started", "run", ["started"])


def downgrade() -> None:
    op.drop_index("run_started", "run")
