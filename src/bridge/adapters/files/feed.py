"""The feed of an object: what is new, other, gone or bad since a position. By a number that grows with every change."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from bridge.adapters.files.documents import Document, readable, values_of, version
from bridge.adapters.files.index import BadLine, File, Index, Kept
from bridge.adapters.files.layout import Layout
from bridge.ports.errors import CursorExpired
from bridge.ports.reading import belongs
from bridge.ports.records import BadRow, ChangePage, NativeRecord, ObjectSpec, Tombstone


def page(system: str, index: Index, of: tuple[Layout, ObjectSpec, File], cursor: str | None, limit: int) -> ChangePage:
    """The next page. Raises CursorExpired for a position of another file, or of the same one read otherwise."""
    plan, spec, file = of
    seq, full = _position(system, file, cursor)
    kept = index.after(spec.object, seq, limit + 1)
    bad = list(index.bad(spec.object, seq, limit + 1))
    places = sorted([*(one.seq for one in kept), *(one.seq for one in bad)])
    more = len(places) > limit
    last = places[limit - 1] if more else file.seq
    here = [one for one in kept if one.seq <= last]
    return ChangePage(
        tuple(record_of(system, plan, spec, one) for one in here if not one.gone and _inside(plan, spec, one)),
        tuple(Tombstone(one.id, _instant(one.changed_at), one.heir) for one in here if one.gone and not full),
        json.dumps([spec.object, file.generation, last, full and more]),
        more,
        tuple(bad_row(plan, one) for one in bad if one.seq <= last),
    )


def record_of(system: str, plan: Layout, spec: ObjectSpec, kept: Kept) -> NativeRecord:
    """A remembered record as a native one."""
    values = values_of(plan, spec, Document.parse(kept.doc), system)
    return NativeRecord(kept.id, values, version(kept.doc), _instant(kept.changed_at), kept.key)


def bad_row(plan: Layout, line: BadLine) -> BadRow:
    """A bad line as it is told: its place and the reason, and nothing that stands in it."""
    table = plan.tables.get(line.part)
    file = table.path.name if table is not None and table.path is not None else plan.path.name
    return BadRow(f"{file}:{line.line}", line.column, line.reason, line.id)


def _inside(plan: Layout, spec: ObjectSpec, kept: Kept) -> bool:
    if not spec.where:
        return True
    cells, style = Document.parse(kept.doc).cells, plan.manners.style
    paths = {term.path for term in spec.where} & set(cells)
    return belongs(spec.where, readable(style, {path: (path, cells) for path in paths}, plan.types))


def _position(system: str, file: File, cursor: str | None) -> tuple[int, bool]:
    """(number, whether everything is being read for the first time: what is gone is then nobody's news)."""
    if cursor is None:
        return 0, True
    try:
        obj, generation, seq, full = json.loads(cursor)
        known = (obj, generation) == (file.object, file.generation) and 0 <= int(seq) <= file.seq
    except (ValueError, TypeError):
        known = False
    if not known:
        raise CursorExpired("the position is not one of this file", system=system)
    return int(seq), bool(full)


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
