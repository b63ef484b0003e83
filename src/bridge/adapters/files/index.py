"""What bridge remembers of a folder of files: a small SQLite database, so that memory does not grow with the files.

It is a mirror of what the files held when they were last read, plus what is to be written to them and is not yet. All
but the latter can be made again from the files.
"""

# ruff: noqa: S608 - statements are made of names of our own, and question marks

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_SCHEMA: Final = """
create table if not exists file (
    object text primary key, generation text, digest text, seq integer, names text, heads text, dialect text,
    stat text, hash text, trusted integer, notes text, scan integer);
create table if not exists record (
    object text, id text, ord integer, seq integer, gone integer, key text, heir text, doc text, held text,
    dirty integer, seen integer, at real, primary key (object, id)) without rowid;
create index if not exists record_seq on record (object, seq);
create index if not exists record_key on record (object, key);
create index if not exists record_ord on record (object, ord);
create index if not exists record_dirty on record (object) where dirty;
create table if not exists bad (
    object text, seq integer, part text, ord integer, line integer, id text, col text, reason text, raw text,
    primary key (object, seq)) without rowid;
create index if not exists bad_ord on bad (object, part, ord);
"""
CLEAN, CHANGED, NEW, DELETED = 0, 1, 2, 3
"""What is still to be written of a record."""
WRITABLE: Final = (
    "(seen = ? or dirty = 2) and id not in (select id from bad where bad.object = ? and part = '' and id <> '')"
)
"""Records whose line in the file is known, or that have none yet. What stands in a bad line is a person's to mend: it
is put back as it is, and bridge's own change waits."""
_MANY: Final = 400


@dataclass(slots=True)
class File:
    """What is known of an object's file. generation: a new one makes all positions before it worthless.

    names, heads: its columns as bridge calls them, and as the header does; for each part (the file itself is "").
    scan: how often it was read; a record bears the number of the last time that it was seen.
    """

    object: str
    generation: str
    digest: str = ""
    seq: int = 0
    names: dict[str, list[str]] = field(default_factory=dict)
    heads: dict[str, list[str]] = field(default_factory=dict)
    dialect: dict[str, dict[str, Any]] = field(default_factory=dict)
    stat: list[list[int]] = field(default_factory=list)
    hash: str = ""
    trusted: bool = False
    notes: list[str] = field(default_factory=list)
    scan: int = 0


@dataclass(slots=True)
class Kept:
    """A record as it is remembered. held: as the file has it, where that is not `doc`."""

    id: str
    ord: int
    seq: int
    gone: bool
    key: str | None
    heir: str | None
    doc: str
    held: str | None
    dirty: int
    seen: int
    changed_at: float


