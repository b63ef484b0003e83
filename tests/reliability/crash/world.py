"""A world: two systems that live on, bridge between them, and the people at their desks."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.engine.agreement import compare
from bridge.mapping.compiled import EntityMap
from reliability.crash import servers
from reliability.crash.desks import DESKS, READING, Desk, OdooDesk
from reliability.crash.process import Bridge, Plant
from reliability.crash.sheets import SECRETS, write_configuration

PRODUCTS = {"SKU-1": "10", "SKU-2": "0.5"}
STOCK = 100_000
CUSTOMER = "Alba Zentrale GmbH"


@dataclass(frozen=True, slots=True)
class Pair:
    """The system under test, which bridge writes to, and the one in which the stories begin."""

    tested: str
    target: str
    home: str
    options: Mapping[str, Any]


PAIRS = (
    Pair("Salesforce", "crm", "fin", {}),
    Pair("Odoo 19", "erp", "crm", {"version": "19"}),
    Pair("Odoo 18", "erp", "crm", {"version": "18"}),
    Pair("ERPNext", "fin", "crm", {}),
)
_VENDORS = {"crm": "salesforce", "erp": "odoo", "fin": "erpnext"}


class World:
    """Everything a story needs."""

    def __init__(self, pair: Pair, bridge: Bridge, urls: Mapping[str, str]) -> None:
        self.pair, self.bridge = pair, bridge
        self.desks: dict[str, Desk] = {system: DESKS[system](servers.Control(url)) for system, url in urls.items()}

    @property
    def home(self) -> Desk:
        """Where stories begin."""
        return self.desks[self.pair.home]

    @property
    def target(self) -> Desk:
        """The desk in the system under test."""
        return self.desks[self.pair.target]

    def furnish(self) -> None:
        """Key fields, a customer, products with prices, and stock: what orders and movements need."""
        self.bridge.ask(_set_up)
        crm = self.desks["crm"]
        crm.make("customer", name=CUSTOMER, tax_id="DE999999999")
        book = next(iter(crm.control.ask("GET", "dump")["Pricebook2"]))
        for sku, price in PRODUCTS.items():
            made = crm.control.make(
                "Product2", Name=f"Thing {sku}", ProductCode=sku, IsActive=True, QuantityUnitOfMeasure="Each"
            )
            crm.control.make("PricebookEntry", Product2Id=made, Pricebook2Id=book, UnitPrice=price, IsActive=True)
        other = next(desk for system, desk in self.desks.items() if system != "crm")
        if isinstance(other, OdooDesk):
            (euro,) = other.call("res.currency", "search", domain=[["name", "=", "EUR"]])
            other.control.make("product.pricelist", name="Euro", currency_id=euro)
        self.settle()
        for sku in PRODUCTS:
            other.move(sku, STOCK)
        self.settle()

    def settle(self) -> None:
        """Sync until nothing is written; raises AssertionError where that takes more than four runs."""
        for _ in range(4):
            ended = self.bridge.sync(planted=False)
            assert ended.answer, ended.words
            if not ended.answer["totals"]["writes"] and not ended.answer["outbox"]:
                return
        raise AssertionError(f"the systems do not come to rest: {ended.answer['totals']} {ended.answer['troubles']}")

    def forget_calls(self) -> None:
        """Begin to count the writes anew."""
        for desk in self.desks.values():
            desk.control.ask("POST", "calls/reset")

    def writes(self) -> list[str]:
        """The writes that the systems have seen since, each as "system operation"."""
        return [
            f"{system} {call['operation']}"
            for system, desk in self.desks.items()
            for call in desk.control.ask("GET", "calls")
            if not READING.fullmatch(call["operation"])
        ]

    def disagreements(self) -> list[str]:
        """Compare all records of all systems with the golden records."""
        found: list[str] = self.bridge.ask(_compare)
        return found


@contextmanager
def opened(pair: Pair, folder: Path, store: str, plant: Plant | None = None) -> Iterator[World]:
    """A world with an empty store at this URL, furnished; gone at the end."""
    os.environ.update(SECRETS)
    sandboxes = {
        system: (_VENDORS[system], pair.options if system == pair.target else {}) for system in (pair.target, pair.home)
    }
    with servers.running(sandboxes) as urls:
        world = World(pair, Bridge(write_configuration(folder, urls, store), plant), urls)
        world.furnish()
        world.bridge.warm()
        yield world


def _set_up(store: Any, adapters: dict[str, Any], maps: dict[str, EntityMap]) -> list[str]:
    return [
        step.what
        for emap in maps.values()
        for system in emap.systems
        for step in adapters[system].setup(emap.spec(system), apply=True)
    ]


def _compare(store: Any, adapters: dict[str, Any], maps: dict[str, EntityMap]) -> list[str]:
    found = compare(store, adapters, maps).disagreements
    return [f"{one.system}:{one.entity}:{one.native_id} {one.unit or 'is missing'}" for one in found]
