"""Columns to begin with: what adapters bring along fits together, and is what the shipped mappings say."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge.mapping.load import check_mappings, compile_mapping
from bridge.mapping.reading import read_yaml
from bridge.mapping.weave import column_of, entities_of, text_of, woven
from bridge.plugins import columns_of, plugins
from mapping.columns import ADAPTERS, columns, shipped

KINDS = {plugin.name: plugin.kind for plugin in plugins() if plugin.kind}


def column(text: str) -> dict[str, Any]:
    data = read_yaml(text, "column.yaml").data
    assert isinstance(data, dict)
    return dict(data)


def test_the_columns_of_the_built_in_adapters_are_the_generated_ones() -> None:
    for place, text in columns().items():
        assert place.read_text(encoding="utf-8") == text, "run python tests/mapping/columns.py"


@pytest.mark.parametrize("entity", shipped())
def test_woven_again_they_ask_of_each_system_what_the_shipped_mapping_asks(entity: str) -> None:
    mapping = shipped()[entity]
    adapters = {system: name for system, name in ADAPTERS.items() if system in mapping["systems"]}
    parts = {system: column(columns_of(KINDS[name])[entity]) for system, name in adapters.items()}
    again = compile_mapping(text_of(woven(parts)), adapters)
    right = compile_mapping(yaml.safe_dump(mapping), adapters)
    for system in adapters:
        mine, theirs = again.spec(system), right.spec(system)
        assert set(mine.fields) == set(theirs.fields)
        assert (mine.object, mine.key, mine.where, mine.new) == (theirs.object, theirs.key, theirs.where, theirs.new)
        assert {t.path: (t.key, set(t.fields)) for t in mine.tables} == {
            t.path: (t.key, set(t.fields)) for t in theirs.tables
        }
    for unit in right.units:
        twin = next(one for one in again.units if one.name == unit.name)
        assert (twin.reads, twin.writes, twin.required) == (unit.reads, unit.writes, unit.required), unit.name


@pytest.mark.parametrize("pair", list(combinations(sorted(KINDS), 2)), ids="-".join)
def test_every_two_adapters_can_be_begun_with(pair: tuple[str, str], tmp_path: Path) -> None:
    texts = {name: columns_of(KINDS[name]) for name in pair}
    mapped = {entity: [name for name in texts if entity in texts[name]] for entity in entities_of(texts)}
    assert "customer" in mapped
    for entity, names in mapped.items():
        parts = {name: column(texts[name][entity]) for name in names}
        (tmp_path / f"{entity}.yaml").write_text(text_of(woven(parts, mapped)))
    loaded = check_mappings(tmp_path, {name: name for name in pair})
    assert [str(finding) for finding in loaded.findings if finding.level == "error"] == []


A = column("""\
version: "1"
entity: customer
systems: {self: {object: A}}
identity: {key: {self: k}, match: [{same: [email]}, {same: [tax_id]}]}
fields:
  name:   {self: N, required: yes}
  email:  {self: E, direction: from self}
  parent: {self: P, ref: record customer}
  tags:   {self: T, conflict: union}
  status: {self: S, values: {active: {self: A}, blocked: {self: [B, C]}}}
groups:
  billing_address: {street: {self: Street}, city: {self: City}}
""")
B = column("""\
version: "1"
entity: customer
systems: {self: {object: B}}
identity: {key: {self: id}, match: [{same: [email]}]}
defaults: {direction: to self}
fields:
  name:   {self: n, direction: both}
  email:  {self: e}
  tags:   {self: t, ref: tag.name, direction: both}
  phone:  {self: p}
  parent: {self: up, ref: record customer, direction: both}
  status: {self: s, values: {active: {self: "1"}, blocked: {self: "0"}}, direction: both}
groups:
  billing_address: {city: {self: town}, country: {self: land, ref: country.iso2}, direction: both}
""")


def test_a_line_is_kept_where_two_systems_have_it() -> None:
    found = woven({"x": A, "y": B}, {"customer": ["x", "y"]})
    assert list(found["fields"]) == ["name", "email", "parent", "tags", "status"]
    assert found["fields"]["name"] == {"x": "N", "y": "n", "required": "yes"}
    assert found["fields"]["tags"] == {"x": "T", "y": "t", "conflict": "union", "ref": {"y": "tag.name"}}
    assert found["fields"]["email"]["direction"] == "from x"
    assert found["fields"]["status"]["values"] == {
        "active": {"x": "A", "y": "1"},
        "blocked": {"x": ["B", "C"], "y": "0"},
    }
    assert found["identity"]["match"] == [{"same": ["email"]}], "a rule on a field that is not there, or twice"
    assert compile_mapping(text_of(found), {"x": "a", "y": "b"}).entity == "customer"


def test_a_member_that_one_system_has_is_left_to_it() -> None:
    """A group is decided as one: the address of a system without streets would take the other's street away."""
    found = woven({"x": A, "y": B})
    assert found["groups"] == {"billing_address": {"city": {"x": "City", "y": "town"}}}
    assert set(woven({"x": A})["groups"]["billing_address"]) == {"street", "city"}


def test_a_reference_to_what_is_not_mapped_is_left_out() -> None:
    assert "parent" not in woven({"x": A, "y": B}, {"customer": ["x"]})["fields"]


def test_a_column_alone_is_a_mapping() -> None:
    assert list(woven({"x": A})["fields"]) == list(A["fields"])


@pytest.mark.parametrize(("direction", "own"), [("from x", "from self"), ("to x", "to self"), ("from y", "to self"),
                                                ("to y", "from self"), ("both", None)])  # fmt: skip
def test_a_direction_in_the_words_of_one_system(direction: str, own: str | None) -> None:
    line = {"x": "N", "y": "n", "direction": direction, "conflict": "prefer x > y"}
    keys = {"key": {"x": "k", "y": "k"}}
    mapping = {"entity": "customer", "systems": {"x": {}, "y": {}}, "identity": keys, "fields": {"name": line}}
    assert column_of(mapping, "x")["fields"]["name"] == {"self": "N", **({"direction": own} if own else {})}


def test_entities_that_can_be_kept_in_step() -> None:
    assert entities_of({"x": ["customer", "order"], "y": ["customer", "product"]}) == ["customer"]
    assert entities_of({"x": ["customer", "order"]}) == ["customer", "order"]
