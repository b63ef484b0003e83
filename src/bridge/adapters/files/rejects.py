"""Bad lines as a CSV file: the columns as they are and, behind them, what is wrong; mended, they go back in place.

A line is known again by a mark of its content, not by its number: the file may have changed meanwhile, and what was
changed by somebody else is left alone.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final, TextIO

from bridge.adapters.files.csvfile import Csv
from bridge.adapters.files.documents import Document, version
from bridge.adapters.files.index import CHANGED, NEW, File, Index
from bridge.adapters.files.layout import Layout
from bridge.adapters.files.mirror import Mirror
from bridge.adapters.files.sheets import Cells, Format, Manners
from bridge.adapters.files.style import Style, unmarked
from bridge.ports.errors import Unsupported
from bridge.ports.mending import Replayed

LINE, COLUMN, REASON, MARK, RAW = "bridge_at_line", "bridge_column", "bridge_reason", "bridge_mark", "bridge_raw"
"""None of them may be a column of the file itself: `bridge_line` is the key of an order's rows."""
ADDED: Final = (LINE, COLUMN, REASON, MARK, RAW)


def written_rejects(index: Index, plan: Layout, file: File, path: Path, refused: Mapping[str, str]) -> int:
    """Write the rejects of an object to `path`, and those of its rows' own files beside it. The number of rows."""
    number = 0
    for part in ("", *(table.name for table in plan.tables.values() if table.path is not None)):
        rows = _rows(index, plan, file, part, {} if part else refused)
        place = beside(path, part)
        first = next(rows, None)
        if first is None:
            place.unlink(missing_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.with_name(f".{place.name}.tmp")
        with fresh.open("w", encoding="utf-8-sig", errors="replace", newline="") as stream:
            number += _filled(stream, [*file.names[part], *ADDED], first, rows)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.chmod(0o600)  # it is for the one who mends it
        fresh.replace(place)
    return number


def beside(path: Path, part: str) -> Path:
    """Where the rejects of a part go: orders.csv, orders_lines.csv."""
    return path.with_name(f"{path.stem}_{part}{path.suffix}") if part else path


def _filled(stream: TextIO, names: list[str], first: Cells, rows: Iterator[Cells]) -> int:
    writer = csv.DictWriter(stream, names, extrasaction="ignore", restval="")
    writer.writeheader()
    writer.writerow(first)
    number = 1
    for row in rows:
        writer.writerow(row)
        number += 1
    return number


def _rows(index: Index, plan: Layout, file: File, part: str, refused: Mapping[str, str]) -> Iterator[Cells]:
    form, manners = _form(plan, part)
    for bad in index.bad(plan.object):
        if bad.part != part:
            continue
        cells = form.cells_of(bad.raw, file.names[part], manners)
        added = {LINE: str(bad.line), COLUMN: bad.column, REASON: bad.reason, MARK: _mark(bad.raw)}
        yield {**_shown(cells or {}), **added, RAW: "" if cells is not None else _joined(bad.raw)}
    for id_, kept in index.records(plan.object, list(refused)).items():
        if not kept.gone:
            document = Document.parse(kept.doc)
            yield {**_shown(document.cells), REASON: refused[id_], MARK: f"{version(kept.doc)}={id_}"}


def _shown(cells: Cells) -> Cells:
    return {name: unmarked(text) for name, text in cells.items()}


def _joined(raw: list[str]) -> str:
    return raw[1] if raw[:1] == ["\x00"] else raw[0] if len(raw) == 1 else json.dumps(raw, ensure_ascii=False)


def _mark(raw: list[str]) -> str:
    return blake2b(json.dumps(raw).encode(), digest_size=8).hexdigest()


def _form(plan: Layout, part: str) -> tuple[Format, Manners]:
    if not part:
        return plan.format, plan.manners
    return plan.tables[part].format, plan.tables[part].manners


def replayed(system: str, mirror: Mirror, plan: Layout, path: Path) -> Replayed:
    """Put mended lines back, in the transaction of the index. The file is written, then taken in as any other."""
    index, file = mirror.index, mirror.current(plan)
    if any(one.get("sheets", 1) > 1 for one in file.dialect.values()):
        raise Unsupported("the workbook has several sheets, of which writing would keep one", system=system)
    counts, left = {"replaced": 0, "unchanged": 0, "unknown": 0}, list[str]()
    for part in ("", *(table.name for table in plan.tables.values() if table.path is not None)):
        place = beside(path, part)
        if part and not place.exists():
            continue
        sheet = Csv().open(place, Manners(Style()))
        marks = {_mark(bad.raw): bad.seq for bad in index.bad(plan.object) if bad.part == part}
        for line in sheet.lines:
            cells = line.cells or {}
            what = _mended(index, plan, file, part, marks, cells)
            counts[what] += 1
            left += [cells[MARK]] if what == "unchanged" and cells.get(MARK) in marks else []
    index.save(file)
    if counts["replaced"]:
        mirror.rewritten(plan, file)
        file = mirror.current(plan)
        bad = {_mark(one.raw) for one in index.bad(plan.object)}
        counts["unchanged"] -= sum(mark not in bad for mark in left)  # mended with its record: an order's good line
    return Replayed(**counts, still_bad=index.count_bad(plan.object))


def _mended(index: Index, plan: Layout, file: File, part: str, marks: Mapping[str, int], cells: Cells) -> str:
    mark = cells.get(MARK, "")
    said = {name: text for name, text in cells.items() if name in file.names[part]}
    seen, named, id_ = mark.partition("=")
    if named:
        return _mended_record(index, plan, file, id_, seen, said)
    bad = next(index.bad(plan.object, marks[mark] - 1, 1), None) if mark in marks else None
    if bad is None:
        return "unknown"
    form, manners = _form(plan, part)
    before = form.cells_of(bad.raw, file.names[part], manners)
    shown = _shown(before or {})
    if all(text == shown.get(name, "") for name, text in said.items()):
        return "unchanged"
    kept = before or {}
    now = {name: kept.get(name, "") if text == shown.get(name) else text for name, text in said.items()}
    raw = form.raw_of({**kept, **now}, file.names[part], manners)
    index.db.execute("update bad set raw = ? where object = ? and seq = ?", (json.dumps(raw), plan.object, bad.seq))
    return "replaced"


def _mended_record(index: Index, plan: Layout, file: File, id_: str, seen: str, said: Cells) -> str:
    kept = index.records(plan.object, [id_]).get(id_)
    if kept is None or kept.gone or version(kept.doc) != seen:
        return "unknown"
    document = Document.parse(kept.doc)
    shown = _shown(document.cells)
    fresh = {name: text for name, text in said.items() if name in document.cells and text != shown[name]}
    if not fresh:
        return "unchanged"
    held = kept.held if kept.dirty else kept.doc
    now = Document({**document.cells, **fresh}, document.rows)
    file.seq += 1
    kept.doc, kept.seq, kept.held = now.text(), file.seq, held
    kept.dirty = NEW if kept.dirty == NEW else CHANGED
    index.put(plan.object, [kept])
    return "replaced"
