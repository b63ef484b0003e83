"""What people do: one small class for each operation. A story has a beginning, and an edit while bridge lies dead.

`before` makes what must be there and in step; `begin` is what the run that is killed has to carry; `meanwhile` is what
a user does after the kill, before bridge starts again: "other" edits another field, "same" the same one, where there
is one.
"""

from __future__ import annotations

import random
import re
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from reliability.crash.desks import Row
from reliability.crash.world import CUSTOMER, World

LINES = "SKU-1 3, SKU-2 12"
_SYLLABLES = re.findall("..", "bakorimutelasonefigudowapezihuralymo")


@dataclass(slots=True)
class Edit:
    """A word a user gave to a field, and what the field showed when the user gave it."""

    system: str
    kind: str
    key: str
    field: str
    value: str
    saw: str


@dataclass(slots=True)
class Story:
    """One story: its number, the records it is about (kind -> what names it), and all edits in their order.

    levels: what lay there before, for movements; moved: what was moved in all. gone: the systems in which the record is
    not to be at the end.
    """

    number: int
    token: str
    records: dict[str, str] = field(default_factory=dict)
    edits: list[Edit] = field(default_factory=list)
    level: Decimal = Decimal(0)
    moved: int = 0
    gone: set[str] = field(default_factory=set)


NAMED_BY = {"customer": "name", "contact": "email", "order": "reference", "level": "sku"}


def token(number: int) -> str:
    """A name that is like no other: what looks alike would be put to review."""
    luck = random.Random(number)
    return "".join(luck.choice(_SYLLABLES) for _ in range(6)).capitalize()


class Operation:
    """One operation of the matrix."""

    name: ClassVar[str]
    entities: ClassVar[tuple[str, ...]]
    kind: ClassVar[str] = "customer"
    other: ClassVar[str] = "notes"
    same: ClassVar[str] = "website"

    def before(self, world: World, story: Story) -> None:
        """Make what must be there; brought in step for all stories at once."""

    def begin(self, world: World, story: Story) -> None:
        """What the run that is killed has to carry."""
        raise NotImplementedError

    def meanwhile(self, world: World, story: Story, how: str) -> None:
        """A user edits while bridge is dead: in the system under test, or at home where that has no such record yet."""
        name = self.same if how == "same" else self.other
        system = world.pair.target if seen(world, world.pair.target, self.kind, story) else world.pair.home
        self._edit(world, story, system, name, f"{how} {story.number}")

    def _make_customer(self, world: World, story: Story, system: str, **values: str) -> str:
        story.records["customer"] = f"{story.token} GmbH"
        made = world.desks[system].make("customer", name=story.records["customer"], **values)
        for name, value in values.items():
            story.edits.append(Edit(system, "customer", story.records["customer"], name, value, ""))
        return made

    def _edit(self, world: World, story: Story, system: str, name: str, value: str) -> None:
        (row,) = seen(world, system, self.kind, story)
        if name == "website":
            value = f"https://{value.replace(' ', '-')}.example"
        world.desks[system].edit(self.kind, row.id, name, value)
        story.edits.append(Edit(system, self.kind, story.records[self.kind], name, value, row.values[name]))


def seen(world: World, system: str, kind: str, story: Story) -> list[Row]:
    """The records of the story that a system shows."""
    wanted, name = story.records[kind], NAMED_BY[kind]
    return [row for row in world.desks[system].rows(kind) if row.values[name].startswith(wanted)]


class Create(Operation):
    """A customer is made in one system."""

    name, entities = "create", ("customer",)

    def begin(self, world: World, story: Story) -> None:
        self._make_customer(world, story, world.pair.home, website=f"https://new-{story.number}.example")


class Update(Operation):
    """A customer that both have is edited in one."""

    name, entities = "update", ("customer",)

    def before(self, world: World, story: Story) -> None:
        self._make_customer(world, story, world.pair.home, website=f"https://new-{story.number}.example")

    def begin(self, world: World, story: Story) -> None:
        self._edit(world, story, world.pair.home, "website", f"home {story.number}")


class Conflict(Update):
    """The same field is edited in both."""

    name = "conflict"

    def begin(self, world: World, story: Story) -> None:
        self._edit(world, story, world.pair.home, "website", f"home {story.number}")
        self._edit(world, story, world.pair.target, "website", f"target {story.number}")


