"""How well and how fast records of two systems are recognised: two systems of customers whose truth is known.

    python benchmarks/matching.py [--customers 10000] [--seed 1] [--most-seconds 60]

Both sides are read by the engine as at first contact, through adapters in memory into a store in a SQLite file. Of each
side's customers

    30 %  are on the other side too, and carry the same tax number or mail address (in another spelling),
    20 %  are on the other side too, as near-duplicates: typing errors, legal forms, words in another order, other phone
          formats; nothing that identifies them is the same,
    10 %  look like one of the other side and are somebody else: another number in the name, the same name at another
          postcode, a shared mailbox with two tax numbers,
    40 %  are there only.

Counted are pairs. A link is right where truth has the pair, a review where it has one of the candidates. Ends with 1
where a near-duplicate was linked without a person, a link is wrong, or time is up (that of this process: what else runs
on the machine is not its fault). The result is written to
build/reports/matching.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from bridge.adapters.memory import MemoryAdapter, MemoryWorld
from bridge.engine import identify
from bridge.engine.cycle import _open, _set_meters
from bridge.engine.ingest import read
from bridge.engine.plan.identity import Decision
from bridge.engine.report import Report
from bridge.engine.runtime import Run, Runtime
from bridge.mapping.compiled import EntityMap
from bridge.mapping.load import compile_mapping
from bridge.ports.work import Link
from bridge.store import Database, open_store

REPORT = Path("build/reports/matching.json")
MAPPING = """\
version: "1"
entity: customer
systems:
  crm: {object: Account, country: DE}
  erp: {object: Partner, country: DE}
identity:
  key: {crm: key, erp: key}
  match:
RULES
fields:
  name:   {crm: name, erp: name, required: yes}
  tax_id: {crm: tax_id, erp: tax_id}
  email:  {crm: email, erp: email}
  phone:  {crm: phone, erp: phone}
groups:
  billing_address:
    city:     {crm: city, erp: city}
    postcode: {crm: postcode, erp: postcode}
"""
SHIPPED = Path(__file__).resolve().parents[1] / "mappings" / "customer.yaml"
"""The rules measured are those that bridge ships."""


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


@dataclass(slots=True)
class Work:
    """How much identity had to look at."""

    records: int = 0
    candidates: int = 0
    most: int = 0


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


def watch() -> Work:
    """Count what `decide` is given. The engine itself has no need to know."""
    work, decide = Work(), identify.decide

    def counted(rules: Any, values: Any, candidates: Mapping[str, Any], taken: Any) -> Decision:
        work.records += 1
        work.candidates += len(candidates)
        work.most = max(work.most, len(candidates))
        return decide(rules, values, candidates, taken)

    identify.decide = counted  # type: ignore[assignment]
    return work


def shipped_rules() -> str:
    """The match rules of the customer mapping that bridge ships, as they stand there."""
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    start = lines.index("  match:") + 1
    rules = []
    for line in lines[start:]:
        if not line.startswith("    -"):
            break
        rules.append(line)
    return "\n".join(rules)


def read_both(
    store: Database, emap: EntityMap, truth: Truth, seed: int
) -> tuple[dict[str, dict[str, int]], float, float]:
    """Both sides are read as at first contact. Returns system -> native id -> place, and the seconds of the reading: by
    the clock, and of this process."""
    places: dict[str, dict[str, int]] = {}
    adapters = {}
    for system, object_, rows in (("crm", "Account", truth.crm), ("erp", "Partner", truth.erp)):
        world = MemoryWorld(system)
        order = list(range(len(rows)))
        random.Random(seed).shuffle(order)
        places[system] = {world.insert(object_, {"key": None, **rows[at]}).id: at for at in order}
        adapters[system] = MemoryAdapter(system, world)
    ids = count(1)
    runtime = Runtime(
        store, adapters, {"customer": emap}, lambda: datetime.now(UTC), lambda: f"golden-{next(ids):06}", lambda n: 1.0
    )
    run = Run(runtime, "matching", Report("matching"))
    _set_meters(run, lambda seconds: None)
    _open(run, adapters)
    start, used = perf_counter(), process_time()
    for system in adapters:
        read(run, emap, system)
    seconds, used = perf_counter() - start, process_time() - used
    assert not run.report.troubles, run.report.troubles[:3]
    return places, seconds, used


def judge(links: Mapping[str, list[Link]], places: Mapping[str, Mapping[str, int]], truth: Truth) -> dict[str, Any]:
    """Links and reviews against the truth."""
    crm_of = {link.golden_id: places["crm"][link.native_id] for link in links["linked"] if link.system == "crm"}
    linked = {
        (crm_of[link.golden_id], places["erp"][link.native_id])
        for link in links["linked"]
        if link.system == "erp" and link.golden_id in crm_of
    }
    reviewed = {
        places["erp"][link.native_id]: {crm_of[one] for one in link.candidates if one in crm_of}
        for link in links["review"]
        if link.system == "erp"
    }
    asked = {(mine, other) for other, candidates in reviewed.items() for mine in candidates}
    identified = {pair for pair, why in truth.pairs.items() if why == "same key"}
    near = set(truth.pairs) - identified
    missed = Counter(truth.pairs[pair] for pair in near - asked - linked)
    return {
        "links": {
            "made": len(linked),
            "precision": _share(len(linked & set(truth.pairs)), len(linked)),
            "recall": _share(len(linked & identified), len(identified)),
            "wrong": len(linked - set(truth.pairs)),
            "near_duplicates_without_a_person": len(linked & near),
        },
        "review": {
            "records": len(reviewed),
            "pairs": len(asked),
            "precision": _share(len(asked & set(truth.pairs)), len(asked)),
            "recall": _share(len((asked | linked) & near), len(near)),
            "missed": dict(missed.most_common()),
            "of_all": dict(Counter(truth.pairs[pair] for pair in near).most_common()),
            "look_alikes_asked": dict(Counter(why for pair, why in truth.strangers.items() if pair in asked)),
        },
        "crm_in_review": sum(link.system == "crm" for link in links["review"]),
    }


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 1.0


def main() -> int:
    """Measure, tell, write the report."""
    parser = argparse.ArgumentParser(description="How well and how fast records of two systems are recognised.")
    parser.add_argument("--customers", type=int, default=10_000, help="on each side")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most-seconds", type=float, default=60)
    parser.add_argument("--rules", help="match rules as YAML lines, in place of the shipped ones")
    given = parser.parse_args()
    truth = make_truth(given.customers, given.seed)
    rules = given.rules.replace("\\n", "\n") if given.rules else shipped_rules()
    emap = compile_mapping(MAPPING.replace("RULES", rules), {"crm": "memory", "erp": "memory"})
    work = watch()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/bridge.db")
        places, seconds, used = read_both(store, emap, truth, given.seed)
        with store.begin() as uow:
            most = 2 * given.customers
            links = {state: list(uow.all_links("customer", state, most)) for state in ("linked", "review")}
        store.close()
    found = {
        "customers": given.customers,
        "seed": given.seed,
        "rules": [line.strip(" -") for line in rules.splitlines()],
        **judge(links, places, truth),
        "seconds": round(seconds, 2),
        "seconds_of_this_process": round(used, 2),
        "records_a_second": round(2 * given.customers / used),
        "candidates": {"for_each_record": round(work.candidates / max(work.records, 1), 2), "most": work.most},
        "python": platform.python_version(),
    }
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2, ensure_ascii=False))
    bad = found["links"]["wrong"] or found["links"]["near_duplicates_without_a_person"]
    return 1 if bad or used > given.most_seconds else 0


if __name__ == "__main__":
    sys.exit(main())
