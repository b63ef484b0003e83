"""`bridge setup` for files: a file where there is none, and the columns for bridge's keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bridge.adapters.files.layout import BESIDE, Layout, Table
from bridge.adapters.files.mirror import Mirror
from bridge.adapters.files.sheets import Format, Manners
from bridge.ports.adapter import SetupStep
from bridge.ports.records import ObjectSpec, TableSpec


def prepared(mirror: Mirror, plan: Layout, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
    """What is there, what was made, or what would be."""
    steps = []
    for path, form, manners, names in _files(plan, spec):
        what = f"file {path.name}"
        if path.exists():
            steps.append(SetupStep(what, "present"))
            continue
        if apply:
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = path.with_name(f".{path.name}.tmp")
            form.write(fresh, names, names, form.dialect(path, manners), manners, [])
            fresh.replace(path)
        steps.append(SetupStep(what, "done" if apply else "needed"))
    if not plan.complete or any(step.state == "needed" for step in steps):
        return steps
    return [*steps, *_keys(mirror, plan, spec, apply=apply)]


def _files(plan: Layout, spec: ObjectSpec) -> Iterator[tuple[Path, Format, Manners, list[str]]]:
    names = [*plan.id, *([spec.key] if spec.key != BESIDE else []), *(field.path for field in spec.fields)]
    if plan.shared:
        names += plan.shared.columns
    yield plan.path, plan.format, plan.manners, list(dict.fromkeys(names))
    for table in spec.tables:
        known = plan.tables[table.path]
        if known.path is not None:
            yield known.path, known.format, known.manners, _row_names(known, table)


def _row_names(known: Table, table: TableSpec) -> list[str]:
    own = [known.parent, known.id, "" if table.key == BESIDE else table.key, *(field.path for field in table.fields)]
    return [name for name in dict.fromkeys(own) if name]


def _keys(mirror: Mirror, plan: Layout, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
    with mirror.index.writing():
        mirror.flush(plan)
        file = mirror.current(plan)
        wanted = [("", spec.key, plan.path.name)]
        for table in plan.tables.values():
            if table.path is not None or table.columns:
                part = table.name if table.path is not None else ""
                wanted.append((part, table.key, (table.path or plan.path).name))
        steps = []
        added = False
        for part, key, name in wanted:
            if key == BESIDE:
                continue
            what = f"column {key} of {name}"
            if key in file.names[part]:
                steps.append(SetupStep(what, "present"))
                continue
            if file.dialect[part].get("sheets", 1) > 1:
                steps.append(SetupStep(what, "failed", "the workbook has several sheets; add the column by hand"))
                continue
            if apply:
                mirror.index.widen(plan.object, part, len(file.names[part]))
                file.names[part] = [*file.names[part], key]
                file.heads[part] = [*file.heads[part], key]
                added = True
            steps.append(SetupStep(what, "done" if apply else "needed"))
        if added:
            mirror.rewritten(plan, file)
            mirror.current(plan)
    return steps
