"""The doctypes of selling and stock, one line per field: name | label | type | options | flags.

Names, types and options follow the metadata of a real site; of the long tail of fields only those that integrations
meet are here. A flag `default=x` sets a default, the others are properties that are on.
"""

# ruff: noqa: E501 - one line a field

from __future__ import annotations

from typing import Any, Final

from bridge.sandbox.erpnext.buying_doctypes import BUYING
from bridge.sandbox.erpnext.webhook_doctypes import WEBHOOKS

_ITEM_ROW = """
item_code | Item Code | Link | Item | reqd
item_name | Item Name | Data
description | Description | Text Editor
delivery_date | Delivery Date | Date | | allow_on_submit
qty | Quantity | Float | | reqd
uom | UOM | Link | UOM | reqd
stock_uom | Stock UOM | Link | UOM
conversion_factor | UOM Conversion Factor | Float | | reqd default=1
stock_qty | Qty as per Stock UOM | Float | | read_only
price_list_rate | Price List Rate | Currency
discount_percentage | Discount (%) on Price List Rate with Margin | Percent
discount_amount | Discount Amount | Currency
margin_type | Margin Type | Select | \\nPercentage\\nAmount
margin_rate_or_amount | Margin Rate or Amount | Float
rate | Rate | Currency
amount | Amount | Currency | | read_only
net_rate | Net Rate | Currency | | read_only
net_amount | Net Amount | Currency | | read_only
base_rate | Rate (Company Currency) | Currency | | read_only
base_amount | Amount (Company Currency) | Currency | | read_only
is_free_item | Is Free Item | Check
item_tax_template | Item Tax Template | Link | Item Tax Template
warehouse | Warehouse | Link | Warehouse
"""
_PARTY = """
naming_series | Series | Select | {series} | reqd set_only_once
customer | Customer | Link | Customer | reqd
customer_name | Customer Name | Data | | read_only
company | Company | Link | Company | reqd
{day} | Date | Date | | reqd
currency | Currency | Link | Currency | reqd
conversion_rate | Exchange Rate | Float
selling_price_list | Price List | Link | Price List
ignore_pricing_rule | Ignore Pricing Rule | Check
total_qty | Total Quantity | Float | | read_only
total | Total | Currency | | read_only
net_total | Net Total | Currency | | read_only
base_net_total | Net Total (Company Currency) | Currency | | read_only
total_taxes_and_charges | Total Taxes and Charges | Currency | | read_only
grand_total | Grand Total | Currency | | read_only
rounded_total | Rounded Total | Currency | | read_only
base_grand_total | Grand Total (Company Currency) | Currency | | read_only
customer_address | Customer Address | Link | Address | allow_on_submit
shipping_address_name | Shipping Address | Link | Address | allow_on_submit
contact_person | Contact Person | Link | Contact | allow_on_submit
payment_terms_template | Payment Terms Template | Link | Payment Terms Template
terms | Terms | Text Editor
amended_from | Amended From | Link | {own} | read_only no_copy
items | Items | Table | {rows} | reqd
taxes | Taxes and Charges | Table | Sales Taxes and Charges
"""

