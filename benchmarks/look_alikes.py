"""Two sides of customers whose truth is known: who is who, who only looks like it, and why that is hard to tell."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


def _words(text: str) -> list[str]:
    return text.split()


FAMILIES = _words(
    "Weber Schneider Fischer Müller Hoffmann Krüger Schröder Lindqvist Petersen Novák Kowalski García Moreau Rossi "
    "Zimmermann Böhm Jäger Vogel Brandt Ziegler Kaiser Sommer Winkler Lorenz Baumann Albrecht Simon Ludwig Otto Busch "
    "Bergmann Dietrich Ernst Franke Günther Haas Huber Jansen Keller Köhler Lang Maier Neumann Pohl Richter Roth "
    "Sauer Schäfer Seidel Stein Thomas Ulrich Voigt Wagner Werner Winter Wolff Zander Arnold Bauer"
)
TRADES = _words(
    "Blumen Metallbau Logistik Software Elektrotechnik Gartenbau Spedition Druckerei Bäckerei Maschinenbau Holzbau "
    "Apotheke Optik Papeterie Weinhandel Feinkost Sanitär Heizungsbau Dachdecker Fahrzeugbau Kunststofftechnik "
    "Medizintechnik Textil Möbel Verpackung Werkzeugbau Reisebüro Architekten Immobilien Versicherungen"
)
TOWNS = _words(
    "Nord Süd West Ost Berlin Hamburg München Köln Dresden Leipzig Bremen Kiel Ulm Mainz Trier Jena Gera Worms Celle "
    "Hanau Fulda Essen Bonn Aachen Münster"
)
FORMS = ("GmbH", "AG", "GmbH & Co. KG", "KG", "e.K.", "OHG", "UG", "UG (haftungsbeschränkt)", "Ltd.", "SE", "eG", "")

Row = dict[str, Any]


@dataclass(slots=True)
class Truth:
    """Two sides of rows, and which row is which: (place in the CRM, place in the ERP) -> why it is hard."""

    crm: list[Row] = field(default_factory=list)
    erp: list[Row] = field(default_factory=list)
    pairs: dict[tuple[int, int], str] = field(default_factory=dict)
    strangers: dict[tuple[int, int], str] = field(default_factory=dict)


def make_truth(customers: int, seed: int) -> Truth:
    """The two sides. The same seed makes the same sides."""
    chance = random.Random(seed)
    truth, names = Truth(), _names(chance)
    for place in range(customers):
        kind = place / customers
        mine = _company(chance, next(names), place)
        if kind < 0.3:
            _add(truth, chance, mine, _known(chance, mine), "same key")
        elif kind < 0.5:
            other, why = _near(chance, mine)
            _add(truth, chance, {**mine, "tax_id": None, "email": None}, other, why)
        elif kind < 0.6:
            other, why = _alike(chance, mine, place)
            truth.strangers[len(truth.crm), len(truth.erp)] = why
            truth.crm.append(mine)
            truth.erp.append(other)
        else:
            truth.crm.append(mine)
            truth.erp.append(_company(chance, next(names), customers + place))
    return truth


def _names(chance: random.Random) -> Any:
    """Names that nobody has twice: a family, a trade, and now and then a town or a second family."""
    seen: set[str] = set()
    while True:
        words = [chance.choice(TRADES), chance.choice(FAMILIES)]
        words += [chance.choice(FAMILIES)] if chance.random() < 0.5 else [chance.choice(TOWNS)]
        words += [chance.choice(TOWNS)] if chance.random() < 0.3 else []
        chance.shuffle(words)
        plain = " ".join(sorted(words))
        if plain not in seen:
            seen.add(plain)
            yield " ".join(words)


def _company(chance: random.Random, name: str, number: int) -> Row:
    form = chance.choice(FORMS)
    has_key = chance.random()
    return {
        "name": f"{name} {form}".strip(),
        "tax_id": f"DE{100_000_000 + number * 7}" if has_key < 0.7 else None,
        "email": f"info@firma{number}.example" if has_key > 0.2 else None,
        "phone": f"+4930{20_000_000 + number * 3}" if chance.random() < 0.8 else None,
        "city": chance.choice(TOWNS),
        "postcode": f"{chance.randrange(1000, 99999):05}",
    }


def _known(chance: random.Random, mine: Row) -> Row:
    """The same company, its tax number or mail address in another spelling, its name as somebody else types it."""
    other = {**mine, "name": _typed(chance, mine["name"])[0], "phone": _phone(chance, mine["phone"])}
    if mine["tax_id"]:
        other["tax_id"] = f"DE {mine['tax_id'][2:5]} {mine['tax_id'][5:]}"
        other["email"] = None
    else:
        other["email"] = mine["email"].upper() if mine["email"] else None
    return other


def _near(chance: random.Random, mine: Row) -> tuple[Row, str]:
    name, why = _typed(chance, mine["name"])
    phone = _phone(chance, mine["phone"])
    return {**mine, "name": name, "phone": phone, "tax_id": None, "email": None}, why


def _typed(chance: random.Random, name: str) -> tuple[str, str]:
    """A name as another person types it."""
    ways: Sequence[tuple[str, Callable[[random.Random, str], str]]] = (
        ("typing error", _slip),
        ("two typing errors", lambda c, n: _slip(c, _slip(c, n))),
        ("legal form", _form),
        ("word order", _turned),
        ("umlauts", lambda c, n: _umlauts(n)),
        ("capitals", lambda c, n: n.upper()),
        ("error at the start", _early),
        ("word left out", _shorter),
    )
    why, way = chance.choice(ways)
    return way(chance, name), why


def _slip(chance: random.Random, name: str) -> str:
    """One letter too many, too few, wrong, or two exchanged; never a digit."""
    places = [at for at in range(1, len(name) - 1) if name[at].isalpha() and name[at + 1].isalpha()]
    at, how = chance.choice(places), chance.randrange(4)
    letter = chance.choice("abdefghiklmnoprstu")
    middle = ("", name[at] + letter, letter, name[at + 1] + name[at])[how]
    return name[:at] + middle + name[at + (2 if how == 3 else 1) :]


def _early(chance: random.Random, name: str) -> str:
    """An error in the first letters of the longest word: where blocking keys look."""
    word = max(name.split(), key=len)
    return name.replace(word, word[0] + word[2:] if chance.random() < 0.5 else word[1] + word[0] + word[2:], 1)


def _form(chance: random.Random, name: str) -> str:
    bare = name
    for form in sorted(FORMS, key=len, reverse=True):
        if form and bare.endswith(f" {form}"):
            bare = bare.removesuffix(f" {form}")
            break
    return f"{bare} {chance.choice(FORMS)}".strip()


def _turned(chance: random.Random, name: str) -> str:
    words = name.split()
    head = words[:2]
    return " ".join([*reversed(head), *words[2:]])


def _umlauts(name: str) -> str:
    long = name.translate(str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}))
    return "".join(letter for letter in unicodedata.normalize("NFKD", long) if not unicodedata.combining(letter))


def _shorter(chance: random.Random, name: str) -> str:
    words = name.split()
    return " ".join(words[:2] + words[3:]) if len(words) > 3 else _form(chance, name)


def _phone(chance: random.Random, phone: str | None) -> str | None:
    """The same number as a person of the country writes it."""
    if phone is None:
        return None
    local = f"0{phone[3:]}"
    area, rest = local[:3], local[3:]
    return chance.choice([phone, local, f"{area}/{rest}", f"0049 {area[1:]} {rest}", f"({area}) {rest}"])


def _alike(chance: random.Random, mine: Row, place: int) -> tuple[Row, str]:
    """Somebody else who looks the same; `mine` is changed where both need a number."""
    other = {**mine, "phone": None, "email": None, "tax_id": None}
    how = place % 3
    if how == 0:
        number = chance.randrange(2, 90)
        mine["name"] += f" {number}"
        other["name"] += f" {number + chance.choice([1, 10])}"
        other["phone"] = mine["phone"]  # branches have one switchboard
        return other, "another number"
    if how == 1:
        other["postcode"] = f"{(int(mine['postcode']) + 31_337) % 98_000 + 1000:05}"
        return other, "another postcode"
    mine["email"] = mine["email"] or f"office{place}@group.example"
    mine["tax_id"] = mine["tax_id"] or f"DE{500_000_000 + place}"
    return {**other, "email": mine["email"], "tax_id": f"DE{700_000_000 + place}"}, "shared mailbox"


def _add(truth: Truth, chance: random.Random, mine: Row, other: Row, why: str) -> None:
    truth.pairs[len(truth.crm), len(truth.erp)] = why
    truth.crm.append(mine)
    truth.erp.append(other)
