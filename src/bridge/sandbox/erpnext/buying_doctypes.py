"""The doctypes of buying, and of money between currencies; in the form of `commerce_doctypes`."""

# ruff: noqa: E501 - one line a field

from __future__ import annotations

from typing import Any, Final

BUYING: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "Supplier": (
        {"autoname": "field:supplier_name", "module": "Buying"},
        "supplier_name | Supplier Name | Data | | reqd\nsupplier_type | Supplier Type | Select | Company\\nIndividual",
    ),
    "Purchase Order": (
        {"autoname": "naming_series:", "is_submittable": 1, "module": "Buying"},
        """
naming_series | Series | Select | PUR-ORD-.YYYY.- | reqd set_only_once
supplier | Supplier | Link | Supplier | reqd
company | Company | Link | Company | reqd
transaction_date | Date | Date | | reqd
currency | Currency | Link | Currency
net_total | Net Total | Currency
total_taxes_and_charges | Total Taxes and Charges | Currency
grand_total | Grand Total | Currency
status | Status | Select | \\nDraft\\nTo Receive and Bill\\nTo Bill\\nTo Receive\\nCompleted\\nCancelled\\nClosed | default=Draft""",
    ),
    "Currency Exchange": (
        {"autoname": "hash", "module": "Setup"},
        """
date | Date | Date | | reqd
from_currency | From Currency | Link | Currency | reqd
to_currency | To Currency | Link | Currency | reqd
exchange_rate | Exchange Rate | Float | | reqd
for_buying | For Buying | Check | | default=1
for_selling | For Selling | Check | | default=1""",
    ),
}
