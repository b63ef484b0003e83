"""The contract, kept by the ERPNext adapter over the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from bridge.adapters.erpnext import make
from bridge.ports.adapter import Adapter
from bridge.ports.records import Condition, FieldSpec, NativeValue, ObjectSpec
from bridge.testing.contract import AdapterContract
from bridge.testing.harness import Features
from bridge.testing.sandbox import SandboxHarness


class Site(SandboxHarness):
    """Customers that are companies."""

    sandbox = "erpnext"
    spec = ObjectSpec(
        entity="customer",
        object="Customer",
        key="custom_bridge_id",
        fields=(
            FieldSpec("customer_name"),
            FieldSpec("tax_id"),
            FieldSpec("website", type="url"),
            FieldSpec("customer_details", type="longtext"),
            FieldSpec("disabled", type="boolean"),
        ),
        where=(Condition("customer_type", "!=", "Individual"),),
    )
    features = Features(text="customer_details", limited=("tax_id", 140), outside=True, tells_writers=True)
    secrets = ("bridge-key", "bridge-secret")
    options: ClassVar[Mapping[str, Any]] = {"api_key": secrets[0], "api_secret": secrets[1]}
    operations: ClassVar[Mapping[Any, str]] = {
        "read": "get_list Customer",
        "create": "insert_many Customer",
        "update": "update Customer",
        "delete": "delete Customer",
    }
    faults: ClassVar[Mapping[Any, Mapping[str, Any] | None]] = {
        "expired_token": None,  # the token of an integration user never ends by itself; a new one is made by a person
    }

    def make(self, url: str) -> Adapter:
        return self._with(url, self.secrets[1])

    def make_stranger(self, url: str) -> Adapter:
        return self._with(url, "no-such-secret")

    def sample(self, n: int) -> Mapping[str, NativeValue]:
        return {
            "customer_name": f"Acme {n}",
            "tax_id": f"DE{n}",
            "website": f"https://acme{n}.example",
            "customer_details": f"line {n}\nanother",
            "disabled": False,
        }

    def outside(self, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "customer_type": "Individual"}

    def _with(self, url: str, secret: str) -> Adapter:
        settings = {"url": url, "api_key": self.secrets[0], "api_secret": secret, "deletes_interval": 0}
        return make("fin", settings)


class SiteWithAddresses(Site):
    """The same with both addresses, which are documents of their own, and the person in charge, who is a User."""

    spec = ObjectSpec(
        entity="customer",
        object="Customer",
        key="custom_bridge_id",
        fields=(
            *Site.spec.fields,
            FieldSpec("account_manager", "user.email"),
            FieldSpec("Address.Billing.address_line1"),
            FieldSpec("Address.Billing.city"),
            FieldSpec("Address.Billing.country", "country.iso2"),
            FieldSpec("Address.Shipping.address_line1"),
            FieldSpec("Address.Shipping.city"),
            FieldSpec("Address.Shipping.country", "country.iso2"),
        ),
        where=Site.spec.where,
    )

    def sample(self, n: int) -> Mapping[str, NativeValue]:
        places = {"Billing": ("GB", "Köln"), "Shipping": ("DE", "Bonn")}
        return {
            **super().sample(n),
            "account_manager": "clerk@erpnext.example",
            **{f"Address.{role}.address_line1": f"{role} street {n}" for role in places},
            **{f"Address.{role}.city": town for role, (_, town) in places.items()},
            **{f"Address.{role}.country": country for role, (country, _) in places.items()},
        }

    def user_insert(self, n: int, *, inside: bool = True) -> str:
        sample = self.sample(n)
        own = {path: value for path, value in sample.items() if not path.startswith("Address.")}
        name = self.control("POST", "insert", {"object": "Customer", "values": own if inside else self.outside(own)})[
            "id"
        ]
        for role, country in (("Billing", "United Kingdom"), ("Shipping", "Germany")):
            address = {
                "address_title": name,
                "address_type": role,
                "address_line1": sample[f"Address.{role}.address_line1"],
                "city": sample[f"Address.{role}.city"],
                "country": country,
                "links": [{"link_doctype": "Customer", "link_name": name}],
            }
            self.control("POST", "insert", {"object": "Address", "values": address})
        return str(name)


class People(Site):
    """Contacts, whose e-mail addresses and numbers are rows of child tables."""

    spec = ObjectSpec(
        entity="contact",
        object="Contact",
        key="custom_bridge_id",
        fields=(
            FieldSpec("first_name"),
            FieldSpec("last_name"),
            FieldSpec("designation"),
            FieldSpec("email_id", type="email"),
            FieldSpec("phone", type="phone"),
            FieldSpec("mobile_no", type="phone"),
        ),
    )
    features = Features(text="designation", limited=("designation", 140), tells_writers=True)
    operations: ClassVar[Mapping[Any, str]] = {
        "read": "get_list Contact",
        "create": "insert_many Contact",
        "update": "update Contact",
        "delete": "delete Contact",
    }

    def sample(self, n: int) -> Mapping[str, NativeValue]:
        return {
            "first_name": f"Zoë {n}",
            "last_name": "O'Neil",
            "designation": f"chief {n}",
            "email_id": f"zoe{n}@acme.example",
            "phone": f"+49 30 {1000 + n}",
            "mobile_no": f"+49 170 {1000 + n}",
        }

    def vendor(self, values: Mapping[str, NativeValue]) -> dict[str, Any]:
        given: dict[str, Any] = dict(values)
        mail, phone, mobile = (given.pop(name, None) for name in ("email_id", "phone", "mobile_no"))
        if mail:
            given["email_ids"] = [{"email_id": mail, "is_primary": 1}]
        if phone and mobile:
            given["phone_nos"] = [
                {"phone": phone, "is_primary_phone": 1},
                {"phone": mobile, "is_primary_mobile_no": 1},
            ]
        return given


class TestErpnext(AdapterContract):
    kind = make

    @pytest.fixture
    def h(self) -> Iterator[SandboxHarness]:
        with Site() as harness:
            yield harness


class TestErpnextWithAddresses(AdapterContract):
    kind = make

    @pytest.fixture
    def h(self) -> Iterator[SandboxHarness]:
        with SiteWithAddresses() as harness:
            yield harness


class TestErpnextContacts(AdapterContract):
    kind = make

    @pytest.fixture
    def h(self) -> Iterator[SandboxHarness]:
        with People() as harness:
            yield harness
