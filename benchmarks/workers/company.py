"""Customers and contacts in step in three systems, each a process of its own, and who notes when an edit arrives."""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from benchmarks.waiting import until  # noqa: E402
from bridge.entrypoints.demo import people, seeds  # noqa: E402
from bridge.sandbox import build  # noqa: E402
from bridge.sandbox.kernel import Request, Response  # noqa: E402
from bridge.store import Database, open_store  # noqa: E402
from e2e.conftest import VENDORS, Site  # noqa: E402
from support.postgres import Postgres  # noqa: E402
from support.served import Desk, served  # noqa: E402

TARGETS = ("erp", "fin")
MARK = re.compile(rb"\bn(\d+)x\b")
"""What users write, in one field or another: the number of the edit."""


class Marked:
    """A sandbox that notes when each edit arrived (`bridge.sandbox.kernel.application.Application`)."""

    def __init__(self, vendor: str) -> None:
        self._app, self._seen = build(vendor), {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)

    def operation(self, request: Request) -> str:
        return "seen" if request.path.startswith("/seen/") else self._app.operation(request)

    def handle(self, request: Request) -> Response:
        """`/seen/N`: of the edits from N on, when they arrived here, in seconds of this machine's monotonic clock."""
        if request.path.startswith("/seen/"):
            first = int(request.path.rpartition("/")[2])
            return Response(200, {str(mark): at for mark, at in self._seen.items() if mark >= first})
        answer = self._app.handle(request)
        if answer.status < 400:
            for mark in MARK.findall(request.body):
                self._seen.setdefault(int(mark), time.monotonic())
        return answer


@dataclass
class Company:
    """Customers and contacts in step in three systems, and what is edited in the CRM."""

    site: Site
    desks: dict[str, Desk]
    store: Database
    places: list[tuple[str, str, str]]
    """(object, id, field) of what can be edited, customers and contacts in turn."""
    edits: int = 0
    latency: float = 0.0

    def edit(self) -> int:
        """A user edits the next record; answers the number of the edit."""
        kind, id_, name = self.places[self.edits % len(self.places)]
        self.edits += 1
        text = f"https://n{self.edits}x.example" if kind == "Account" else f"n{self.edits}x"
        self.desks["crm"].ask("POST", "edit", object=kind, id=id_, values={name: text})
        return self.edits

    def arrived(self, first: int) -> dict[str, dict[int, float]]:
        """Wait until all edits from this one on are in both systems: system -> edit -> when."""
        found: dict[str, dict[int, float]] = {}
        for system in TARGETS:

            def all_there(system: str = system) -> bool:
                seen = self.desks[system].noted(f"/seen/{first}")
                found[system] = {int(mark): at for mark, at in seen.items()}
                return len(found[system]) > self.edits - first

            until(all_there, 0.1)
        return found

    def slow(self) -> None:
        """From now on every call takes as long as it does with a vendor."""
        for desk in self.desks.values() if self.latency else ():
            desk.ask("POST", "faults", kind="delay", operation="*", times=0, seconds=self.latency)

    def quick(self) -> None:
        for desk in self.desks.values():
            desk.ask("DELETE", "faults")

    def rest(self) -> None:
        """Wait until nothing is left to write. Raises AssertionError where something cannot be written."""

        def empty() -> bool:
            with self.store.begin() as uow:
                counts = uow.queue_counts()
            assert not any(state in ("dead", "held") for *_, state in counts), counts
            return not counts

        until(empty, 0.1)


@contextmanager
def company(server: Postgres, records: int, latency: float) -> Iterator[Company]:
    """So many customers and contacts together."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bridge-workers-")))
        desks = {s: Desk(s, stack.enter_context(served(partial(Marked, vendor)))) for s, vendor in VENDORS.items()}
        site = Site(folder, desks)  # type: ignore[arg-type]
        site.only("customer", "contact")
        url = server.new_database()
        file = folder / "bridge.yaml"
        file.write_text(file.read_text().replace("sqlite:///bridge.db", url))
        for system in VENDORS:
            site.bridge("setup", system)
        known = [one for one in people.companies() if one.twin_of is None and one.number not in seeds.OUTDATED]
        known = known[: records // 2]
        accounts = site.seed("crm", seeds.salesforce_accounts(known))
        ids = {one.number: id_ for one, id_ in zip(known, accounts, strict=True)}
        persons = [person(one.number) for one in known]
        contacts = site.seed("crm", seeds.salesforce_contacts(persons, ids))
        site.sync()
        store = open_store(url)
        stack.callback(store.close)
        places = [("Account", id_, "Website") for id_ in accounts], [("Contact", id_, "Title") for id_ in contacts]
        made = Company(site, desks, store, [one for two in zip(*places, strict=True) for one in two], latency=latency)
        made.rest()
        made.slow()
        yield made


def person(company_number: int) -> people.Person:
    """The one contact of a customer."""
    mail, mobile = f"p{company_number}@kunde.example.com", f"+493023126{company_number:03}"
    return people.Person(company_number, company_number, "Ada", f"Muster {company_number}", "", mail, mobile, ("crm",))
