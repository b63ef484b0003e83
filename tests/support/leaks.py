"""The grep: marks that stand for secrets and for people, looked for in every spelling, in everything left behind."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

from sqlalchemy import create_engine, select

from bridge.store.schema import METADATA

BUSINESS = frozenset({
    "golden.body", "shadow.body", "conflict.body", "history.old", "history.new", "outbox.intent", "match_key.key",
    "crosswalk.native_id", "crosswalk.body", "separated.native_id", "written.native_id", "written.body",
    "shadow.native_id", "candidate.native_id", "shadow.waiting_for", "cursor.cursor",
})  # fmt: skip
"""Columns that hold what the systems hold: values, and ids (ERPNext's are names). Secrets not even there."""


class Marks:
    """Words that must not be found. A mark that is added later (a session that a server hands out) counts as well.

    No repr shows them: a test looks into the variables of frames, its own among them.
    """

    def __init__(self, marks: Iterable[str]) -> None:
        self._forms: dict[str, frozenset[bytes]] = {}
        for mark in marks:
            self.add(mark)

    def __repr__(self) -> str:
        return f"Marks({len(self._forms)})"

    def add(self, mark: str) -> None:
        assert len(mark) >= 8, "a short mark stands in any text"
        self._forms.setdefault(mark, frozenset(b"".join(form.encode().split()) for form in _forms(mark)))

    def all(self) -> list[str]:
        return list(self._forms)

    def found(self, text: str | bytes) -> list[str]:
        """The marks that stand in a text, in whichever spelling; capitals and small letters are the same."""
        data = (text.encode(errors="surrogateescape") if isinstance(text, str) else text).lower()
        folded = b"".join(data.split())  # a table folds long words
        return [mark for mark, forms in self._forms.items() if any(form in folded for form in forms)]


def _forms(mark: str) -> Iterator[str]:
    plain = {mark, quote(mark, safe=""), quote_plus(mark), html.escape(mark), repr(mark)[1:-1]}
    plain |= {json.dumps(mark)[1:-1], json.dumps(mark, ensure_ascii=False)[1:-1]}
    plain |= {json.dumps(form)[1:-1] for form in set(plain)} | {quote(mark), mark.encode().hex()}
    for start in range(3):  # in the middle of something longer, as the "user:password" of a header
        coded = base64.b64encode(b"\0" * start + mark.encode()).decode()
        whole = coded[(0, 2, 3)[start] : len(coded) - 4]
        plain |= {whole, whole.replace("+", "-").replace("/", "_")}
    yield from {form.lower() for form in plain}


def rows(url: str) -> Iterator[tuple[str, bytes]]:
    """("table.column", value) of every cell of a store that holds a text or a blob."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            for table in METADATA.sorted_tables:
                for row in connection.execute(select(table)).mappings():
                    for name, value in row.items():
                        if value is not None:
                            yield f"{table.name}.{name}", value if isinstance(value, bytes) else str(value).encode()
    finally:
        engine.dispose()


def in_store(url: str, secrets: Marks, people: Marks) -> list[str]:
    """What a store tells that it should not: "outbox.error: mark"."""
    found: set[str] = set()
    for place, value in rows(url):
        found |= {f"{place}: {mark}" for mark in secrets.found(value)}
        if place not in BUSINESS:
            found |= {f"{place}: {mark}" for mark in people.found(value)}
    return sorted(found)


def in_files(folder: Path, secrets: Marks, people: Marks, *, but: Iterable[str] = ()) -> list[str]:
    """The same of all files below a folder. The store (bridge.db*) and the mirror of files hold values, no secret."""
    found: list[str] = []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name in but:
            continue
        data = path.read_bytes()
        marks = secrets.found(data) + ([] if path.name.startswith(("bridge.db", "files.db")) else people.found(data))
        found += [f"{path.name}: {mark}" for mark in marks]
    return found
