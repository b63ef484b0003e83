"""How well and how fast records of two systems are recognised: two systems of customers whose truth is known.

    python -m benchmarks.matching [--customers 10000] [--seed 1] [--most-seconds 60]

Both sides are read by the engine as at first contact, through adapters in memory into a store in a SQLite file. Of each
side's customers

    30 %  are on the other side too, and carry the same tax number or mail address (in another spelling),
    20 %  are on the other side too, as near-duplicates: typing errors, legal forms, words in another order, other phone
          formats; nothing that identifies them is the same,
    10 %  look like one of the other side and are somebody else: another number in the name, the same name at another
          postcode, a shared mailbox with two tax numbers,
    40 %  are there only.

Counted are pairs. A link is right where truth has the pair, a review where it has one of the candidates. Ends with 1
where a near-duplicate was linked without a person, a link is wrong, or time is up (that of this process: what else runs
on the machine is not its fault). The result is written to
build/reports/matching.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from benchmarks.look_alikes import Truth, make_truth
from bridge.adapters.memory import MemoryAdapter, MemoryWorld
from bridge.engine import identify
from bridge.engine.cycle import _open, _set_meters
from bridge.engine.ingest import read
from bridge.engine.plan.identity import Decision
from bridge.engine.report import Report
from bridge.engine.runtime import Run, Runtime
from bridge.mapping.compiled import EntityMap
from bridge.mapping.load import compile_mapping
from bridge.ports.work import Link
from bridge.store import Database, open_store

REPORT = Path("build/reports/matching.json")
MAPPING = """\
version: "1"
entity: customer
systems:
  crm: {object: Account, country: DE}
  erp: {object: Partner, country: DE}
identity:
  key: {crm: key, erp: key}
  match:
RULES
fields:
  name:   {crm: name, erp: name, required: yes}
  tax_id: {crm: tax_id, erp: tax_id}
  email:  {crm: email, erp: email}
  phone:  {crm: phone, erp: phone}
groups:
  billing_address:
    city:     {crm: city, erp: city}
    postcode: {crm: postcode, erp: postcode}
