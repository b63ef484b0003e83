"""What the plain store remembers of decisions (see `support.plain_store`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bridge.ports.storage import CursorRow, Lease
from bridge.ports.work import Conflict, HistoryRow, WriteRow


class PlainJournal:
    """Cursors, conflicts, history, writes, runs, flags."""

    tables: Any

    def cursor(self, system: str, entity: str) -> CursorRow:
        return self.tables.cursors.get((system, entity)) or CursorRow(system, entity, None, complete=False)

    def save_cursor(self, row: CursorRow, at: datetime) -> None:
        self.tables.cursors[row.system, row.entity] = row

    def amend_cursor(self, row: CursorRow) -> None:
        known = self.tables.cursors.get((row.system, row.entity))
        if known is not None:
            self.tables.cursors[row.system, row.entity] = replace(known, cursor=row.cursor)

    def held_conflicts(self, entity: str, golden_ids: Sequence[str]) -> dict[tuple[str, str], Conflict]:
        held = [one for one in self.tables.conflicts.values() if one.state == "held" and one.entity == entity]
        return {(one.golden_id, one.unit): one for one in held if one.golden_id in golden_ids}

    def save_conflicts(self, rows: Iterable[Conflict]) -> None:
        self.tables.conflicts.update({one.id: one for one in rows})

    def conflicts(
        self,
        *,
        state: str | None = None,
        entity: str | None = None,
        golden_id: str | None = None,
        unit: str | None = None,
        rule: str | None = None,
        owner: str | None = None,
        limit: int = 100,
    ) -> list[Conflict]:
        asked = {"state": state, "entity": entity, "golden_id": golden_id, "unit": unit, "rule": rule, "owner": owner}
        wanted = {name: value for name, value in asked.items() if value is not None}
        newest = sorted(self.tables.conflicts.values(), key=lambda one: (one.at, one.id), reverse=True)
        return [one for one in newest if all(getattr(one, name) == value for name, value in wanted.items())][:limit]

    def add_history(self, rows: Iterable[HistoryRow]) -> None:
        self.tables.history.extend(rows)

    def history(self, entity: str, golden_id: str, limit: int = 100) -> list[HistoryRow]:
        mine = [row for row in self.tables.history if (row.entity, row.golden_id) == (entity, golden_id)]
        return mine[::-1][:limit]

    def history_since(self, entity: str, golden_ids: Sequence[str], since: datetime) -> list[HistoryRow]:
        rows = [row for row in self.tables.history if row.entity == entity and row.at >= since]
        return [row for row in rows if row.golden_id in golden_ids]

    def add_writes(self, rows: Iterable[WriteRow]) -> None:
        self.tables.writes.extend(rows)

    def writes_of(self, run: str) -> list[WriteRow]:
        return [row for row in self.tables.writes if row.run == run][::-1]

    def written_counts(self, run: str) -> dict[tuple[str, str, str], int]:
        ops = ("create", "update", "delete")
        first: dict[tuple[str, str, str], int] = {}
        for row in self.writes_of(run):
            place = (row.system, row.entity, row.golden_id)
            first[place] = min(first.get(place, 2), ops.index(row.op))
        counts: dict[tuple[str, str, str], int] = {}
        for (system, entity, _), kind in first.items():
            counts[system, entity, ops[kind]] = counts.get((system, entity, ops[kind]), 0) + 1
        return counts

    def prune(self, *, history: datetime, writes: datetime, limit: int) -> int:
        """Nothing of the model is as old as that."""
        assert all(row.at >= history for row in self.tables.history[:1])
        assert all(row.at >= writes for row in self.tables.writes[:1])
        return 0

    def flag(self, name: str) -> str | None:
        return self.tables.flags.get(name)

    def flags(self, prefix: str) -> dict[str, str]:
        return {k: v for k, v in sorted(self.tables.flags.items()) if k.startswith(prefix) and v}

    def set_flag(self, name: str, value: str) -> None:
        self.tables.flags[name] = value

    def budget(self, system: str) -> dict[str, Any] | None:
        body = self.tables.budgets.get(system)
        return None if body is None else dict(body)

    def budgets(self) -> dict[str, dict[str, Any]]:
        return {system: dict(body) for system, body in self.tables.budgets.items()}

    def save_budget(self, system: str, body: Mapping[str, Any]) -> None:
        self.tables.budgets[system] = dict(body)

    def start_run(self, run: str, command: str, at: datetime) -> None:
        self.tables.runs[run] = {"command": command, "started": at}

    def finish_run(self, run: str, report: Any, at: datetime) -> None:
        self.tables.runs[run] |= {"finished": at, "report": report}

    def run_began(self, run: str) -> datetime | None:
        known = self.tables.runs.get(run)
        return known and known["started"]

    def take_lease(self, name: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        known = self.tables.leases.get(name) or Lease(name, 0, None, None)
        if known.owner not in (None, owner) and known.until is not None and known.until >= now:
            return None
        self.tables.leases[name] = replace(known, fence=known.fence + 1, owner=owner, until=until)
        return self.tables.leases[name]

    def holds_lease(self, lease: Lease) -> bool:
        known = self.tables.leases.get(lease.name)
        return known is not None and (known.owner, known.fence) == (lease.owner, lease.fence)

    def taken_alone(self) -> bool:
        return False

    def renew_lease(self, lease: Lease, until: datetime) -> bool:
        if not self.holds_lease(lease):
            return False
        self.tables.leases[lease.name] = replace(self.tables.leases[lease.name], until=until)
        return True

    def end_lease(self, lease: Lease, read_at: datetime | None = None) -> None:
        if self.holds_lease(lease):
            known = self.tables.leases[lease.name]
            self.tables.leases[lease.name] = replace(known, owner=None, until=None, read_at=read_at or known.read_at)

    def leases(self) -> dict[str, Lease]:
        return dict(self.tables.leases)
