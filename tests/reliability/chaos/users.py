"""The users: they edit and make records in all systems without a pause, and remember the last word of each."""

from __future__ import annotations

import threading
from random import Random
from typing import Final

from bridge.entrypoints.demo import people, seeds
from reliability.chaos.systems import website
from support.served import Desk

FIRST: Final = 30
"""Customers that are there at the beginning."""
OBJECTS: Final = {"crm": "Account", "erp": "res.partner", "fin": "Customer"}
TAX: Final = {"crm": "VAT__c", "erp": "vat", "fin": "tax_id"}
WEBSITE: Final = {"crm": "Website", "erp": "website", "fin": "website"}
NOTES: Final = {"crm": "Description", "erp": "comment", "fin": "customer_details"}
LOOK: Final = 40
"""Acts between two looks at who is known where by now."""


class Users:
    """stamps: customer -> number of its last edit. words: (system, customer) -> the last note said there."""

    def __init__(self, desks: dict[str, Desk], luck: Random) -> None:
        self._desks, self._luck = desks, luck
        self._waiting = [one for one in people.companies() if one.twin_of is None and one.number not in seeds.OUTDATED]
        self._numbers = {one.tax_id: one.number for one in self._waiting}
        self._homes: dict[int, str] = {}
        self._ids: dict[tuple[str, int], str] = {}
        self._people = 0
        self.stamps: dict[int, int] = {}
        self.words: dict[tuple[str, int], str] = {}
        self.edits = 0
        self.made: set[str] = set()
        for _ in range(FIRST):
            self._make()

    def live(self, halt: threading.Event, pause: float) -> None:
        """Act until told to stop; pause: seconds between two acts."""
        acts = 0
        while not halt.wait(self._luck.uniform(0, 2 * pause)):
            acts += 1
            if acts % LOOK == 0:
                self._look()
            kind = self._luck.random()
            if kind < 0.5:
                self._stamp()
            elif kind < 0.9:
                self._note()
            elif kind < 0.96:
                self._make()
            else:
                self._make_person()
            self.edits += 1

    def _make(self) -> None:
        one = self._waiting.pop(0)
        home = self._luck.choice(sorted(OBJECTS))
        values = {
            "crm": seeds.salesforce_accounts,
            "erp": seeds.odoo_companies,
            "fin": seeds.erpnext_customers,
        }[home]([one])[0]["values"]
        values[WEBSITE[home]] = website(one.number, 1)
        (id_,) = self._desks[home].ask("POST", "seed", records=[{"object": OBJECTS[home], "values": values}])["ids"]
        self._homes[one.number], self._ids[home, one.number] = home, str(id_)
        self.stamps[one.number] = 1

    def _make_person(self) -> None:
        account = self._luck.choice([id_ for (system, _), id_ in sorted(self._ids.items()) if system == "crm"])
        self._people += 1
        email = f"p{self._people}@k.example"
        values = {"FirstName": "Ada", "LastName": f"Muster {self._people}", "Email": email, "AccountId": account}
        self._desks["crm"].ask("POST", "seed", records=[{"object": "Contact", "values": values}])
        self.made.add(email)

    def _stamp(self) -> None:
        """A field of which one system has the say: its values reach every other system in their order."""
        number = self._luck.choice(sorted(self._homes))
        home, edit = self._homes[number], self.stamps[number] + 1
        self._edit(home, number, **{WEBSITE[home]: website(number, edit)})
        self.stamps[number] = edit

    def _note(self) -> None:
        """A field that is edited everywhere, also in several systems at once."""
        system, number = self._luck.choice(sorted(self._ids))
        word = f"note {self.edits} of {number} in {system}"
        self._edit(system, number, **{NOTES[system]: f"<p>{word}</p>" if system == "erp" else word})
        self.words[system, number] = word

    def _edit(self, system: str, number: int, **values: str) -> None:
        self._desks[system].ask("POST", "edit", object=OBJECTS[system], id=self._ids[system, number], values=values)

    def _look(self) -> None:
        for system, desk in self._desks.items():
            for id_, row in desk.ask("GET", "dump").get(OBJECTS[system], {}).items():
                number = self._numbers.get(row.get(TAX[system]) or "")
                if number in self._homes:
                    self._ids.setdefault((system, number), str(id_))
