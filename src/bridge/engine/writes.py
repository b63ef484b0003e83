"""The journal of writes: what was written, from what was sent and what the system showed afterwards."""

from __future__ import annotations

from bridge.engine.runtime import Run
from bridge.ports.records import NativeRecord
from bridge.ports.work import Intent, WriteRow


def written(
    run: Run, place: tuple[str, str, str], intent: Intent, record: NativeRecord | None, *, sure: bool = True
) -> list[WriteRow]:
    """The row for one write that was made; none where it left no trace.

    place: system, entity, golden id. record: as the system showed it afterwards, None after a delete.
    sure: whether the system said that it was made; otherwise only what the record shows counts. A create notes no
        values: undone, it is deleted as a whole.
    """
    system, entity, golden_id = place
    native_id = record.native_id if record else intent.native_id or ""
    sent = intent.after if intent.op == "update" else {}
    if not sure and record is not None:
        sent = {path: value for path, value in sent.items() if record.values.get(path) == value}
    if intent.op == "update" and not sent:
        return []
    return [
        WriteRow(
            run=run.id,
            system=system,
            entity=entity,
            golden_id=golden_id,
            native_id=native_id,
            op=intent.op,
            before={path: intent.before.get(path) for path in sent},
            after=dict(sent),
            version_after=record.version if record else None,
            at=run.now,
        )
    ]
