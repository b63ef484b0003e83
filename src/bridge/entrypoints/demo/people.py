"""Invented companies and people for the demo: the same ones in every run, overlapping and differing between systems.

Telephone numbers are of the range that the German regulator keeps free for films (030 23125 xxx), mail addresses of a
domain that belongs to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

CUSTOMERS = 1000
CONTACTS = 1500
TWINS = 20
"""Customers that are in one system twice, spelled a little differently: a person has to say what they are."""

# fmt: off
_FIRST = (
    "Alba", "Brandt", "Castor", "Delphin", "Eichen", "Falken", "Granit", "Hansa", "Isar", "Juno", "Kessel",
    "Linden", "Merkur", "Nord", "Ostsee", "Pallas", "Quadrat", "Rhein", "Sirius", "Tannen", "Ulmen", "Vesta",
    "Weser", "Xenon", "Zeder",
)
_SECOND = (
    "Bau", "Chemie", "Druck", "Elektro", "Feinkost", "Glas", "Handel", "Instrumente", "Keramik", "Logistik",
    "Maschinen", "Netze", "Optik", "Papier", "Rohre", "Stahl", "Technik", "Uhren", "Verlag", "Werkzeuge",
)
_THIRD = ("GmbH", "AG", "KG")
_GIVEN = (
    "Ada", "Björn", "Carla", "Dario", "Elif", "Finn", "Greta", "Hanno", "Ines", "Jonas", "Katja", "Lars",
    "Mira", "Noé", "Olga", "Paul", "Rosa", "Søren", "Tilda", "Uwe", "Vera", "Willi", "Yara", "Zoë",
)
_FAMILY = (
    "Ackermann", "Berger", "Conrad", "Dietz", "Ebert", "Fuchs", "Gärtner", "Huber", "Iwan", "Jäger", "Krüger",
    "Lehmann", "Möller", "Neumann", "O'Brien", "Peters", "Richter", "Schäfer", "Thiel", "Ulrich", "Vogt",
    "Weiß", "Yildiz", "Ziegler",
)
# fmt: on
_CITIES = (("Berlin", "10115"), ("Hamburg", "20095"), ("München", "80331"), ("Köln", "50667"), ("Leipzig", "04109"))
_STREETS = ("Hauptstraße", "Gartenweg", "Am Markt", "Lindenallee", "Hafenstraße", "Bergstraße")
_JOBS = ("Einkauf", "Geschäftsführung", "Buchhaltung", "Technik", "Vertrieb")


@dataclass(frozen=True, slots=True)
class Company:
    """A customer as it really is, and which systems know it."""

    number: int
    name: str
    tax_id: str
    email: str
    phone: str
    website: str
    street: str
    city: str
    postcode: str
    systems: tuple[str, ...]
    twin_of: int | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A contact of a company, and which systems know it."""

    number: int
    company: int
    given: str
    family: str
    job: str
    email: str
    mobile: str
    systems: tuple[str, ...]


def companies() -> list[Company]:
    """A thousand customers, and twenty that are in the ERP a second time under almost the same name."""
    random = Random(20260131)  # noqa: S311 - the same people in every demo
    names = [f"{a} {b}" for a in _FIRST for b in _SECOND]
    found = []
    for number in range(CUSTOMERS):
        name = f"{names[number % len(names)]}{'' if number < len(names) else ' Süd'} {random.choice(_THIRD)}"
        city, postcode = random.choice(_CITIES)
        slug = f"kunde{number:04}"
        found.append(
            Company(
                number,
                name,
                f"DE{100000000 + number * 7919}",
                f"info@{slug}.example.com",
                f"+493023125{number:03}",
                f"https://{slug}.example.com",
                f"{random.choice(_STREETS)} {random.randint(1, 180)}",
                city,
                f"{int(postcode) + number % 40:05}",
                _systems(number),
            )
        )
    return found + [
        _twin(found[number], CUSTOMERS + place) for place, number in enumerate(range(3, 3 + 10 * TWINS, 10))
    ]


def _systems(number: int) -> tuple[str, ...]:
    """Most are known to several systems, some to one only."""
    digit = number % 10
    return tuple(
        system
        for system, digits in (
            ("crm", (0, 1, 2, 3, 4, 5, 6)),
            ("erp", (2, 3, 4, 5, 6, 7, 8)),
            ("fin", (0, 3, 4, 5, 8, 9)),
        )
        if digit in digits
    )


def _twin(of: Company, number: int) -> Company:
    """The same company typed in again by somebody in a hurry: no tax number, no mail, one letter less."""
    name = of.name[:3] + of.name[4:]
    return Company(number, name, "", "", "", "", of.street, of.city, of.postcode, ("erp",), twin_of=of.number)


def people() -> list[Person]:
    """Fifteen hundred contacts of the thousand customers, each in some of the systems that know the customer."""
    random = Random(20260201)  # noqa: S311 - the same people in every demo
    found = []
    for number in range(CONTACTS):
        company = number % CUSTOMERS
        given, family = random.choice(_GIVEN), random.choice(_FAMILY)
        known = _systems(company)
        systems = tuple(s for place, s in enumerate(known) if len(known) == 1 or (number + place) % 3)
        found.append(
            Person(
                number,
                company,
                given,
                family,
                random.choice(_JOBS),
                f"person{number:04}@kunde{company:04}.example.com",
                f"+49171392{number:04}",
                systems or known[:1],
            )
        )
    return found
