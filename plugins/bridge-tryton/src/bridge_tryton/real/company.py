"""The company that every database of the tests and the demo begins with: set up once, as its owner would."""

from __future__ import annotations

from decimal import Decimal

from bridge_tryton.real.desk import Desk
from bridge_tryton.real.server import Server

COUNTRIES = {"DE": "Germany", "AT": "Austria", "FR": "France", "US": "United States"}
OWNER = "Own Company"


def found_company(server: Server) -> None:
    """A company in euros that invoices by hand, which needs no chart of accounts; some countries."""
    desk = Desk(server.url)
    try:
        desk.call("country.country", "create", [{"code": code, "name": name} for code, name in COUNTRIES.items()])
        euro = desk.make(
            "currency.currency", name="Euro", symbol="€", code="EUR", numeric_code="978", rounding=Decimal("0.01"),
            digits=2, rates=[["create", [{"rate": Decimal(1)}]]],
        )  # fmt: skip
        address = {"street_unstructured": "Hauptplatz 1", "city": "Wien", "postal_code": "1010"}
        party = desk.make("party.party", name=OWNER, code="OWN", addresses=[["create", [address]]])
        company = desk.make("company.company", party=party, currency=euro)
        desk.call("res.user", "write", [desk.user], {"companies": [["add", [company]]], "company": company})
    finally:
        desk.close()
