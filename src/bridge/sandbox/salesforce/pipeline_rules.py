"""Rules of leads, opportunities and cases: what follows from their stage or status.

Facts: the object reference of Lead, Opportunity and Case.
"""

from __future__ import annotations

from decimal import Decimal

from bridge.sandbox.salesforce.errors import SalesforceError
from bridge.sandbox.salesforce.exact import exact, rounded
from bridge.sandbox.salesforce.pipeline import CLOSED_CASE, CONVERTED, STAGES
from bridge.sandbox.salesforce.store import Store, Values


class PipelineRules:
    """Closed and won are told by the stage, and by nobody else."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def complete(self, name: str, values: Values, changes: Values) -> None:
        """A case of a contact is one of the contact's account."""
        if name == "Case" and values.get("ContactId") and not values.get("AccountId") and "AccountId" not in changes:
            contact = self._store.newest("Contact", values["ContactId"])
            values["AccountId"] = contact.values.get("AccountId") if contact else None

    def judge(self, name: str, values: Values, changes: Values, before: Values | None, by: str) -> None:
        if name == "Lead":
            self._lead(values, before)
        elif name == "Opportunity":
            self._opportunity(values, changes, before)
        elif name == "Case":
            closed = values.get("Status") == CLOSED_CASE
            was_closed = bool(before and before.get("IsClosed"))
            values["IsClosed"] = closed
            if closed is not was_closed:
                values["ClosedDate"] = self._store.moment() if closed else None

    def settle(self, name: str, values: Values, before: Values | None, by: str) -> None:
        """Nothing follows for others."""

    def deleting(self, name: str, values: Values) -> None:
        """All of them can be deleted."""

    def _lead(self, values: Values, before: Values | None) -> None:
        if before is not None and before.get("IsConverted"):
            raise SalesforceError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
        if values.get("Status") == CONVERTED and not values.get("IsConverted"):
            message = "Status: a lead gets this status by being converted"
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, ["Status"])

    def _opportunity(self, values: Values, changes: Values, before: Values | None) -> None:
        probability, closed, won = STAGES.get(str(values.get("StageName")), (0, False, False))
        moved = before is None or before.get("StageName") != values.get("StageName")
        if moved and changes.get("Probability") is None:
            values["Probability"] = float(probability)
        values["IsClosed"], values["IsWon"] = closed, won
        if values.get("Amount") is None:
            values["ExpectedRevenue"] = None
        else:
            expected = exact(values["Amount"]) * exact(values.get("Probability")) / Decimal(100)
            values["ExpectedRevenue"] = rounded(expected, 2)