_TEXTS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "Item Group": (
        {"autoname": "field:item_group_name", "is_tree": 1, "module": "Setup"},
        "item_group_name | Item Group Name | Data | | reqd\nparent_item_group | Parent Item Group | Link | Item Group\n"
        "is_group | Is Group | Check",
    ),
    "Item Tax Template": (
        {"autoname": "field:title"},
        "title | Title | Data | | reqd\ncompany | Company | Link | Company",
    ),
    "Item": (
        {
            "autoname": "field:item_code",
            "module": "Stock",
            "title_field": "item_name",
            "track_changes": 1,
            "allow_rename": 1,
        },
        """
item_code | Item Code | Data | | reqd
item_name | Item Name | Data
item_group | Item Group | Link | Item Group | reqd
stock_uom | Default Unit of Measure | Link | UOM | reqd
disabled | Disabled | Check
is_stock_item | Maintain Stock | Check | | default=1
standard_rate | Standard Selling Rate | Currency
description | Description | Text Editor
weight_per_unit | Weight Per Unit | Float
weight_uom | Weight UOM | Link | UOM
barcodes | Barcodes | Table | Item Barcode
taxes | Taxes | Table | Item Tax
uoms | UOMs | Table | UOM Conversion Detail""",
    ),
    "Item Tax": (
        {"istable": 1, "module": "Stock", "autoname": "hash"},
        "item_tax_template | Item Tax Template | Link | Item Tax Template | reqd\ntax_category | Tax Category | Data\n"
        "valid_from | Valid From | Date",
    ),
    "Item Barcode": (
        {"istable": 1, "module": "Stock", "autoname": "hash"},
        "barcode | Barcode | Data | | reqd unique\nbarcode_type | Barcode Type | Select | \\nEAN\\nUPC-A\\nGTIN\n"
        "uom | UOM | Link | UOM",
    ),
    "UOM Conversion Detail": (
        {"istable": 1, "module": "Stock", "autoname": "hash"},
        "uom | UOM | Link | UOM\nconversion_factor | Conversion Factor | Float",
    ),
    "Item Price": (
        {"autoname": "hash", "module": "Stock", "track_changes": 1},
        """
item_code | Item Code | Link | Item | reqd
item_name | Item Name | Data | | read_only
uom | UOM | Link | UOM
price_list | Price List | Link | Price List | reqd
selling | Selling | Check | | read_only
buying | Buying | Check | | read_only
currency | Currency | Link | Currency
price_list_rate | Rate | Currency | | reqd
valid_from | Valid From | Date | | default=Today
valid_upto | Valid Upto | Date""",
    ),
    "Warehouse": (
        {"is_tree": 1, "module": "Stock"},
        """
warehouse_name | Warehouse Name | Data | | reqd
disabled | Disabled | Check
is_group | Is Group Warehouse | Check
parent_warehouse | Parent Warehouse | Link | Warehouse
company | Company | Link | Company | reqd""",
    ),
    "Sales Order": (
        {"autoname": "naming_series:", "is_submittable": 1, "track_changes": 1, "title_field": "customer_name"},
        _PARTY.format(series="SAL-ORD-.YYYY.-", day="transaction_date", own="Sales Order", rows="Sales Order Item")
        + """
order_type | Order Type | Select | \\nSales\\nMaintenance\\nShopping Cart | default=Sales
delivery_date | Delivery Date | Date | | allow_on_submit
po_no | Customer's Purchase Order | Data | | allow_on_submit
po_date | Customer's Purchase Order Date | Date | | allow_on_submit
status | Status | Select | \\nDraft\\nOn Hold\\nTo Deliver and Bill\\nTo Bill\\nTo Deliver\\nCompleted\\nCancelled\\nClosed | reqd read_only no_copy default=Draft
delivery_status | Delivery Status | Select | Not Delivered\\nFully Delivered\\nPartly Delivered\\nClosed\\nNot Applicable | no_copy
per_delivered | % Delivered | Percent | | read_only no_copy
billing_status | Billing Status | Select | Not Billed\\nFully Billed\\nPartly Billed\\nClosed | no_copy
per_billed | % Amount Billed | Percent | | read_only no_copy""",
    ),
    "Sales Order Item": (
        {"istable": 1, "autoname": "hash"},
        _ITEM_ROW.replace("warehouse | Warehouse", "warehouse | Delivery Warehouse")
        + "delivered_qty | Delivered Qty | Float | | read_only\nbilled_amt | Billed Amt | Currency | | read_only",
    ),
    "Sales Taxes and Charges": (
        {"istable": 1, "module": "Accounts", "autoname": "hash"},
        """
charge_type | Type | Select | \\nActual\\nOn Net Total | reqd
account_head | Account Head | Link | Account | reqd
description | Description | Small Text | | reqd
rate | Tax Rate | Float
tax_amount | Amount | Currency
total | Total | Currency | | read_only
included_in_print_rate | Is this Tax included in Basic Rate? | Check""",
    ),
    "Account": (
        {"autoname": "field:account_name", "module": "Accounts"},
        "account_name | Account Name | Data | | reqd",
    ),
    "Delivery Note": (
        {"autoname": "naming_series:", "is_submittable": 1, "module": "Stock"},
        _PARTY.format(series="MAT-DN-.YYYY.-", day="posting_date", own="Delivery Note", rows="Delivery Note Item")
        + "status | Status | Select | \\nDraft\\nTo Bill\\nCompleted\\nCancelled | read_only default=Draft",
    ),
    "Delivery Note Item": (
        {"istable": 1, "module": "Stock", "autoname": "hash"},
        _ITEM_ROW + "against_sales_order | Against Sales Order | Link | Sales Order\nso_detail | Against Item | Data",
    ),
    "Sales Invoice": (
        {"autoname": "naming_series:", "is_submittable": 1, "module": "Accounts"},
        _PARTY.format(series="ACC-SINV-.YYYY.-", day="posting_date", own="Sales Invoice", rows="Sales Invoice Item")
        + """
due_date | Payment Due Date | Date
outstanding_amount | Outstanding Amount | Currency | | read_only
status | Status | Select | \\nDraft\\nUnpaid\\nPaid\\nOverdue\\nCancelled | read_only default=Draft""",
    ),
    "Sales Invoice Item": (
        {"istable": 1, "module": "Accounts", "autoname": "hash"},
        _ITEM_ROW + "sales_order | Sales Order | Link | Sales Order\nso_detail | Sales Order Item | Data",
    ),
    "Bin": (
        {"autoname": "hash", "module": "Stock"},
        """
item_code | Item Code | Link | Item | reqd
warehouse | Warehouse | Link | Warehouse | reqd
actual_qty | Actual Quantity | Float | | read_only
reserved_qty | Reserved Quantity | Float | | read_only
ordered_qty | Ordered Quantity | Float | | read_only
projected_qty | Projected Quantity | Float | | read_only
valuation_rate | Valuation Rate | Float | | read_only
stock_uom | UOM | Link | UOM""",
    ),
    "Stock Entry": (
        {"autoname": "naming_series:", "is_submittable": 1, "module": "Stock"},
        """
naming_series | Series | Select | MAT-STE-.YYYY.- | reqd set_only_once
stock_entry_type | Stock Entry Type | Select | Material Receipt\\nMaterial Issue\\nMaterial Transfer | reqd
company | Company | Link | Company | reqd
posting_date | Posting Date | Date
remarks | Remarks | Text
amended_from | Amended From | Link | Stock Entry | read_only no_copy
items | Items | Table | Stock Entry Detail | reqd""",
    ),
    "Stock Entry Detail": (
        {"istable": 1, "module": "Stock", "autoname": "hash"},
        """
item_code | Item Code | Link | Item | reqd
s_warehouse | Source Warehouse | Link | Warehouse
t_warehouse | Target Warehouse | Link | Warehouse
qty | Qty | Float | | reqd
uom | UOM | Link | UOM
conversion_factor | Conversion Factor | Float | | default=1
basic_rate | Basic Rate | Currency
allow_zero_valuation_rate | Allow Zero Valuation Rate | Check""",
    ),
    "Stock Reconciliation": (
        {"autoname": "naming_series:", "is_submittable": 1, "module": "Stock"},
        """
naming_series | Series | Select | MAT-RECO-.YYYY.- | reqd set_only_once
company | Company | Link | Company | reqd
purpose | Purpose | Select | \\nOpening Stock\\nStock Reconciliation | reqd
posting_date | Posting Date | Date
items | Items | Table | Stock Reconciliation Item | reqd""",
    ),
    "Stock Reconciliation Item": (
        {"istable": 1, "module": "Stock", "autoname": "hash"},
        """
item_code | Item Code | Link | Item | reqd
warehouse | Warehouse | Link | Warehouse | reqd
qty | Quantity | Float
valuation_rate | Valuation Rate | Currency
allow_zero_valuation_rate | Allow Zero Valuation Rate | Check""",
    ),
    "Lead": (
        {"autoname": "naming_series:", "module": "CRM", "title_field": "title"},
        """
naming_series | Series | Select | CRM-LEAD-.YYYY.-
title | Title | Data
first_name | First Name | Data
last_name | Last Name | Data
lead_name | Full Name | Data
company_name | Organization Name | Data
job_title | Job Title | Data
email_id | Email | Data | Email
phone | Phone | Data | Phone
mobile_no | Mobile No | Data | Phone
source | Source | Data
status | Status | Select | Lead\\nOpen\\nReplied\\nOpportunity\\nQuotation\\nInterested\\nConverted\\nDo Not Contact | reqd default=Lead""",
    ),
    "Issue": (
        {"autoname": "naming_series:", "module": "Support", "title_field": "subject", "track_changes": 1},
        """
naming_series | Series | Select | ISS-.YYYY.-
subject | Subject | Data | | reqd
customer | Customer | Link | Customer
raised_by | Raised By (Email) | Data | Email
status | Status | Select | Open\\nReplied\\nOn Hold\\nResolved\\nClosed | default=Open
priority | Priority | Data
description | Description | Text Editor
resolution_details | Resolution Details | Text Editor
opening_date | Opening Date | Date""",
    ),
}


def doctypes() -> dict[str, dict[str, Any]]:
    """The doctypes in the form of standard.json."""
    return {
        name: {**head, "fields": [_field(line) for line in text.splitlines() if line.strip()]}
        for name, (head, text) in {**_TEXTS, **BUYING, **WEBHOOKS}.items()
    }


def _field(line: str) -> dict[str, Any]:
    name, label, kind, options, flags = ([part.strip() for part in line.split("|")] + ["", ""])[:5]
    field: dict[str, Any] = {"fieldname": name, "label": label, "fieldtype": kind}
    if options:
        field["options"] = options.replace("\\n", "\n")
    for flag in flags.split():
        key, _, value = flag.partition("=")
        field[key] = value or 1
    return field
