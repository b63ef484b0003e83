"""The demo, step by step: three systems that overlap and differ, brought in step, edited at once, and again in step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.config import Config, load_config
from bridge.engine.agreement import Agreement, compare
from bridge.entrypoints.cli.output import console, show
from bridge.entrypoints.demo import people, seeds
from bridge.entrypoints.demo.company import CONFIGURATION, SECRETS
from bridge.entrypoints.demo.servers import Sandboxes
from bridge.entrypoints.demo.trade import Totals, Trade
from bridge.ports.errors import BridgeError
from bridge.wiring import make_adapters, make_maps, opened_store

STAR = 4
"""The customer that is edited everywhere: known to all three systems, and not one of the near-duplicates."""
_ALWAYS = ("read", "unchanged", "api_calls")
"""Figures that every sync has, busy or not."""
APART = 3.0
"""Seconds between two edits of the same field, more than the configured tolerance: one of them is the newer one."""


class DemoFailed(BridgeError):
    """A step of the demo did not come out as it must."""

    code = "BR-DEMO"
    not_done = "The demo ends here; its sandboxes are stopped."
    to_do = "The folder with its configuration and store is kept for a look."


@dataclass(slots=True)
class Outcome:
    """The figures of the demo."""

    syncs: list[dict[str, Any]]
    agree: bool
    linked: int
    review: int
    totals: Totals
    seconds: float

    def as_json(self) -> dict[str, Any]:
        """For build/reports/demo.json."""
        return {
            "syncs": self.syncs,
            "agree": self.agree,
            "linked": self.linked,
            "review": self.review,
            "totals": {what: {system: str(one) for system, one in by.items()} for what, by in self.totals.items()},
            "seconds": round(self.seconds, 1),
        }


class Story:
    """The demo in one folder."""

    def __init__(self, folder: Path, sandboxes: Sandboxes) -> None:
        self.folder, self.sandboxes = folder, sandboxes
        self.ids: dict[str, dict[int, str]] = {}
        self.syncs: list[dict[str, Any]] = []
        self.environment = {**os.environ, **SECRETS, "BRIDGE_CONFIG": str(folder / "bridge.yaml")}

    def tell(self) -> Outcome:
        """All steps. Raises DemoFailed where one does not come out as it must."""
        start = time.monotonic()
        self.heading("Three systems, each with its own idea of the customers")
        self.fill()
        self.configure()
        self.heading("Prepare: `bridge setup`, `bridge check`, `bridge mapping lint`")
        self.together(*(("setup", system) for system in ("crm", "erp", "fin")))
        self.together(("check",), ("mapping", "lint"))
        self.heading("What would happen: `bridge plan`")
        planned = self.plan()
        self.heading("First sync: match what is there, create what is missing")
        first = self.sync()
        self.expect(
            planned == _writes_of(first), f"the plan promised {planned} writes, the sync made {_writes_of(first)}"
        )
        self.show_first(first)
        self.heading("People edit the same customer in all three systems at once")
        self.edit()
        second = self.sync()
        self.expect(second["totals"]["conflicts"] > 0, "the same field was edited twice, and no conflict was noticed")
        self.show_star()
        self.heading("A third sync has nothing to do")
        third = self.sync()
        totals = third["totals"]
        self.expect(totals["writes"] == 0, f"the third sync wrote {totals['writes']} records")
        self.expect(totals["enqueued"] == 0, f"the third sync made {totals['enqueued']} outbox entries")
        equal = Trade(self, self.sandboxes, self.ids["crm"][STAR]).tell()
        agreement = self.compare()
        linked = sum(row["linked"] for row in first["systems"])
        review = sum(row["review"] for row in first["systems"])
        return Outcome(self.syncs, not agreement.disagreements, linked, review, equal, time.monotonic() - start)

    def fill(self) -> None:
        """Seed the sandboxes."""
        companies, persons = people.companies(), people.people()
        mine = {system: [c for c in companies if system in c.systems] for system in ("crm", "erp", "fin")}
        theirs = {system: [p for p in persons if system in p.systems] for system in ("crm", "erp", "fin")}
        for system, records in (
            ("crm", seeds.salesforce_accounts(mine["crm"])),
            ("erp", seeds.odoo_companies(mine["erp"])),
            ("fin", seeds.erpnext_customers(mine["fin"])),
        ):
            ids = self.sandboxes[system].seed(records)
            self.ids[system] = {company.number: id_ for company, id_ in zip(mine[system], ids, strict=True)}
        self.sandboxes["fin"].seed(seeds.erpnext_addresses(mine["fin"], self.ids["fin"]))
        self.sandboxes["crm"].seed(seeds.salesforce_contacts(theirs["crm"], self.ids["crm"]))
        self.sandboxes["erp"].seed(seeds.odoo_people(theirs["erp"], self.ids["erp"]))
        self.sandboxes["fin"].seed(seeds.erpnext_contacts(theirs["fin"], self.ids["fin"]))
        rows = [
            (system, self.sandboxes[system].url, len(mine[system]), len(theirs[system]))
            for system in ("crm", "erp", "fin")
        ]
        show("Sandboxes", ("system", "address", "customers", "contacts"), rows)
        console.print(
            f"{people.CUSTOMERS} customers and {people.CONTACTS} contacts in all; {people.TWINS} of the customers are "
            "in the ERP a second time under almost the same name."
        )

    def configure(self) -> None:
        """Write bridge.yaml, and the mapping files as `bridge init` does."""
        addresses = {system: self.sandboxes[system].url for system in ("crm", "erp", "fin")}
        (self.folder / "bridge.yaml").write_text(CONFIGURATION.format(**addresses), encoding="utf-8")
        self.bridge("init", str(self.folder), shown=False)

    def plan(self) -> int:
        """The number of writes that the plan announces."""
        planned = self.bridge_json("plan")
        counts: dict[tuple[str, str, str], int] = {}
        for write in planned["writes"]:
            place = (write["entity"], write["system"], write["op"])
            counts[place] = counts.get(place, 0) + 1
        show("Plan", ("entity", "system", "what", "records"), [(*place, n) for place, n in sorted(counts.items())])
        return len(planned["writes"])

    def sync(self) -> dict[str, Any]:
        """One `bridge sync`, its figures kept and shown."""
        report = self.bridge_json("sync")
        names = [
            "read", "unchanged", "linked", "created", "updated", "conflicts", "held", "review", "failed", "api_calls",
        ]  # fmt: skip
        names = [name for name in names if name == "read" or any(row[name] for row in report["systems"])]
        busy = [row for row in report["systems"] if any(row[name] for name in names if name not in _ALWAYS)]
        if busy:
            rows = [(row["entity"], row["system"], *(row[name] for name in names)) for row in busy]
            show("bridge sync", ("entity", "system", *names), rows)
        totals = report["totals"]
        console.print(
            f"{totals['writes']} writes, {totals['conflicts']} conflicts, {totals['api_calls']} calls, "
            f"{totals['seconds']:.1f} s"
        )
        self.syncs.append({name: totals[name] for name in ("writes", "conflicts", "api_calls", "seconds", "enqueued")})
        return report

    def show_first(self, report: Mapping[str, Any]) -> None:
        """What was linked and what waits for a person."""
        linked, created, review, held = (
            sum(row[name] for row in report["systems"]) for name in ("linked", "created", "review", "held")
        )
        console.print(
            f"[bold]{linked}[/] records were recognised as ones that another system has, [bold]{created}[/] were "
            f"created where they were missing, [bold]{review}[/] look like others and wait for a person, "
            f"and [bold]{held}[/] fields differ in a way only a person can decide: they are left as they are."
        )
        self.expect(review >= people.TWINS, f"only {review} of {people.TWINS} near-duplicates were put to review")

    def edit(self) -> None:
        """Different fields of one customer in all three systems, and one field in two."""
        crm, erp, fin = (self.ids[system][STAR] for system in ("crm", "erp", "fin"))
        self.sandboxes["crm"].edit("Account", crm, BillingStreet="Neue Straße 1", Phone="+49 30 23125 800")
        self.sandboxes["fin"].edit("Customer", fin, website="https://neu.example.com")
        time.sleep(APART)
        self.sandboxes["erp"].edit("res.partner", erp, email="neu@example.com", phone="+49 30 23125 900")
        console.print(
            "CRM: street and telephone. ERP: mail and, three seconds later, telephone too. Finance: web site."
        )

    def show_star(self) -> None:
        """The customer as bridge explains it, the journal, and that all three agree on it."""
        record = f"crm:customer:{self.ids['crm'][STAR]}"
        self.together(("explain", record), ("conflicts", "list", "--state", "settled", "--limit", "5"))
        crm = self.sandboxes["crm"].control("GET", "dump")["Account"][self.ids["crm"][STAR]]
        erp = self.sandboxes["erp"].control("GET", "dump")["res.partner"][self.ids["erp"][STAR]]
        fin = self.sandboxes["fin"].control("GET", "dump")["Customer"][self.ids["fin"][STAR]]
        told = [
            ("telephone", crm["Phone"], erp["phone"], None, "+493023125900"),
            ("street", crm["BillingStreet"], erp["street"], None, "Neue Straße 1"),
            ("mail", crm["Email__c"], erp["email"], None, "neu@example.com"),
            ("web site", crm["Website"], erp["website"], fin["website"], "https://neu.example.com"),
        ]
        show("The customer, read in each system", ("field", "crm", "erp", "fin"), [row[:4] for row in told])
        for what, *shown, wanted in told:
            bad = [value for value in shown if value is not None and _plain(value) != _plain(wanted)]
            self.expect(not bad, f"{what}: {wanted} was agreed, but a system shows {', '.join(map(str, bad))}")

    def compare(self) -> Agreement:
        """Read everything again and compare it with the golden records."""
        config = self._config()
        adapters = make_adapters(config)
        try:
            with opened_store(config) as store:
                found = compare(store, adapters, make_maps(config))
        finally:
            for adapter in adapters.values():
                adapter.close()
        console.print(
            f"Read again: {found.records} records, {found.units} fields compared, "
            f"[bold]{len(found.disagreements)} disagree[/]; {found.held} wait for a person."
        )
        for one in found.disagreements[:10]:
            console.print(f"    {one.system}:{one.entity}:{one.native_id} {one.unit or 'is missing'}", highlight=False)
        return found

    def bridge(self, *words: str, shown: bool = True) -> str:
        """Run a bridge command as a user would, and show what it prints."""
        if shown:
            console.print(f"[dim]$ bridge {' '.join(words)}[/]", highlight=False)
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "bridge", *words],
            env={**self.environment, "COLUMNS": str(console.width)},
            capture_output=True,
            text=True,
            check=False,
        )
        if shown and done.stdout:
            console.print(done.stdout.rstrip(), markup=False, highlight=False, soft_wrap=True)
        if done.returncode != 0:
            said = (done.stderr or done.stdout)[-2000:]
            raise DemoFailed(f"bridge {' '.join(words)} ended with {done.returncode}: {said}")
        return done.stdout

    def together(self, *commands: Sequence[str]) -> None:
        """Run commands that do not touch each other's work side by side; shown in their order."""
        with ThreadPoolExecutor(len(commands)) as pool:
            answers = [pool.submit(self.bridge, *words, shown=False) for words in commands]
            for words, answer in zip(commands, answers, strict=True):
                console.print(f"[dim]$ bridge {' '.join(words)}[/]", highlight=False)
                console.print(answer.result().rstrip(), markup=False, highlight=False, soft_wrap=True)

    def bridge_json(self, *words: str) -> dict[str, Any]:
        """Run a command with --json."""
        console.print(f"[dim]$ bridge {' '.join(words)}[/]", highlight=False)
        answer: dict[str, Any] = json.loads(self.bridge(*words, "--json", shown=False))
        return answer

    def _config(self) -> Config:
        os.environ.update(SECRETS)
        return load_config(self.folder / "bridge.yaml")

    def expect(self, holds: bool, otherwise: str) -> None:
        """Raises DemoFailed where something did not come out as it must."""
        if not holds:
            raise DemoFailed(otherwise)

    def heading(self, words: str) -> None:
        """A line above the next step."""
        console.rule(f"[bold]{words}", align="left")


def _writes_of(report: Mapping[str, Any]) -> int:
    return int(report["totals"]["writes"])


def _plain(value: object) -> str:
    """A value without what is only spelling: case, blanks, the end of a web address."""
    return "".join(str(value).split()).casefold().rstrip("/")
