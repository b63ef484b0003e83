"""The reference page and the JSON Schema: every example loads, every word is explained, nothing is out of date."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bridge.canonical.models import entities
from bridge.canonical.types import FIELD_TYPES
from bridge.mapping.file import (
    FieldLine,
    GroupSection,
    IdentitySection,
    MappingFile,
    MatchSection,
    RowsSection,
    SystemSection,
)
from bridge.mapping.laws import check_laws
from bridge.mapping.reading import read_yaml
from bridge.mapping.schema import mapping_schema
from bridge.mapping.transforms import TRANSFORMS
from bridge.mapping.units import POLICY_KINDS
from bridge.mapping.words import TABLES
from mapping.mapping_text import SHIPPED, TEXT, compiled, findings

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"
PAGE = (DOCS / "mapping.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+(?: wrong)?)\n(.*?)```", PAGE, re.DOTALL)
EXAMPLES = [text for kind, text in BLOCKS if kind == "yaml"]
NAME = "fields:\n  name: {crm: Name, erp: name, fin: customer_name}\n  tax_id: {crm: VAT__c, erp: vat}\n"


def whole(fragment: str) -> str:
    """A fragment of the page as a whole file: its sections take the place of those of a small mapping."""
    if fragment.startswith("version:"):
        return fragment
    sections = {text.partition(":")[0]: text for text in re.split(r"^(?=\w)", TEXT, flags=re.MULTILINE) if text}
    sections["fields"] = NAME
    sections["groups"] = "groups:\n  billing_address:\n    postcode: {crm: Zip__c, erp: zip}\n"
    for text in re.split(r"^(?=\w)", fragment, flags=re.MULTILINE):
        if text:
            sections[text.partition(":")[0]] = text
    if "tax_id" not in sections["fields"]:
        sections["identity"] = sections["identity"].replace("[tax_id]", "[billing_address.postcode]")
    return "".join(sections.values())


@pytest.mark.parametrize("example", EXAMPLES, ids=[text.split("\n")[0] for text in EXAMPLES])
def test_every_example_loads_and_keeps_the_laws(example: str) -> None:
    text = whole(example)
    assert [str(one) for one in findings(text)] == []
    assert check_laws(compiled(text)) == []


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) >= 6


def test_the_mistakes_on_the_page_are_answered_as_it_says() -> None:
    (wrong,) = [text for kind, text in BLOCKS if kind == "yaml wrong"]
    (answers,) = [text for kind, text in BLOCKS if kind == "text"]
    said = [f"{one.where.removeprefix('fields.')}: {one.message}" for one in findings(whole(wrong))]
    assert said == answers.splitlines()


def test_every_word_is_explained() -> None:
    told = set(re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```$", "", PAGE, flags=re.DOTALL | re.MULTILINE)))
    plain = {word.split("(")[0].split(" ")[0] for word in told} | told
    sections = (MappingFile, SystemSection, IdentitySection, MatchSection, FieldLine, GroupSection, RowsSection)
    words = {info.alias or name for model in sections for name, info in model.model_fields.items()}
    for known in (words, set(FIELD_TYPES), set(POLICY_KINDS), set(TABLES), set(TRANSFORMS)):
        assert known - plain == set()
    for entity in entities().values():
        members = {member for group in (*entity.groups.values(), *entity.tables.values()) for member in group}
        assert {entity.name, *entity.fields, *entity.groups, *entity.tables, *members} - plain == set()


def test_the_lossy_ones_are_marked_as_such() -> None:
    arguments = {"bool_text": ("Ja", "Nein"), "scale": ("2",), "day_in": ("Europe/Berlin",)}
    paths = {"stages": 2, "together": 2}
    rows = {name: row for row in PAGE.splitlines() for name in re.findall(r"`(\w+)", row.partition("| the")[0])}
    for name, maker in TRANSFORMS.items():
        assert rows[name].endswith(
            "| yes |" if maker(paths.get(name, 1), arguments.get(name, ())).lossy else "| no |"
        ), name


def test_the_shipped_schema_is_the_generated_one() -> None:
    shipped = json.loads((DOCS / "mapping.schema.json").read_text(encoding="utf-8"))
    assert shipped == mapping_schema()


def test_the_schema_accepts_the_shipped_files_and_refuses_a_typo() -> None:
    schema = mapping_schema()
    for name in ("customer.yaml", "contact.yaml"):
        data = read_yaml((SHIPPED / name).read_text(encoding="utf-8"), name).data
        assert violations(schema, data, schema) == []
        assert isinstance(data, dict)
        fields = data["fields"]
        assert isinstance(fields, dict)
        fields["email"] = {"crm": ["not", "a", "word"]}
        assert violations(schema, data, schema)
        assert violations(schema, {**data, "entiti": "x"}, schema)


def violations(schema: dict[str, Any], data: Any, root: dict[str, Any], at: str = "") -> list[str]:
    """Enough of JSON Schema to judge text-only data: types, enum, pattern, properties, anyOf, $ref."""
    if "$ref" in schema:
        return violations(root["$defs"][schema["$ref"].rpartition("/")[2]], data, root, at)
    if "anyOf" in schema:
        tries = [violations(one, data, root, at) for one in schema["anyOf"]]
        return [] if [] in tries else min(tries, key=len)
    if "const" in schema:
        return [] if data == schema["const"] else [f"{at}: const"]
    if "enum" in schema:
        return [] if data in schema["enum"] else [f"{at}: enum"]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    native = {str: "string", dict: "object", list: "array"}[type(data)]
    number = native == "string" and {"boolean", "number"} & set(kinds)
    if kinds and native not in kinds and not number:
        return [f"{at}: {native}, not {kinds}"]
    if isinstance(data, str) and "pattern" in schema and not re.search(schema["pattern"], data):
        return [f"{at}: pattern"]
    found: list[str] = []
    if isinstance(data, list):
        for number, item in enumerate(data):
            found += violations(schema.get("items", {}), item, root, f"{at}[{number}]")
    if isinstance(data, dict):
        found += [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in data]
        for name, value in data.items():
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties", {}))
            found += [f"{at}.{name}: unknown"] if inner is False else violations(inner, value, root, f"{at}.{name}") \
                if isinstance(inner, dict) else []  # fmt: skip
    return found
