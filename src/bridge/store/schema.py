"""The tables. `migrations/` builds exactly these; a test compares the two.

Instants are stored as microseconds since 1970 (UTC): exact, ordered and the same in every database. What the engine
reads and writes as a whole (values, provenance) is one JSON column; what is searched or counted is a column of its own.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

from bridge.store.instant import Instant

OPEN = ("pending", "waiting", "held")
TAKEN = ("leased", "in_doubt")


METADATA = MetaData()
BigKey = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself only in an INTEGER key

GOLDEN = Table(
    "golden",
    METADATA,
    Column("entity", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("rev", Integer, nullable=False),
    Column("alive", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
)

CROSSWALK = Table(
    "crosswalk",
    METADATA,
    Column("system", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("native_id", Text, primary_key=True),
    Column("golden_id", Text),
    Column("state", Text, nullable=False),
    Column("linked_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("body", LargeBinary),
    Column("at", Instant, nullable=False),
)
# G4 in the database itself: one golden record is linked to at most one record of a system.
Index(
    "crosswalk_one_per_system",
    CROSSWALK.c.entity,
    CROSSWALK.c.golden_id,
    CROSSWALK.c.system,
    unique=True,
    sqlite_where=text("state = 'linked'"),
    postgresql_where=text("state = 'linked'"),
)
Index("crosswalk_golden", CROSSWALK.c.entity, CROSSWALK.c.golden_id)
Index(
    "crosswalk_review",
    CROSSWALK.c.system,
    CROSSWALK.c.entity,
    sqlite_where=text("state = 'review'"),
    postgresql_where=text("state = 'review'"),
)

AGAIN_WHERE = text("fingerprint = 'again'")
Index(
    "crosswalk_again",
    CROSSWALK.c.system,
    CROSSWALK.c.entity,
    sqlite_where=AGAIN_WHERE,
    postgresql_where=AGAIN_WHERE,
)

CANDIDATE = Table(
    "candidate",
    METADATA,
    Column("system", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("native_id", Text, primary_key=True),
    Column("golden_id", Text, primary_key=True),
)
Index("candidate_golden", CANDIDATE.c.entity, CANDIDATE.c.golden_id)

SEPARATED = Table(
    "separated",
    METADATA,
    Column("system", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("native_id", Text, primary_key=True),
    Column("golden_id", Text, primary_key=True),
    Column("by", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
Index("separated_golden", SEPARATED.c.entity, SEPARATED.c.golden_id)

ALIAS = Table(
    "alias",
    METADATA,
    Column("entity", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("golden_id", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
Index("alias_golden", ALIAS.c.entity, ALIAS.c.golden_id)

SHADOW = Table(
    "shadow",
    METADATA,
    Column("system", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("native_id", Text, primary_key=True),
    Column("golden_id", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("modified", Instant),
    Column("waiting_for", Text),
    Column("seen_at", Instant),
    Column("body", LargeBinary, nullable=False),
)
Index("shadow_golden", SHADOW.c.entity, SHADOW.c.golden_id)
Index(
    "shadow_waiting",
    SHADOW.c.system,
    SHADOW.c.entity,
    sqlite_where=text("waiting_for IS NOT NULL"),
    postgresql_where=text("waiting_for IS NOT NULL"),
)

MATCH_KEY = Table(
    "match_key",
    METADATA,
    Column("entity", Text, primary_key=True),
    Column("rule", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("golden_id", Text, primary_key=True),
)
Index("match_key_golden", MATCH_KEY.c.entity, MATCH_KEY.c.golden_id)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("system", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("golden_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("next_at", Instant),
    Column("lease_until", Instant),
    Column("owner", Text),
    Column("intent", LargeBinary),
    Column("error_code", Text),
    Column("error", Text),
    Column("created_at", Instant, nullable=False),
    sqlite_autoincrement=True,
)
# "One open and one taken entry per (system, record)", proven by the database.
OPEN_WHERE = text("state IN ('pending', 'waiting', 'held')")
TAKEN_WHERE = text("state IN ('leased', 'in_doubt')")
Index(
    "outbox_one_open",
    OUTBOX.c.system,
    OUTBOX.c.entity,
    OUTBOX.c.golden_id,
    unique=True,
    sqlite_where=OPEN_WHERE,
    postgresql_where=OPEN_WHERE,
)
Index(
    "outbox_one_taken",
    OUTBOX.c.system,
    OUTBOX.c.entity,
    OUTBOX.c.golden_id,
    unique=True,
    sqlite_where=TAKEN_WHERE,
    postgresql_where=TAKEN_WHERE,
)
Index("outbox_queue", OUTBOX.c.system, OUTBOX.c.entity, OUTBOX.c.state, OUTBOX.c.id)
Index("outbox_golden", OUTBOX.c.entity, OUTBOX.c.golden_id)

CURSOR = Table(
    "cursor",
    METADATA,
    Column("system", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("cursor", Text),
    Column("complete", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
)

CONFLICT = Table(
    "conflict",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("entity", Text, nullable=False),
    Column("golden_id", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("winner", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
    Column("run", Text, nullable=False),
)
Index("conflict_golden", CONFLICT.c.entity, CONFLICT.c.golden_id, CONFLICT.c.state)
Index("conflict_at", CONFLICT.c.at)

HISTORY = Table(
    "history",
    METADATA,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("entity", Text, nullable=False),
    Column("golden_id", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("old", LargeBinary, nullable=False),
    Column("new", LargeBinary, nullable=False),
    Column("system", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("at", Instant, nullable=False),
)
Index("history_golden", HISTORY.c.entity, HISTORY.c.golden_id)

WRITTEN = Table(
    "written",
    METADATA,
    Column("id", BigKey, primary_key=True, autoincrement=True),
    Column("run", Text, nullable=False),
    Column("system", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("golden_id", Text, nullable=False),
    Column("native_id", Text, nullable=False),
    Column("op", Text, nullable=False),
    Column("version_after", Text),
    Column("body", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
)
Index("written_run", WRITTEN.c.run)

RUN = Table(
    "run",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("command", Text, nullable=False),
    Column("started", Instant, nullable=False),
    Column("finished", Instant),
    Column("report", LargeBinary),
)
Index("run_started", RUN.c.started)

HINT = Table(
    "hint",
    METADATA,
    Column("system", Text, primary_key=True),
    Column("object", Text, primary_key=True),
    Column("native_id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("due", Instant, nullable=False),
    Column("times", Integer, nullable=False),
)
"""Records of which a system told that they may have changed, until they have been read; by native object, for it is not
the store's to know which entity that is."""

BUDGET = Table(
    "budget",
    METADATA,
    Column("system", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

LEASE = Table(
    "lease",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("owner", Text),
    Column("fence", Integer, nullable=False),
    Column("until", Instant),
    Column("read_at", Instant),
)

META = Table(
    "meta",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
