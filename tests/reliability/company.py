"""Three systems, one customer in all of them, and a bridge whose calls of one system can be watched and struck."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import null, update

from bridge.config import load_config
from bridge.engine.circuit import keep, open_circuits
from bridge.entrypoints.cli import run as command
from bridge.ports.adapter import Adapter
from bridge.ports.errors import InDoubt
from bridge.ports.records import ObjectSpec, WriteResult
from bridge.ports.work import OutboxEntry
from bridge.sandbox import build
from bridge.sandbox.kernel import serve
from bridge.store.schema import OUTBOX
from bridge.wiring import make_adapter, make_maps, opened_store
from e2e.conftest import VENDORS, Site
from reliability.fault_table import PAUSE, READ_TIMEOUT
from support.command import invoke

STANDING = "Muster GmbH"
_ADDRESS = {
    **{"BillingStreet": "Weg 1", "BillingCity": "Bonn", "BillingPostalCode": "53111", "BillingCountryCode": "DE"},
    **{"ShippingStreet": "Kai 2", "ShippingCity": "Kiel", "ShippingPostalCode": "24103", "ShippingCountryCode": "DE"},
}


class Strike:
    """A fault that waits for one call of one system, and what came of that call.

    steps: (method of the adapter, what to arm), the last one being the fault under test.
    """

    def __init__(self, site: Site, system: str, steps: list[tuple[str, Mapping[str, Any]]]) -> None:
        self._site, self.system, self.steps = site, system, steps
        self.came = ""

    def call(self, name: str, method: Any, *args: Any, **named: Any) -> Any:
        """Make a call of the adapter; the one that is waited for meets the fault."""
        if not self.steps or self.steps[0][0] != name:
            return method(*args, **named)
        self._site.control(self.system, "POST", "faults", **self.steps[0][1])
        try:
            result = method(*args, **named)
            came = _told(result)
        except Exception as error:
            came = type(error).__name__
            raise
        finally:
            if not self._site.control(self.system, "GET", "faults"):  # it is spent: it has struck
                self.steps.pop(0)
                self.came = came
            self._site.control(self.system, "DELETE", "faults")
        return result


class Watched:
    """An adapter whose calls go through a strike."""

    def __init__(self, adapter: Adapter, strike: Strike) -> None:
        self._adapter, self._strike = adapter, strike

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._adapter, name)
        return partial(self._strike.call, name, found) if name in _WATCHED else found


_WATCHED = ("open", "changes", "fetch", "find", "create", "update", "delete")


def _told(result: Any) -> str:
    """What a call told: ok, or the class of the error of its only record."""
    if not isinstance(result, list) or not result or not isinstance(result[0], WriteResult):
        return "ok"
    (only,) = result
    if only.outcome == "unknown":
        return InDoubt.__name__
    if only.outcome == "failed":
        return type(only.error).__name__
    return "ok" if only.stored is not None else "ok, not read back"


class Company:
    """A site with the three sandboxes, in step at the beginning."""

    def __init__(self, folder: Path, version: str, stack: ExitStack) -> None:
        options: dict[str, dict[str, Any]] = {"odoo": {"version": version}}
        servers = {
            system: stack.enter_context(serve(build(vendor, **options.get(vendor, {}))))
            for system, vendor in VENDORS.items()
        }
        self.site = Site(folder, servers)
        for path in (folder / "mappings").glob("*.yaml"):
            if path.name != "customer.yaml":
                path.unlink()
        self._file = folder / "bridge.yaml"
        text = self._file.read_text()
        if version == "19":
            text = text.replace("password: {env: BRIDGE_DEMO_ERP_PASSWORD}", "api_key: {env: BRIDGE_DEMO_ERP_KEY}")
            self.site.environment["BRIDGE_DEMO_ERP_KEY"] = "sandbox-api-key"
        self._file.write_text(text)
        for system in VENDORS:
            self.site.bridge("setup", system)
        hasty = text.replace("    adapter:", f"    read_timeout: {READ_TIMEOUT}\n    adapter:")
        self._file.write_text(hasty + "sync: {wait: 0s}\n")
        self.number = 0
        self.city = "Kiel"
        self.insert("crm", STANDING, self.website())
        for _ in range(3):
            self.sync()

    # bridge

    def run(self, *words: str) -> tuple[int, dict[str, Any]]:
        """A command with --json: exit code and document."""
        said = invoke([*words, "--json"], env=self.site.environment)
        assert "Traceback" not in said.output, said.output
        assert said.exit_code in (0, 1), said.output
        return said.exit_code, json.loads(said.stdout)

    def sync(self) -> tuple[int, dict[str, Any]]:
        """One sync, which waits for nothing."""
        return self.run("sync")

    def time_passes(self) -> None:
        """What waits in the outbox has waited long enough, and so have the systems that were left alone."""
        with opened_store(load_config(self._file)) as store, store.begin() as uow:
            uow.connection.execute(update(OUTBOX).values(next_at=null()))
            for circuit in open_circuits(uow, VENDORS).values():
                keep(uow, replace(circuit, until=circuit.since))

    def entries(self, system: str) -> list[OutboxEntry]:
        """What is in the outbox for a system."""
        with opened_store(load_config(self._file)) as store, store.begin() as uow:
            return [entry for entry in uow.entries(None, 50) if entry.system == system]

    @contextmanager
    def adapter(self, system: str) -> Iterator[tuple[Adapter, ObjectSpec]]:
        """An adapter of a system, as somebody else than bridge would use it, and the customers' specification."""
        with mock.patch.dict(os.environ, self.site.environment):
            config = load_config(self._file)
            made = make_adapter(config, system)
            spec = make_maps(config)["customer"].spec(system)
        try:
            yield made, spec
        finally:
            made.close()

    @contextmanager
    def struck(self, strike: Strike) -> Iterator[None]:
        """Within this, calls of one system go through the strike."""
        make = command.make_adapters

        def watched(*given: Any) -> dict[str, Any]:
            made: dict[str, Any] = make(*given)
            made[strike.system] = Watched(made[strike.system], strike)
            return made

        with (
            mock.patch.object(command, "make_adapters", watched),
            mock.patch("bridge.wiring.back_off", return_value=PAUSE),
            mock.patch("bridge.engine.outbox.reaction.LOOK_UP_AFTER", PAUSE),
        ):
            yield

    # users

    def website(self) -> str:
        """A value that nobody has used."""
        self.number += 1
        return f"https://n{self.number}.example"

    def insert(self, system: str, name: str, website: str) -> None:
        """A user makes a customer, in the CRM with both addresses."""
        values: dict[str, Any] = {"customer_name": name, "customer_type": "Company", "website": website}
        if system == "crm":
            values = {"Name": name, "Website": website, **_ADDRESS}
        if system == "erp":
            values = {"name": name, "website": website, "is_company": True}
        self.site.control(system, "POST", "insert", object=_OBJECT[system], values=values)

    def edit(self, system: str, website: str, city: str) -> None:
        """A user changes the standing customer; in the CRM the city it is shipped to as well."""
        values = {WEBSITE[system]: website}
        if system == "crm":
            values["ShippingCity"] = city
        self.site.control(
            system, "POST", "edit", object=_OBJECT[system], id=self.id_of(system, STANDING), values=values
        )

    def id_of(self, system: str, name: str) -> str:
        """The id of the only record of this name."""
        (id_,) = [id_ for id_, row in self._rows(system).items() if row[_NAME[system]] == name]
        return id_

    def shown(self, system: str, name: str) -> list[tuple[str, tuple[str, ...]]]:
        """What a system shows under this name: for each record its website and the cities it is shipped to."""
        rows = self._rows(system)
        mine = {id_: row for id_, row in rows.items() if row[_NAME[system]] == name}
        return [(str(row[WEBSITE[system]]), self._cities(system, id_, row, rows)) for id_, row in mine.items()]

    def _rows(self, system: str) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.site.control(system, "GET", "dump")[_OBJECT[system]]
        return found

    def _cities(self, system: str, id_: str, row: Mapping[str, Any], rows: Mapping[str, Any]) -> tuple[str, ...]:
        if system == "crm":
            return (row["ShippingCity"],) if row.get("ShippingCity") else ()
        if system == "erp":
            return tuple(
                one["city"] for one in rows.values() if str(one["parent_id"]) == id_ and one["type"] == "delivery"
            )
        addresses = self.site.control(system, "GET", "dump")["Address"].values()
        return tuple(
            one["city"]
            for one in addresses
            if one["address_type"] == "Shipping" and any(link["link_name"] == id_ for link in one["links"])
        )

    def landed(self, system: str, strikes: int, seconds: float = 10) -> bool:
        """Wait until so many calls that a fault has struck came to their end inside the system."""
        until = time.monotonic() + seconds
        while True:
            calls = self.site.control(system, "GET", "calls")
            if sum(call["fault"] is not None for call in calls) >= strikes:
                return True
            if time.monotonic() >= until:
                return False
            time.sleep(0.1)


_OBJECT = {"crm": "Account", "erp": "res.partner", "fin": "Customer"}
_NAME = {"crm": "Name", "erp": "name", "fin": "customer_name"}
WEBSITE = {"crm": "Website", "erp": "website", "fin": "website"}
