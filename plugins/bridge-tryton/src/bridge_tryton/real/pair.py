"""A company with two systems: Salesforce's sandbox, and a real Tryton; and bridge between them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import requests

from bridge_tryton.real.desk import Desk
from bridge_tryton.real.server import DATABASE, LOGIN, PASSWORD, NoServer

CONFIGURATION = """version: "1"
store: sqlite:///bridge.db
mappings: mappings
sync: {{wait: 0s}}
systems:
  crm:
    adapter: salesforce
    instance_url: {crm}
    grant: client_credentials
    client_id: {{env: BRIDGE_PAIR_CRM_ID}}
    client_secret: {{env: BRIDGE_PAIR_CRM_SECRET}}
  erp:
    adapter: tryton
    url: {erp}
    database: {database}
    login: {login}
    password: {{env: BRIDGE_PAIR_ERP_PASSWORD}}
    overlap: 20
"""
SECRETS = {
    "BRIDGE_PAIR_CRM_ID": "bridge-client-id",
    "BRIDGE_PAIR_CRM_SECRET": "bridge-client-secret",
    "BRIDGE_PAIR_ERP_PASSWORD": PASSWORD,
}
Values = Mapping[str, Any]


class Pair:
    """A folder with bridge's configuration, and what people do in the two systems. crm, erp: their addresses."""

    def __init__(self, folder: Path, crm: str, erp: str, desk: Desk) -> None:
        self.folder, self.crm, self.desk = folder, crm, desk
        text = CONFIGURATION.format(crm=crm, erp=erp, database=DATABASE, login=LOGIN)
        (folder / "bridge.yaml").write_text(text, encoding="utf-8")
        (folder / "mappings").mkdir(exist_ok=True)
        for one in files("bridge_tryton").joinpath("mappings").iterdir():
            if one.name.endswith(".yaml"):
                (folder / "mappings" / one.name).write_bytes(one.read_bytes())
        self.environment = {**os.environ, **SECRETS, "BRIDGE_CONFIG": str(folder / "bridge.yaml"), "NO_COLOR": "1"}
        self._session = requests.Session()
        self._session.trust_env = False

    def only(self, *entities: str) -> None:
        """Leave these entities' mapping files only."""
        for path in (self.folder / "mappings").glob("*.yaml"):
            if path.stem not in entities:
                path.unlink()

    # bridge

    def command(self, *words: str) -> list[str]:
        """A bridge command as a process."""
        return [sys.executable, "-m", "bridge", *words]

    def bridge(self, *words: str, code: int | None = 0) -> str:
        """Run a bridge command to its end; answers what it says. Raises NoServer where it ends with another code."""
        done = subprocess.run(  # noqa: S603 - our own program
            self.command(*words), env=self.environment, capture_output=True, text=True, check=False
        )
        if code is not None and done.returncode != code:
            said = (done.stderr or done.stdout)[-2000:]
            raise NoServer(f"bridge {' '.join(words)} ended with {done.returncode}: {said}")
        return done.stdout

    def sync(self, code: int | None = 0) -> dict[str, Any]:
        """One sync; answers its report."""
        report: dict[str, Any] = json.loads(self.bridge("sync", "--json", code=code))
        return report

    # the front office, in Salesforce

    def control(self, method: str, path: str, **given: Any) -> Any:
        """One request to the control plane of the sandbox."""
        answer = self._session.request(method, f"{self.crm}/__sandbox__/{path}", json=given or None, timeout=30)
        if not answer.ok:
            raise NoServer(f"the sandbox refused {path}: {answer.text}")
        return answer.json()

    def accounts(self, *records: Values) -> list[str]:
        """New customers in the CRM."""
        return self.made(*({"object": "Account", "values": values} for values in records))

    def made(self, *records: Values) -> list[str]:
        """New records in the CRM; their ids."""
        return [str(id_) for id_ in self.control("POST", "seed", records=list(records))["ids"]]

    def edited(self, what: str, id_: str, **values: Any) -> None:
        """A record is edited in the CRM."""
        self.control("POST", "edit", object=what, id=id_, values=values)

    def shown(self, what: str) -> dict[str, dict[str, Any]]:
        """Records of the CRM by id."""
        found: dict[str, dict[str, Any]] = self.control("GET", "dump").get(what, {})
        return found

    def products(self, prices: Mapping[str, str]) -> dict[str, str]:
        """Products in the CRM with their standard prices; SKU -> id of the price entry."""
        book = next(iter(self.shown("Pricebook2")))
        products = self.made(*(
            {"object": "Product2", "values": {"Name": f"Pump {sku}", "ProductCode": sku, "IsActive": True,
                                              "QuantityUnitOfMeasure": "Each"}}
            for sku in prices
        ))  # fmt: skip
        entries = self.made(*(
            {"object": "PricebookEntry", "values": {"Product2Id": product, "Pricebook2Id": book, "UnitPrice": price,
                                                    "IsActive": True}}
            for product, price in zip(products, prices.values(), strict=True)
        ))  # fmt: skip
        return dict(zip(prices, entries, strict=True))

    def order(self, account: str, reference: str, lines: Sequence[tuple[str, str, str]]) -> str:
        """A draft in the CRM. lines: price entry, quantity, price."""
        values = {"AccountId": account, "EffectiveDate": "2026-01-01", "EndDate": "2026-01-20", "Status": "Draft",
                  "Pricebook2Id": next(iter(self.shown("Pricebook2"))), "PoNumber": reference}  # fmt: skip
        (made,) = self.made({"object": "Order", "values": values})
        self.made(*(
            {"object": "OrderItem", "values": {"OrderId": made, "PricebookEntryId": entry, "Quantity": quantity,
                                               "UnitPrice": price}}
            for entry, quantity, price in lines
        ))  # fmt: skip
        return made

    def close(self) -> None:
        """Hang up."""
        self._session.close()
