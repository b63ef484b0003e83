"""A thousand orders between two systems: what they cost in calls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge.sandbox import build
from bridge.sandbox.kernel import Server, serve
from e2e.conftest import VENDORS, Site
from e2e.test_orders import LINES, begin, odoo

ORDERS = 1000
MOST_CALLS = 60


def without(node: Any, system: str) -> Any:
    """The configuration or mapping of a company that does not have this system."""
    if isinstance(node, dict):
        return {key: without(value, system) for key, value in node.items() if key != system}
    if isinstance(node, list):
        return [without(one, system) for one in node]
    return re.sub(rf"\s*>\s*{system}\b|\b{system}\s*>\s*", "", node)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Site]:
    """Salesforce and Odoo, and nothing else."""
    with ExitStack() as stack:
        servers: dict[str, Server] = {s: stack.enter_context(serve(build(VENDORS[s]))) for s in ("crm", "erp")}
        made = Site(tmp_path, {**servers, "fin": servers["erp"]})
        made.servers = servers
        for path in (tmp_path / "bridge.yaml", *(tmp_path / "mappings").glob("*.yaml")):
            text = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
            path.write_text(yaml.dump(without(text, "fin"), sort_keys=False), encoding="utf-8")
        for system in servers:
            made.bridge("setup", system)
        yield made


def test_a_thousand_orders_of_three_lines_take_at_most_sixty_calls(pair: Site) -> None:
    begin(pair)
    pair.sync()
    pair.sync()
    dump = pair.control("crm", "GET", "dump")
    values = {"AccountId": next(iter(dump["Account"])), "Pricebook2Id": next(iter(dump["Pricebook2"])),
              "EffectiveDate": "2026-01-01", "Status": "Draft"}  # fmt: skip
    orders = pair.seed("crm", [{"object": "Order", "values": {**values, "PoNumber": f"B-{n}"}} for n in range(ORDERS)])
    lines = [
        {
            "OrderId": order,
            "PricebookEntryId": entry,
            "Quantity": str(1 + n % 7),
            "UnitPrice": f"{5 + n % 90}.{n % 100:02}",
        }
        for n, order in enumerate(orders)
        for entry in dump["PricebookEntry"]
    ]
    pair.seed("crm", [{"object": "OrderItem", "values": one} for one in lines])
    for system in pair.servers:
        pair.control(system, "POST", "calls/reset")

    report = pair.sync()

    assert report["totals"]["writes"] == ORDERS
    made = sum(len(pair.control(system, "GET", "calls")) for system in pair.servers)
    assert made <= report["totals"]["api_calls"] <= MOST_CALLS
    net = sum((Decimal(one["Quantity"]) * Decimal(one["UnitPrice"]) for one in lines), Decimal(0))
    net += sum((Decimal(quantity) * Decimal(price) for quantity, price in LINES.values()), Decimal(0))
    shown = odoo(pair, "sale.order", "search_read", domain=[], fields=["amount_untaxed"])
    assert len(shown) == ORDERS + 1
    assert sum(Decimal(str(one["amount_untaxed"])) for one in shown) == net
    assert pair.sync()["totals"]["writes"] == 0
