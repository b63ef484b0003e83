"""The durable store: SQLAlchemy Core on SQLite (WAL), the same statements on PostgreSQL."""

from bridge.store.database import Database, open_store

__all__ = ["Database", "open_store"]
