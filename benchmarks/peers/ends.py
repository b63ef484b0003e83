"""The two ends that all tools share: Salesforce's query, and Odoo's import by external id."""

from __future__ import annotations

from typing import Any

import requests

FIELDS = {
    "Name": "name", "AccountNumber": "ref", "VAT__c": "vat", "Email__c": "email", "Phone": "phone",
    "Website": "website", "Description": "comment", "BillingStreet": "street", "BillingCity": "city",
    "BillingPostalCode": "zip",
}  # fmt: skip
"""Field of an Account -> field of a partner, as in the mapping of `benchmarks.wire`."""

QUERY = "/services/data/v62.0/query/"
STAMP = "SystemModstamp"
BATCH = 500
COLUMNS = ["id", *FIELDS.values(), "is_company"]


def soql(since: str | None) -> str:
    """All accounts, or those that have changed at or after a moment."""
    where = f" WHERE {STAMP} >= {since}" if since else ""
    return f"SELECT Id, {STAMP}, {', '.join(FIELDS)} FROM Account{where} ORDER BY {STAMP}, Id"


def headers(crm: str) -> dict[str, str]:
    """Log in to Salesforce."""
    form = {
        "grant_type": "client_credentials",
        "client_id": "bridge-client-id",
        "client_secret": "bridge-client-secret",
    }
    answer = requests.post(f"{crm}/services/oauth2/token", data=form, timeout=60)
    answer.raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def row(account: dict[str, Any]) -> list[Any]:
    """An account as a row of Odoo's import; the external id makes a repeat an update."""
    return [f"__sync__.{account['Id']}", *(account.get(field) or "" for field in FIELDS), "1"]


class Odoo:
    """Odoo's JSON-RPC."""

    def __init__(self, url: str) -> None:
        self.url, self.session = f"{url}/jsonrpc", requests.Session()

    def load(self, accounts: list[dict[str, Any]]) -> None:
        """Make or change these partners in one call. Raises RuntimeError where Odoo refuses any."""
        args = ["acme", 2, "admin", "res.partner", "load", [COLUMNS, [row(account) for account in accounts]]]
        params = {"service": "object", "method": "execute_kw", "args": args}
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": 1}
        answer = self.session.post(self.url, json=body, timeout=600).json()
        if not answer.get("result", {}).get("ids"):
            raise RuntimeError(f"Odoo refused a batch: {str(answer)[:500]}")
