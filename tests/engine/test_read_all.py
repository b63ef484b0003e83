"""Everything there is, for counts and sums: each record once, however often the feed brings it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bridge.engine import cycle as cycles
from bridge.engine.migrate.verify import read_all
from bridge.engine.runtime import Run
from model.machine import Machine


def test_each_record_comes_once() -> None:
    company = Machine()
    for number in range(5):
        company.insert("erp", f"m{number}", "ana")
    sim = company.systems["erp"]
    changes, brought, first = sim.changes, [], []

    def again(spec: Any, cursor: Any, limit: int) -> Any:
        page = changes(spec, cursor, limit)
        first.extend(page.records[:1])
        brought.append(len(page.records) + len(first))
        return replace(page, records=(*page.records, *first))

    def look(run: Run) -> None:
        sim.changes = again  # type: ignore[method-assign]
        ids.extend(
            record.native_id for page in read_all(run, company.maps["customer"], "erp") for record in page.records
        )

    ids: list[str] = []
    cycles.cycle(company.runtime(), "run", writing=look)
    assert sum(brought) > 5
    assert sorted(ids) == sorted(sim.rows)