"""
SHIPPED = Path(__file__).resolve().parents[1] / "mappings" / "customer.yaml"
"""The rules measured are those that bridge ships."""


@dataclass(slots=True)
class Work:
    """How much identity had to look at."""

    records: int = 0
    candidates: int = 0
    most: int = 0


def watch() -> Work:
    """Count what `decide` is given. The engine itself has no need to know."""
    work, decide = Work(), identify.decide

    def counted(rules: Any, values: Any, candidates: Mapping[str, Any], taken: Any) -> Decision:
        work.records += 1
        work.candidates += len(candidates)
        work.most = max(work.most, len(candidates))
        return decide(rules, values, candidates, taken)

    identify.decide = counted  # type: ignore[assignment]
    return work


def shipped_rules() -> str:
    """The match rules of the customer mapping that bridge ships, as they stand there."""
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    start = lines.index("  match:") + 1
    rules = []
    for line in lines[start:]:
        if not line.startswith("    -"):
            break
        rules.append(line)
    return "\n".join(rules)


def read_both(
    store: Database, emap: EntityMap, truth: Truth, seed: int
) -> tuple[dict[str, dict[str, int]], float, float]:
    """Both sides are read as at first contact. Returns system -> native id -> place, and the seconds of the reading: by
    the clock, and of this process."""
    places: dict[str, dict[str, int]] = {}
    adapters = {}
    for system, object_, rows in (("crm", "Account", truth.crm), ("erp", "Partner", truth.erp)):
        world = MemoryWorld(system)
        order = list(range(len(rows)))
        random.Random(seed).shuffle(order)
        places[system] = {world.insert(object_, {"key": None, **rows[at]}).id: at for at in order}
        adapters[system] = MemoryAdapter(system, world)
    ids = count(1)
    runtime = Runtime(
        store, adapters, {"customer": emap}, lambda: datetime.now(UTC), lambda: f"golden-{next(ids):06}", lambda n: 1.0
    )
    run = Run(runtime, "matching", Report("matching"))
    _set_meters(run, lambda seconds: None)
    _open(run, adapters)
    start, used = perf_counter(), process_time()
    for system in adapters:
        read(run, emap, system)
    seconds, used = perf_counter() - start, process_time() - used
    assert not run.report.troubles, run.report.troubles[:3]
    return places, seconds, used


def judge(links: Mapping[str, list[Link]], places: Mapping[str, Mapping[str, int]], truth: Truth) -> dict[str, Any]:
    """Links and reviews against the truth."""
    crm_of = {link.golden_id: places["crm"][link.native_id] for link in links["linked"] if link.system == "crm"}
    linked = {
        (crm_of[link.golden_id], places["erp"][link.native_id])
        for link in links["linked"]
        if link.system == "erp" and link.golden_id in crm_of
    }
    reviewed = {
        places["erp"][link.native_id]: {crm_of[one] for one in link.candidates if one in crm_of}
        for link in links["review"]
        if link.system == "erp"
    }
    asked = {(mine, other) for other, candidates in reviewed.items() for mine in candidates}
    identified = {pair for pair, why in truth.pairs.items() if why == "same key"}
    near = set(truth.pairs) - identified
    missed = Counter(truth.pairs[pair] for pair in near - asked - linked)
    return {
        "links": {
            "made": len(linked),
            "precision": _share(len(linked & set(truth.pairs)), len(linked)),
            "recall": _share(len(linked & identified), len(identified)),
            "wrong": len(linked - set(truth.pairs)),
            "near_duplicates_without_a_person": len(linked & near),
        },
        "review": {
            "records": len(reviewed),
            "pairs": len(asked),
            "precision": _share(len(asked & set(truth.pairs)), len(asked)),
            "recall": _share(len((asked | linked) & near), len(near)),
            "missed": dict(missed.most_common()),
            "of_all": dict(Counter(truth.pairs[pair] for pair in near).most_common()),
            "look_alikes_asked": dict(Counter(why for pair, why in truth.strangers.items() if pair in asked)),
        },
        "crm_in_review": sum(link.system == "crm" for link in links["review"]),
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0


def main() -> int:
    """Measure, tell, write the report."""
    parser = argparse.ArgumentParser(description="How well and how fast records of two systems are recognised.")
    parser.add_argument("--customers", type=int, default=10_000, help="on each side")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most-seconds", type=float, default=60)
    parser.add_argument("--rules", help="match rules as YAML lines, in place of the shipped ones")
    given = parser.parse_args()
    truth = make_truth(given.customers, given.seed)
    rules = given.rules.replace("\\n", "\n") if given.rules else shipped_rules()
    emap = compile_mapping(MAPPING.replace("RULES", rules), {"crm": "memory", "erp": "memory"})
    work = watch()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/bridge.db")
        places, seconds, used = read_both(store, emap, truth, given.seed)
        with store.begin() as uow:
            most = 2 * given.customers
            links = {state: list(uow.all_links("customer", state, most)) for state in ("linked", "review")}
        store.close()
    found = {
        "customers": given.customers,
        "seed": given.seed,
        "rules": [line.strip(" -") for line in rules.splitlines()],
        **judge(links, places, truth),
        "seconds": round(seconds, 2),
        "seconds_of_this_process": round(used, 2),
        "records_a_second": round(2 * given.customers / used),
        "candidates": {"for_each_record": round(work.candidates / max(work.records, 1), 2), "most": work.most},
        "python": platform.python_version(),
    }
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2, ensure_ascii=False))
    bad = found["links"]["wrong"] or found["links"]["near_duplicates_without_a_person"]
    return 1 if bad or used > given.most_seconds else 0


if __name__ == "__main__":
    sys.exit(main())
