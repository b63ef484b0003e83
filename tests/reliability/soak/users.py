"""Users of the three systems, who make and edit customers, contacts and products as they please."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import select

from bridge.store.schema import CROSSWALK
from reliability.soak.company import SYSTEMS, Company, Refused
from reliability.soak.ledger import Ledger
from reliability.soak.process import Bridge

KINDS = {
    "customer": {"crm": "Account", "erp": "res.partner", "fin": "Customer"},
    "contact": {"crm": "Contact", "erp": "res.partner", "fin": "Contact"},
    "product": {"crm": "Product2", "erp": "product.product", "fin": "Item"},
    "order": {"crm": "Order", "erp": "sale.order", "fin": "Sales Order"},
}
FIELDS = {
    "customer": {
        "crm": {"name": "Name", "email": "Email__c", "phone": "Phone", "website": "Website", "notes": "Description"},
        "erp": {"name": "name", "email": "email", "phone": "phone", "website": "website", "notes": "comment"},
        "fin": {"name": "customer_name", "website": "website", "notes": "customer_details"},
    },
    "contact": {
        "crm": {"job_title": "Title", "email": "Email", "phone": "Phone"},
        "erp": {"job_title": "function", "email": "email", "phone": "phone"},
        "fin": {"job_title": "designation"},
    },
    "product": {
        "crm": {"name": "Name", "description": "Description"},
        "erp": {"name": "name", "description": "description_sale"},
        "fin": {"name": "item_name"},
    },
}
"""entity -> system -> unit -> the native field that a user types it into."""
ADDRESS = {
    "crm": {"street": "BillingStreet", "city": "BillingCity", "postcode": "BillingPostalCode"},
    "erp": {"street": "street", "city": "city", "postcode": "zip"},
}
GERMANY = 57
"""The id of Germany in every Odoo database."""
CLEARABLE = ("website", "notes", "job_title", "description", "phone")
FEW = {"website": ("https://a.de", "https://b.de", "https://c.de"), "job_title": ("Buyer", "Clerk", "Owner")}
"""Values that return and collide: typed again after others, and by several users at once."""
WORDS = "abcdefghijklmnopqrstuvwxyz"


@dataclass
class Users:
    """All users of all systems. Every act answers what was done, in words; a system may refuse it (Refused)."""

    company: Company
    bridge: Bridge
    ledger: Ledger
    luck: Random
    numbers: int = 0
    fresh: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    known: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def acts(self) -> dict[Callable[[], str], int]:
        """Each act with its weight."""
        return {
            self.new_customer: 3,
            self.same_customer_in_two_systems: 1,
            self.new_contact: 2,
            self.new_product: 1,
            self.edit: 12,
            self.edit_with_one_of_few: 6,
            self.clear: 2,
            self.edit_in_all_systems: 2,
            self.move_house: 2,
            self.there_and_back: 2,
            self.delete: 1,
            self.rename: 1,
        }

    def look_around(self) -> None:
        """Learn which records there are in which system, from what bridge has linked."""
        query = (
            select(CROSSWALK.c.entity, CROSSWALK.c.system, CROSSWALK.c.native_id)
            .where(CROSSWALK.c.state == "linked")
            .order_by(CROSSWALK.c.golden_id, CROSSWALK.c.native_id)
        )
        self.known = defaultdict(list)
        with self.bridge.store.engine.connect() as connection:
            for entity, system, native_id in connection.execute(query):
                if (system, entity, native_id) not in self.ledger.removed:
                    self.known[entity, system].append(native_id)
        for place, ids in self.fresh.items():
            ids[:] = [id_ for id_ in ids if id_ not in set(self.known.get(place, ()))]

    def some(self, entity: str, system: str) -> str:
        """A record, of the later ones rather than of the first. Raises Refused where there is none."""
        ids = [*self.known.get((entity, system), ()), *self.fresh[entity, system]]
        if not ids:
            raise Refused(f"{system} has no {entity}")
        return self.luck.choice(ids[-12:] if self.luck.random() < 0.6 else ids)

    def number(self) -> int:
        """A number that nobody else has."""
        self.numbers += 1
        return self.numbers

    def say(self, system: str, entity: str, id_: str, unit: str, value: str | None) -> None:
        """Note a word of a user."""
        self.ledger.say((system, entity, id_), unit, value, self.bridge.cycles)

    def made(self, system: str, entity: str, id_: str) -> str:
        """Note a new record."""
        self.fresh[entity, system].append(id_)
        return id_

    # what is made

    def new_customer(self) -> str:
        system = self.luck.choice(SYSTEMS)
        return self._customer(system, self.number(), self.fancy_name())

    def same_customer_in_two_systems(self) -> str:
        """The same company is entered twice, before the systems know of each other."""
        number, name = self.number(), self.fancy_name()
        one, other = self.luck.sample(SYSTEMS, 2)
        return f"{self._customer(one, number, name)}; {self._customer(other, number, name)}"

    def _customer(self, system: str, number: int, name: str) -> str:
        tax, street = f"DE{number:09}", f"Weg {number}"
        if system == "crm":
            values = {
                "Name": name,
                "VAT__c": tax,
                "BillingStreet": street,
                "BillingCity": "Bonn",
                "BillingPostalCode": f"{number:05}",
                "BillingCountryCode": "DE",
            }
        elif system == "erp":
            values = {
                "name": name,
                "vat": tax,
                "is_company": True,
                "street": street,
                "city": "Bonn",
                "zip": f"{number:05}",
                "country_id": GERMANY,
            }
        else:
            values = {"customer_name": name, "tax_id": tax, "customer_type": "Company"}
        id_ = self.made(system, "customer", self.company.insert(system, KINDS["customer"][system], **values))
        self.say(system, "customer", id_, "name", name)
        return f"{system}: customer {id_} {tax} {name}"

    def new_contact(self) -> str:
        system, number = self.luck.choice(SYSTEMS), self.number()
        customer = self.some("customer", system)
        family, mail = self.fancy_name(), f"p{number}@kunde.de"
        if system == "crm":
            values: dict[str, Any] = {"FirstName": "Ana", "LastName": family, "Email": mail, "AccountId": customer}
        elif system == "erp":
            values = {
                "name": f"Ana {family}",
                "email": mail,
                "parent_id": int(customer),
                "type": "contact",
                "is_company": False,
            }
        else:
            values = {
                "first_name": "Ana",
                "last_name": family,
                "email_ids": [{"email_id": mail, "is_primary": 1}],
                "links": [{"link_doctype": "Customer", "link_name": customer}],
            }
        id_ = self.made(system, "contact", self.company.insert(system, KINDS["contact"][system], **values))
        self.say(system, "contact", id_, "email", mail)
        return f"{system}: contact {id_} {mail} of {customer}"

    def new_product(self) -> str:
        system, number = self.luck.choice(SYSTEMS), self.number()
        sku, name, price = f"S-{number}", self.fancy_name(), f"{self.luck.randint(1, 900)}.5"
        if system == "crm":
            values: dict[str, Any] = {
                "Name": name,
                "ProductCode": sku,
                "IsActive": True,
                "QuantityUnitOfMeasure": "Each",
                "PricebookEntries": [{"UnitPrice": price}],
            }
        elif system == "erp":
            values = {
                "name": name,
                "default_code": sku,
                "list_price": float(price),
                "type": "consu",
                "is_storable": True,
            }
        else:
            values = {
                "item_code": sku,
                "item_name": name,
                "item_group": "Products",
                "stock_uom": "Nos",
                "is_stock_item": 1,
            }
        id_ = self.made(system, "product", self.company.insert(system, KINDS["product"][system], **values))
        if system == "fin":
            self.company.insert(
                "fin", "Item Price", item_code=sku, price_list="Standard Selling", price_list_rate=price
            )
        self.say(system, "product", id_, "name", name)
        return f"{system}: product {id_} {sku}"

    # what is edited

    def edit(self) -> str:
        """Somebody types something new into one field."""
        entity, system, id_, unit = self._field()
        return self._type(system, entity, id_, unit, self.value(unit))

    def edit_with_one_of_few(self) -> str:
        """Somebody types what others type too, or what was there before."""
        unit = self.luck.choice(sorted(FEW))
        entity = "customer" if unit == "website" else "contact"
        system = self.luck.choice(SYSTEMS)
        return self._type(system, entity, self.some(entity, system), unit, self.luck.choice(FEW[unit]))

    def clear(self) -> str:
        """Somebody empties a field."""
        entity, system, id_, unit = self._field(CLEARABLE)
        return self._type(system, entity, id_, unit, None)

    def edit_in_all_systems(self) -> str:
        """The same record is edited everywhere before the systems know of each other: the same field or another."""
        entity, _, _, unit = self._field()
        ids = self._everywhere(entity)
        told = []
        for system in self.luck.sample(sorted(ids), len(ids)):
            fields = FIELDS[entity][system]
            chosen = unit if unit in fields and self.luck.random() < 0.6 else self.luck.choice(sorted(fields))
            told.append(self._type(system, entity, ids[system], chosen, self.value(chosen)))
            self.company.timeline.wait(self.luck.choice((0.2, 3, 20)))
        return "; ".join(told)

    def there_and_back(self) -> str:
        """A value is changed and changed back, perhaps while bridge is writing to the record."""
        entity, system, id_, unit = self._field()
        before = self._shown(entity, system, id_, unit)
        told = self._type(system, entity, id_, unit, self.value(unit))
        self.company.timeline.wait(1.5)
        kind, native = KINDS[entity][system], native_field(entity, system, unit)
        self.company.edit(system, kind, id_, **{native: before})
        self.ledger.words.pop(((system, entity, id_), *unit_key(unit)), None)  # who puts it back wants nothing new
        return f"{told}, and back"

    def move_house(self) -> str:
        """A customer gets another address, all of it."""
        system = self.luck.choice(("crm", "erp"))
        id_, number = self.some("customer", system), self.number()
        names = ADDRESS[system]
        values = {"street": f"Weg {number}", "city": f"Ort {number}", "postcode": f"{number % 100000:05}"}
        country = {"crm": {"BillingCountryCode": "DE"}, "erp": {"country_id": GERMANY}}[system]
        typed = {names[member]: value for member, value in values.items()}
        self.company.edit(system, KINDS["customer"][system], id_, **typed, **country)
        for member, value in values.items():
            self.say(system, "customer", id_, f"billing_address.{member}", value)
        return f"{system}: customer {id_} moves to {values['street']}"

    def _type(self, system: str, entity: str, id_: str, unit: str, value: str | None) -> str:
        native = native_field(entity, system, unit)
        before = self._shown(entity, system, id_, unit)
        typed = value if value is not None or system == "crm" else False if system == "erp" else ""
        self.company.edit(system, KINDS[entity][system], id_, **{native: typed})
        if self._shown(entity, system, id_, unit) != before:  # who types what is there has said nothing new
            self.say(system, entity, id_, unit, value)
        return f"{system}: {entity} {id_} {unit} = {value!r}"

    def type_into_own_field(self) -> str:
        """Somebody types into the field that the site made for itself, where there is one."""
        system = self.luck.choice(("crm", "fin"))
        return self._type(system, "customer", self.some("customer", system), "x_region", self.value("x_region"))

    def _shown(self, entity: str, system: str, id_: str, unit: str) -> Any:
        row = self.company.row(system, KINDS[entity][system], id_)
        if row is None:
            raise Refused(f"{system} has no {entity} {id_} any more")
        native = native_field(entity, system, unit)
        if native not in row:
            raise Refused(f"{system} has no field {native} at the moment")
        return row[native]

    def _field(self, units: tuple[str, ...] | None = None) -> tuple[str, str, str, str]:
        entity = self.luck.choices(("customer", "contact", "product"), (6, 3, 2))[0]
        system = self.luck.choice(SYSTEMS)
        fields = [unit for unit in sorted(FIELDS[entity][system]) if units is None or unit in units]
        if not fields:
            raise Refused(f"{entity} has no such field in {system}")
        return entity, system, self.some(entity, system), self.luck.choice(fields)

    def _everywhere(self, entity: str) -> dict[str, str]:
        """system -> native id of one record that all systems have."""
        query = select(CROSSWALK.c.golden_id, CROSSWALK.c.system, CROSSWALK.c.native_id).where(
            CROSSWALK.c.state == "linked", CROSSWALK.c.entity == entity
        )
        found: dict[str, dict[str, str]] = defaultdict(dict)
        with self.bridge.store.engine.connect() as connection:
            for golden_id, system, native_id in connection.execute(query.order_by(CROSSWALK.c.golden_id)):
                if (system, entity, native_id) not in self.ledger.removed:
                    found[golden_id][system] = native_id
        whole = [ids for ids in found.values() if len(ids) == len(SYSTEMS)]
        if not whole:
            raise Refused(f"no {entity} is everywhere yet")
        return self.luck.choice(whole)

    # what is taken away, and what goes on under another name

    def delete(self) -> str:
        """A user deletes a contact, or a customer whom nothing refers to."""
        entity = self.luck.choices(("contact", "customer"), (3, 1))[0]
        system = self.luck.choice(SYSTEMS)
        id_ = self.some(entity, system)
        if entity == "customer" and self._has_something(system, id_):
            raise Refused(f"{system}: customer {id_} is still needed")
        self.company.delete(system, KINDS[entity][system], id_)
        self.ledger.remove((system, entity, id_))
        for ids in (self.known.get((entity, system), []), self.fresh[entity, system]):
            if id_ in ids:
                ids.remove(id_)
        return f"{system}: {entity} {id_} deleted"

    def _has_something(self, system: str, id_: str) -> bool:
        if system == "crm":
            rows = [*self.company.rows("crm", "Contact").values(), *self.company.rows("crm", "Order").values()]
            return any(row.get("AccountId") == id_ for row in rows)
        if system == "erp":
            people = self.company.rows("erp", "res.partner").values()
            orders = self.company.rows("erp", "sale.order").values()
            return any(str(row["parent_id"]) == id_ for row in people) or any(
                str(row["partner_id"]) == id_ for row in orders
            )
        return False  # ERPNext refuses it by itself

    def rename(self) -> str:
        """A user of ERPNext gives a customer's document another name."""
        old, new = self.some("customer", "fin"), f"C {self.fancy_name()}"
        self.company.erpnext("POST", "method/frappe.client.rename_doc", doctype="Customer", old_name=old, new_name=new)
        self.ledger.rename(("fin", "customer", old), ("fin", "customer", new))
        self.say("fin", "customer", new, "name", new)  # ERPNext names customers by their customer_name: it follows
        for ids in (self.known.get(("customer", "fin"), []), self.fresh["customer", "fin"]):
            if old in ids:
                ids[ids.index(old)] = new
        return f"fin: customer {old} renamed to {new}"

    # values

    def fancy_name(self) -> str:
        """A name unlike every other, so that nothing is taken for the same by its sound."""
        return "".join(self.luck.choices(WORDS, k=10)).title()

    def value(self, unit: str) -> str:
        """Something that nobody has typed before."""
        number = self.number()
        return {
            "name": self.fancy_name(),
            "email": f"m{number}@kunde.de",
            "phone": f"+49302312{number % 10000:04}",
            "website": f"https://w{number}.de",
            "notes": f"n {number}",
            "x_region": f"r {number}",
            "job_title": f"Job {number}",
            "description": f"d {number}",
        }[unit]


def native_field(entity: str, system: str, unit: str) -> str:
    """The field that a user types a unit into."""
    return {"crm": "Region__c", "fin": "custom_region"}[system] if unit == "x_region" else FIELDS[entity][system][unit]


def unit_key(unit: str) -> tuple[str, str]:
    """The unit and the member of the group."""
    name, _, member = unit.partition(".")
    return name, member