_COLUMNS: Final = "id, ord, seq, gone, key, heir, doc, held, dirty, seen, at"


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be taken in. part: "" for the file itself, else the table whose file it stands in."""

    object: str
    part: str
    ord: int
    line: int
    id: str
    column: str
    reason: str
    raw: list[str]
    seq: int = 0


class Index:
    """The database of one folder. Opened when it is first used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: sqlite3.Connection | None = None

    @property
    def db(self) -> sqlite3.Connection:
        """The connection. Raises OSError, sqlite3.Error."""
        if self._db is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._db = sqlite3.connect(self._path, timeout=30, isolation_level=None, check_same_thread=False)
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = full")
            self._db.execute("pragma temp_store = file")
            self._db.executescript(_SCHEMA)
        return self._db

    def close(self) -> None:
        """Let go of the database."""
        if self._db is not None:
            self._db.close()
            self._db = None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone: also against other processes. Inside of one, the same one."""
        db = self.db
        if db.in_transaction:
            yield db
            return
        db.execute("begin immediate")
        try:
            yield db
        except BaseException:
            db.execute("rollback")
            raise
        db.execute("commit")

    def file(self, obj: str) -> File | None:
        """What is known of a file."""
        row = self.db.execute("select * from file where object = ?", (obj,)).fetchone()
        if row is None:
            return None
        obj, generation, digest, seq, names, heads, dialect, stat, hash_, trusted, notes, scan = row
        return File(
            obj,
            generation,
            digest,
            seq,
            names=json.loads(names),
            heads=json.loads(heads),
            dialect=json.loads(dialect),
            stat=json.loads(stat),
            hash=hash_,
            trusted=bool(trusted),
            notes=json.loads(notes),
            scan=scan,
        )

    def save(self, file: File) -> None:
        """Keep what is known of a file."""
        texts = [json.dumps(one) for one in (file.names, file.heads, file.dialect, file.stat)]
        row = (file.object, file.generation, file.digest, file.seq, *texts, file.hash, int(file.trusted),
               json.dumps(file.notes), file.scan)  # fmt: skip
        self.db.execute(f"insert or replace into file values ({', '.join('?' * len(row))})", row)

    def forget(self, obj: str) -> None:
        """Forget the records of a file."""
        for table in ("record", "bad", "file"):
            self.db.execute(f"delete from {table} where object = ?", (obj,))

    def records(self, obj: str, ids: Sequence[str]) -> dict[str, Kept]:
        """These records, those that are gone included."""
        found: dict[str, Kept] = {}
        for start in range(0, len(ids), _MANY):
            part = ids[start : start + _MANY]
            marks = ", ".join("?" * len(part))
            rows = self.db.execute(
                f"select {_COLUMNS} from record where object = ? and id in ({marks})",
                (obj, *part),
            )
            found.update({row[0]: _kept(row) for row in rows})
        return found

    def with_keys(self, obj: str, keys: Sequence[str]) -> dict[str, list[Kept]]:
        """The living records with these keys."""
        found: dict[str, list[Kept]] = {key: [] for key in keys}
        for start in range(0, len(keys), _MANY):
            part = keys[start : start + _MANY]
            marks = ", ".join("?" * len(part))
            for row in self.db.execute(
                f"select {_COLUMNS} from record where object = ? and not gone and key in ({marks}) order by id",
                (obj, *part),
            ):
                found[str(row[4])].append(_kept(row))
        return found

    def put(self, obj: str, records: Sequence[Kept]) -> None:
        """Keep records."""
        rows = [
            (obj, r.id, r.ord, r.seq, int(r.gone), r.key, r.heir, r.doc, r.held, r.dirty, r.seen, r.changed_at)
            for r in records
        ]
        self.db.executemany("insert or replace into record values (?,?,?,?,?,?,?,?,?,?,?,?)", rows)

    def add_bad(self, lines: Sequence[BadLine]) -> None:
        """Keep lines that could not be taken in."""
        rows = [(b.object, b.seq, b.part, b.ord, b.line, b.id, b.column, b.reason, json.dumps(b.raw)) for b in lines]
        self.db.executemany("insert or replace into bad values (?,?,?,?,?,?,?,?,?)", rows)

    def bad(self, obj: str, after: int = 0, limit: int = -1) -> Iterator[BadLine]:
        """The lines that could not be taken in, by their place in the feed."""
        rows = self.db.execute(
            "select object, part, ord, line, id, col, reason, raw, seq from bad where object = ? and seq > ?"
            " order by seq limit ?",
            (obj, after, limit),
        )
        for obj, part, ord_, line, id_, column, reason, raw, seq in rows:
            yield BadLine(obj, part, ord_, line, id_, column, reason, json.loads(raw), seq)

    def dirty(self, file: File) -> bool:
        """Whether something is still to be written to the file, and can be."""
        found = self.db.execute(
            f"select 1 from record where object = ? and dirty and (gone or {WRITABLE}) limit 1",
            (file.object, file.scan, file.object),
        )
        return found.fetchone() is not None

    def lines(self, file: File) -> Iterator[tuple[int, str, str]]:
        """(place, id, document) of the living records in the order of the file, without those whose line is bad."""
        yield from self.db.execute(
            f"select ord, id, doc from record where object = ? and not gone and {WRITABLE} order by ord",
            (file.object, file.scan, file.object),
        )

    def written(self, file: File) -> None:
        """All that could be written to the file is."""
        self.db.execute(
            f"update record set dirty = 0, held = null where object = ? and dirty and (gone or {WRITABLE})",
            (file.object, file.scan, file.object),
        )

    def after(self, obj: str, seq: int, limit: int) -> list[Kept]:
        """The records that changed after a place in the feed."""
        rows = self.db.execute(
            f"select {_COLUMNS} from record where object = ? and seq > ? order by seq limit ?",
            (obj, seq, limit),
        )
        return [_kept(row) for row in rows]

    def widen(self, obj: str, part: str, cells: int) -> None:
        """The file gets one more column: lines that are bad for another reason get an empty cell there."""
        for bad in list(self.bad(obj)):
            if bad.part == part and len(bad.raw) == cells and bad.raw[:1] != ["\x00"]:
                raw = json.dumps([*bad.raw, ""])
                self.db.execute("update bad set raw = ? where object = ? and seq = ?", (raw, obj, bad.seq))

    def count(self, obj: str) -> int:
        """The living records."""
        return int(self.db.execute("select count(*) from record where object = ? and not gone", (obj,)).fetchone()[0])

    def count_bad(self, obj: str) -> int:
        """The lines that could not be taken in."""
        return int(self.db.execute("select count(*) from bad where object = ?", (obj,)).fetchone()[0])

    def last_place(self, obj: str) -> int:
        """The place of the last line."""
        found = self.db.execute("select max(ord) from record where object = ?", (obj,)).fetchone()[0]
        other = self.db.execute("select max(ord) from bad where object = ? and part = ''", (obj,)).fetchone()[0]
        return max(found or 0, other or 0)


def _kept(row: Sequence[Any]) -> Kept:
    return Kept(row[0], row[1], row[2], bool(row[3]), *row[4:11])
