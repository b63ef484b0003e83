"""The invented companies and people as each vendor's own screen would hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bridge.entrypoints.demo.people import Company, Person

Seed = dict[str, Any]
DIFFERS = frozenset(range(45, 1000, 120))
"""Customers whose web site was typed in differently in the ERP: only a person knows which one is right."""
GERMANY = 57
"""The id of Germany in every Odoo database."""
OUTDATED = frozenset(range(33, 1000, 100))
"""Customers whose tax number is wrong in the CRM: the mapping says that finance knows better."""


def salesforce_accounts(companies: Iterable[Company]) -> list[Seed]:
    """Accounts."""
    return [
        _seed(
            "Account",
            Name=company.name,
            VAT__c=_mistyped(company) if company.number in OUTDATED else company.tax_id,
            Email__c=company.email,
            Phone=company.phone,
            Website=company.website,
            BillingStreet=company.street,
            BillingCity=company.city,
            BillingPostalCode=company.postcode,
            BillingCountryCode="DE",
        )
        for company in companies
    ]


def salesforce_contacts(people: Iterable[Person], accounts: Mapping[int, str]) -> list[Seed]:
    """Contacts; `accounts` gives the id of each company's account."""
    return [
        _seed(
            "Contact",
            FirstName=person.given,
            LastName=person.family,
            Email=person.email,
            MobilePhone=person.mobile,
            Title=person.job,
            AccountId=accounts[person.company],
        )
        for person in people
    ]


def odoo_companies(companies: Iterable[Company]) -> list[Seed]:
    """Companies as partners. Odoo shows telephone numbers with blanks, which means the same."""
    return [
        _seed(
            "res.partner",
            name=company.name,
            is_company=True,
            vat=company.tax_id or False,
            email=company.email.capitalize() or False,
            phone=_spaced(company.phone) or False,
            website=_other_site(company) if company.number in DIFFERS else company.website or False,
            street=company.street,
            city=company.city,
            zip=company.postcode,
            country_id=GERMANY,
        )
        for company in companies
    ]


def odoo_people(people: Iterable[Person], partners: Mapping[int, str]) -> list[Seed]:
    """People as partners below their company."""
    return [
        _seed(
            "res.partner",
            name=f"{person.given} {person.family}",
            is_company=False,
            type="contact",
            parent_id=int(partners[person.company]),
            email=person.email,
            function=person.job,
        )
        for person in people
    ]


def erpnext_customers(companies: Iterable[Company]) -> list[Seed]:
    """Customers."""
    return [
        _seed(
            "Customer",
            customer_name=company.name,
            customer_type="Company",
            tax_id=company.tax_id,
            website=company.website,
        )
        for company in companies
    ]


def erpnext_addresses(companies: Iterable[Company], customers: Mapping[int, str]) -> list[Seed]:
    """The billing addresses, which ERPNext keeps as documents of their own."""
    return [
        _seed(
            "Address",
            address_title=company.name,
            address_type="Billing",
            address_line1=company.street,
            city=company.city,
            pincode=company.postcode,
            country="Germany",
            is_primary_address=1,
            links=[{"link_doctype": "Customer", "link_name": customers[company.number]}],
        )
        for company in companies
    ]


def erpnext_contacts(people: Iterable[Person], customers: Mapping[int, str]) -> list[Seed]:
    """Contacts with their mail addresses and numbers in child tables."""
    return [
        _seed(
            "Contact",
            first_name=person.given,
            last_name=person.family,
            designation=person.job,
            email_ids=[{"email_id": person.email, "is_primary": 1}],
            phone_nos=[{"phone": person.mobile, "is_primary_mobile_no": 1}],
            links=[{"link_doctype": "Customer", "link_name": customers[person.company]}],
        )
        for person in people
    ]


def _seed(object: str, **values: Any) -> Seed:
    return {"object": object, "values": {name: value for name, value in values.items() if value != ""}}


def _mistyped(company: Company) -> str:
    return company.tax_id[:-1] + str((int(company.tax_id[-1]) + 1) % 10)


def _spaced(phone: str) -> str:
    return f"{phone[:3]} {phone[3:5]} {phone[5:]}" if phone else ""


def _other_site(company: Company) -> str:
    return company.website.replace("https://", "https://www.")
