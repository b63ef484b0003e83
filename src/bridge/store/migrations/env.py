"""Run by alembic: migrations go over the connection that `bridge.store.migrate` hands in."""

from alembic import context

from bridge.store.schema import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
