"""SIGKILL in the middle of `bridge sync`, five times, with a real Tryton: nothing there twice, and nothing lost."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from bridge.sandbox import build
from bridge.sandbox.kernel import serve

from bridge_tryton.real.desk import Desk
from bridge_tryton.real.pair import Pair
from bridge_tryton.real.server import Server

KILLS = int(os.environ.get("BRIDGE_KILLS", "5"))
CUSTOMERS = 8
ORDERS = 3
SKU = "SKU-1"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with serve(build("salesforce")) as crm, Server() as erp:
        desk = Desk(erp.url)
        made = Pair(tmp_path, crm.url, erp.url, desk)
        made.bridge("setup", "crm")
        yield made
        made.close()
        desk.close()


def fill(pair: Pair) -> None:
    accounts = pair.accounts(*(
        {"Name": f"Customer {n:02}", "Email__c": f"c{n}@x.example", "BillingCity": f"City {n}"}
        for n in range(CUSTOMERS)
    ))  # fmt: skip
    entry = pair.products({SKU: "19.99"})[SKU]
    for number in range(ORDERS):
        pair.order(accounts[number], f"PO-{number}", [(entry, str(number + 1), "19.99")])


def kill(pair: Pair, wait: float) -> bool:
    """Start a sync and kill it; answers whether it was still at work."""
    process = subprocess.Popen(
        pair.command("sync", "--json"), env=pair.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(wait)
    hit = process.poll() is None
    if hit:
        process.send_signal(signal.SIGKILL)
    process.communicate()
    return hit


def test_killed_at_random_moments(pair: Pair) -> None:
    luck = random.Random(int(os.environ.get("BRIDGE_SEED", "20260301")))
    start = time.monotonic()
    pair.bridge("check")  # as long as bridge takes to start and to log in
    begun = time.monotonic() - start
    fill(pair)
    hits, moved = 0, Decimal(0)
    for number in range(KILLS):
        if number >= KILLS - 2:  # the last kills fall into movements of stock
            if number == KILLS - 2:
                pair.sync(code=None)
            by = -1 - number
            (level,) = pair.shown("Stock_Level__c") or (None,)
            if level is None:
                product = pair.desk.one("product.product", ["code", "=", SKU])
                pair.desk.count({product: 100.0})
                pair.sync(code=None)
                (level,) = pair.shown("Stock_Level__c")
            now = Decimal(str(pair.shown("Stock_Level__c")[level]["On_Hand__c"]))
            pair.edited("Stock_Level__c", level, On_Hand__c=float(now + by))
            moved += by
        waits = [begun * luck.uniform(0.6, 1.6) / (1 + late) for late in range(3)]  # sooner, where it was over already
        hits += any(kill(pair, wait) for wait in waits)
    for _ in range(2):
        pair.sync(code=None)
    last = pair.sync()["totals"]
    assert (last["writes"], last["enqueued"]) == (0, 0)
    assert hits >= KILLS // 2, "most syncs were over before they were killed: the test proves nothing"
    assert found(pair) == {
        "parties": Counter(f"Customer {n:02}" for n in range(CUSTOMERS)),
        "accounts": Counter(f"Customer {n:02}" for n in range(CUSTOMERS)),
        "sales": Counter((f"PO-{n}", Decimal("19.99") * (n + 1)) for n in range(ORDERS)),
        "products": Counter([SKU]),
        "stock": {SKU: 100 + moved},
    }
    marks = [
        row["reference"] for row in pair.desk.rows("stock.shipment.internal", [["state", "=", "done"]], ["reference"])
    ]
    assert len(marks) == len(set(marks))


def found(pair: Pair) -> dict[str, object]:
    desk = pair.desk
    codes = {row["id"]: row["code"] for row in desk.rows("product.product", [], ["code"])}
    sales = desk.rows("sale.sale", [], ["description", "untaxed_amount"])
    return {
        "parties": Counter(row["name"] for row in desk.rows("party.party", [["code", "!=", "OWN"]], ["name"])),
        "accounts": Counter(row["Name"] for row in pair.shown("Account").values()),
        "sales": Counter((row["description"], row["untaxed_amount"]) for row in sales),
        "products": Counter(codes.values()),
        "stock": {codes[product]: quantity for product, quantity in desk.stock().items()},
    }