class Match(Operation):
    """The same customer is made in both, and linked at first contact."""

    name, entities = "match", ("customer",)

    def begin(self, world: World, story: Story) -> None:
        tax = f"DE{100_000_000 + story.number}"
        self._make_customer(world, story, world.pair.home, tax_id=tax, website=f"https://new-{story.number}.example")
        self._make_customer(world, story, world.pair.target, tax_id=tax, notes=f"target {story.number}")


class Contact(Operation):
    """A contact is made together with its customer: the parent has to go first."""

    name, entities = "parent and child", ("customer", "contact")
    kind, other, same = "contact", "job_title", "job_title"

    def begin(self, world: World, story: Story) -> None:
        above = self._make_customer(world, story, world.pair.home, website=f"https://new-{story.number}.example")
        email = f"eva@{story.token.lower()}.example"
        story.records["contact"] = email
        given = {"email": email, "job_title": "Buyer", "family": story.token, "customer_id": above}
        world.home.make("contact", **given)
        for name, value in (("job_title", "Buyer"), ("customer", story.records["customer"])):
            story.edits.append(Edit(world.pair.home, "contact", email, name, value, ""))


class Order(Operation):
    """An order with lines is taken."""

    name, entities = "order", ("order",)
    kind, other, same = "order", "notes", "notes"

    def begin(self, world: World, story: Story) -> None:
        self._take(world, story)

    def _take(self, world: World, story: Story) -> str:
        reference = f"PO-{story.token}"
        story.records["order"] = reference
        (customer,) = [row.id for row in world.home.rows("customer") if row.values["name"] == CUSTOMER]
        given = {"notes": f"home {story.number}", "lines": LINES}
        made = world.home.make("order", reference=reference, customer_id=customer, **given)
        for name, value in {**given, "status": "draft"}.items():
            story.edits.append(Edit(world.pair.home, "order", reference, name, value, ""))
        return made


class Status(Order):
    """An order that both have is confirmed."""

    name = "status"

    def before(self, world: World, story: Story) -> None:
        self._take(world, story)

    def begin(self, world: World, story: Story) -> None:
        self._edit(world, story, world.pair.home, "status", "confirmed")

    def meanwhile(self, world: World, story: Story, how: str) -> None:
        """The reference, which ERPNext lets people change in a submitted document, too; Salesforce in a draft only."""
        target = world.pair.target
        (row,) = seen(world, target, "order", story)
        locked = target == "crm" and row.values["status"] != "draft"
        system = world.pair.home if locked else target
        self._edit(world, story, system, "reference", f"{story.records['order']} {how}")


class Movement(Operation):
    """Goods go out in one system, and while bridge is dead also in the other."""

    name, entities = "movement", ("stock_level",)
    kind = "level"

    def begin(self, world: World, story: Story) -> None:
        story.records["level"] = "SKU-1"
        (row,) = seen(world, world.pair.home, "level", story)
        story.level = Decimal(row.values["on_hand"])
        self._move(world, story, world.pair.home, -5)

    def meanwhile(self, world: World, story: Story, how: str) -> None:
        self._move(world, story, world.pair.home if how == "same" else world.pair.target, -3)

    def _move(self, world: World, story: Story, system: str, by: int) -> None:
        world.desks[system].move("SKU-1", by)
        story.moved += by


class Delete(Update):
    """A customer that both have is deleted in one. Who edits it in the other meanwhile wants it: it stays there, and
    the first gets it back."""

    name = "delete"

    def begin(self, world: World, story: Story) -> None:
        (row,) = seen(world, world.pair.home, "customer", story)
        world.home.delete("customer", row.id)
        story.gone = {world.pair.home, world.pair.target}

    def meanwhile(self, world: World, story: Story, how: str) -> None:
        time.sleep(0.3)  # the delete may be on its way inside the system when bridge is killed
        if seen(world, world.pair.target, "customer", story):
            super().meanwhile(world, story, how)
            story.gone = set()


OPERATIONS: tuple[Operation, ...] = (
    Create(),
    Update(),
    Conflict(),
    Match(),
    Contact(),
    Order(),
    Status(),
    Movement(),
    Delete(),
)
