"""What there is to migrate: customers everywhere; products and orders in the CRM and in files."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from benchmarks.migration.company import DESK, Company

CHUNK = 1000


def parts(total: int) -> Iterator[range]:
    for start in range(0, total, CHUNK):
        yield range(start, min(start + CHUNK, total))


def fill(company: Company, system: str, customers: int, products: int, orders: int) -> int:
    """Answers how many records the source holds of the migrated entities."""
    if system == DESK:
        return export(company, customers, products, orders)
    sandbox = company.sandboxes[system]
    ids: list[str] = []
    for part in parts(customers):
        ids += sandbox.seed([customer(system, n) for n in part])
    if system != "crm":
        return customers
    book = next(i for i, row in sandbox.control("GET", "dump")["Pricebook2"].items() if row["IsStandard"])
    entries: list[str] = []
    for part in parts(products):
        made = sandbox.seed([
            {"object": "Product2", "values": {"Name": f"Thing {n}", "ProductCode": f"SKU-{n:06}", "IsActive": True,
                                              "QuantityUnitOfMeasure": "Each"}} for n in part
        ])  # fmt: skip
        entries += sandbox.seed([
            {"object": "PricebookEntry", "values": {"Product2Id": one, "Pricebook2Id": book, "UnitPrice": "9.99",
                                                    "IsActive": True}} for one in made
        ])  # fmt: skip
    for part in parts(orders if entries else 0):
        made = sandbox.seed([
            {"object": "Order", "values": {"AccountId": ids[n % len(ids)], "EffectiveDate": "2026-01-01",
                                           "EndDate": "2026-01-20", "Status": "Draft", "Pricebook2Id": book,
                                           "PoNumber": f"PO-{n}"}} for n in part
        ])  # fmt: skip
        sandbox.seed([
            {"object": "OrderItem", "values": {"OrderId": order, "PricebookEntryId": entries[n % len(entries)],
                                               "Quantity": "2", "UnitPrice": "9.99"}}
            for n, order in zip(part, made, strict=True)
        ])  # fmt: skip
    return customers + len(entries) + (orders if entries else 0)


def export(company: Company, customers: int, products: int, orders: int) -> int:
    """The same as CSV files, as another program would have exported them."""
    write(company, "customers", (
        {"id": f"C{n}", "name": f"Firma {n:07}", "tax_number": f"DE{100_000_000 + n}", "billing_street": f"Weg {n}",
         "billing_city": "Ulm", "billing_country": "DE"} for n in range(customers)
    ))  # fmt: skip
    write(company, "products", (
        {"id": f"P{n}", "sku": f"SKU-{n:06}", "name": f"Thing {n}", "unit": "H87", "list_price": "9.99",
         "active": "true"} for n in range(products)
    ))  # fmt: skip
    orders = orders if products else 0
    write(company, "orders", (
        {"id": f"O{n}", "customer": f"C{n % customers}", "order_date": "2026-01-01", "requested_date": "2026-01-20",
         "customer_reference": f"PO-{n}", "currency": "EUR", "status": "draft"} for n in range(orders)
    ))  # fmt: skip
    write(company, "orders_lines", (
        {"id": f"L{n}", "order": f"O{n}", "product": f"P{n % products}", "quantity": "2", "unit_price": "9.99"}
        for n in range(orders)
    ))  # fmt: skip
    return customers + products + orders


def write(company: Company, name: str, rows: Iterable[Mapping[str, str]]) -> None:
    """Fill a file that `bridge setup` has made, with the columns that it has."""
    path = company.data / f"{name}.csv"
    columns = path.read_text(encoding="utf-8").splitlines()[0].split(",")
    with path.open("a", encoding="utf-8", newline="") as file:
        file_rows = csv.DictWriter(file, columns, restval="", extrasaction="ignore")
        file_rows.writerows(rows)


def customer(system: str, n: int) -> dict[str, Any]:
    """One company, as a sandbox is seeded with it."""
    name, vat = f"Firma {n:07}", f"DE{100_000_000 + n}"
    if system == "crm":
        return {"object": "Account", "values": {"Name": name, "VAT__c": vat, "BillingStreet": f"Weg {n}",
                                                "BillingCity": "Ulm", "BillingCountryCode": "DE"}}  # fmt: skip
    if system == "erp":
        return {"object": "res.partner", "values": {"name": name, "vat": vat, "is_company": True}}
    return {"object": "Customer", "values": {"customer_name": name, "tax_id": vat, "customer_type": "Company"}}


def address(owner: str, n: int) -> dict[str, Any]:
    """The address of a customer of ERPNext's."""
    return {"doctype": "Address", "address_title": owner, "address_type": "Billing", "address_line1": f"Weg {n}",
            "city": "Ulm", "country": "Germany",
            "links": [{"link_doctype": "Customer", "link_name": owner}]}  # fmt: skip
