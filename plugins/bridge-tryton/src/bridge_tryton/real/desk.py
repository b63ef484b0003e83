"""A person at work in Tryton: raw calls by the server's own protocol, past the adapter."""

from __future__ import annotations

import base64
from datetime import date
from decimal import Decimal
from typing import Any

import requests

from bridge_tryton import wire
from bridge_tryton.real.server import DATABASE, LOGIN, PASSWORD, NoServer

Record = dict[str, Any]


class Desk:
    """One logged-in person. Answers what Tryton answers, with Decimals and dates."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._url = f"{url}/{DATABASE}/rpc/"
        self._session = requests.Session()
        self._session.trust_env = False
        self.context: Record = {}
        user, session, *_ = self._send("common.db.login", [LOGIN, {"password": PASSWORD}, "en"])
        token = base64.b64encode(f"{LOGIN}:{user}:{session}".encode()).decode()
        self._session.headers["Authorization"] = f"Session {token}"
        self.user = int(user)
        self.context = dict(self._send("model.res.user.get_preferences", [True, {}]))

    def _send(self, method: str, params: list[Any]) -> Any:
        body = wire.dumps({"id": 1, "method": method, "params": params})
        answer = self._session.post(self._url, data=body, headers={"Content-Type": "application/json"}, timeout=60)
        if not answer.ok:
            raise NoServer(f"Tryton refused {method}: HTTP {answer.status_code}")
        found = wire.loads(answer.content)
        if "error" in found:
            raise NoServer(f"Tryton refused {method}: {found['error']}")
        return found["result"]

    def call(self, model: str, method: str, *given: Any, **context: Any) -> Any:
        """One call of a model's method."""
        return self._send(f"model.{model}.{method}", [*given, {**self.context, **context}])

    def rows(self, model: str, domain: list[Any], fields: list[str], **context: Any) -> list[Record]:
        """Records by id."""
        found: list[Record] = self.call(
            model, "search_read", domain, 0, None, [["id", "ASC"]], ["id", *fields], **context
        )
        return found

    def one(self, model: str, *domain: Any) -> int:
        """The id of the first record."""
        found = self.call(model, "search", list(domain), 0, 1, [["id", "ASC"]])
        if not found:
            raise NoServer(f"there is no {model} with {domain}")
        return int(found[0])

    def make(self, model: str, **values: Any) -> int:
        """A new record."""
        return int(self.call(model, "create", [values])[0])

    # what people do

    def storage(self) -> int:
        """The storage zone of the warehouse."""
        return self.one("stock.location", ["code", "=", "STO"])

    def count(self, quantities: dict[int, float]) -> None:
        """What lies in the storage zone is counted. quantities: product -> how much."""
        lines = [{"product": product, "quantity": quantity} for product, quantity in quantities.items()]
        made = self.make(
            "stock.inventory", location=self.storage(), date=date.today(), empty_quantity="keep",  # noqa: DTZ011
            company=self.context["company"], lines=[["create", lines]],
        )  # fmt: skip
        self.call("stock.inventory", "confirm", [made])

    def move(self, product: int, by: float) -> int:
        """Goods come to the storage zone (or leave it, below zero) over the counter."""
        place, other = self.storage(), self.one("stock.location", ["type", "=", "lost_found"])
        ends = (other, place) if by > 0 else (place, other)
        unit = self.rows("product.product", [["id", "=", product]], ["default_uom"])[0]["default_uom"]
        own = {"company": self.context["company"], "from_location": ends[0], "to_location": ends[1]}
        moves = [{"product": product, "unit": unit, "quantity": abs(by), **own}]
        made = self.make("stock.shipment.internal", **own, moves=[["create", moves]])
        for method in ("wait", "assign_force", "do"):
            self.call("stock.shipment.internal", method, [made])
        return made

    def stock(self) -> dict[int, Decimal]:
        """product -> what lies in the storage zone."""
        rows = self.rows("product.product", [], ["quantity"], locations=[self.storage()], stock_date_end=date.today())  # noqa: DTZ011
        return {row["id"]: Decimal(str(row["quantity"])) for row in rows if row["quantity"] is not None}

    def ship(self, sale: int) -> None:
        """Everything of one order leaves the house."""
        shipments = [row["id"] for row in self.rows("stock.shipment.out", [["moves.sale", "=", sale]], [])]
        for method in ("assign_force", "pick", "pack", "do"):
            self.call("stock.shipment.out", method, shipments)

    def replace(self, party: int, by: int) -> None:
        """Two parties are the same: the first goes out of use, and what refers to it goes over to the second."""
        context = {**self.context, "active_model": "party.party", "active_id": party, "active_ids": [party]}
        session, *_ = self._send("wizard.party.replace.create", [context])
        given = {"ask": {"source": party, "destination": by}}
        self._send("wizard.party.replace.execute", [session, given, "replace", context])
        self._send("wizard.party.replace.delete", [session, context])

    def close(self) -> None:
        """Hang up; the session ends by itself."""
        self._session.close()
