"""The contract of check, schema, setup and capabilities."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.ports.adapter import Adapter
from bridge.ports.errors import NotFound
from bridge.ports.records import FieldSpec
from bridge.testing.harness import Harness
from bridge.testing.levels import at
from bridge.testing.steps import allow, make, refuse

_TYPES = {"text", "longtext", "email", "phone", "url", "integer", "decimal", "boolean", "date", "datetime", "choice"}
_TYPES |= {"multichoice", "reference", "html", "other"}


class Describing:
    """What is said before any record is touched."""

    def test_it_is_an_adapter(self, h: Harness) -> None:
        adapter = h.adapter()
        assert isinstance(adapter, Adapter)
        assert adapter.system

    def test_check_is_well(self, h: Harness) -> None:
        health = h.adapter().check()
        assert health.version
        assert health.user
        assert health.problems == ()

    def test_capabilities_can_be_used(self, h: Harness) -> None:
        caps = h.adapter().capabilities(h.spec)
        assert caps.page > 0
        assert caps.batch_create > 0
        assert caps.batch_update > 0
        assert caps.clock_grain.total_seconds() >= 0

    @at("writes")
    def test_the_whole_batch_can_be_written(self, h: Harness) -> None:
        adapter = h.adapter()
        size = min(adapter.capabilities(h.spec).batch_create, 25)
        assert len({record.native_id for _, record in make(h, adapter, *range(size))}) == size

    def test_schema_has_every_field(self, h: Harness) -> None:
        schema = h.adapter().schema(h.spec)
        missing = {field.path for field in h.spec.fields} - set(schema.fields)
        assert not missing, f"the schema lacks {missing}"
        assert schema.readable
        for path, native in schema.fields.items():
            assert native.path == path
            assert native.type in _TYPES, f"{path} has the type {native.type!r}, which no mapping knows"

    def test_schema_knows_the_key(self, h: Harness) -> None:
        schema = h.adapter().schema(h.spec)
        assert schema.key_problem is None, schema.key_problem
        assert h.spec.key in schema.fields or h.spec.key == "external id"

    def test_schema_knows_lengths(self, h: Harness) -> None:
        if h.features.limited is None:
            pytest.skip("no field of the system under test has a limit")
        path, length = h.features.limited
        assert h.adapter().schema(h.spec).fields[path].length == length

    def test_schema_invents_no_field(self, h: Harness) -> None:
        spec = replace(h.spec, fields=(*h.spec.fields, FieldSpec(h.features.unknown)))
        assert h.features.unknown not in h.adapter().schema(spec).fields

    def test_an_unknown_object_is_not_found(self, h: Harness) -> None:
        spec = replace(h.spec, object="NoSuchObject")
        refuse(lambda: h.adapter().schema(spec), NotFound)
        refuse(lambda: h.adapter().changes(spec, None, 10))

    def test_an_unknown_field_is_never_delivered_as_empty(self, h: Harness) -> None:
        h.user_insert(1)
        spec = replace(h.spec, fields=(*h.spec.fields, FieldSpec(h.features.unknown)))
        answer = allow(lambda: h.adapter().changes(spec, None, 10))
        for record in getattr(answer, "records", ()):
            assert h.features.unknown not in record.values, "a field that is not there is said to be empty"


class Preparing:
    """setup says, then does, then has nothing to do."""

    def test_setup_of_a_prepared_system_finds_everything(self, h: Harness) -> None:
        for apply in (False, True):
            steps = h.adapter().setup(h.spec, apply=apply)
            assert all(step.state == "present" for step in steps), [(step.what, step.state) for step in steps]

    @at("writes")
    def test_setup_without_apply_does_nothing(self, h: Harness) -> None:
        if not h.unprepare():
            pytest.skip("the key field cannot be taken away again")
        for _ in range(2):
            states = [step.state for step in h.adapter().setup(h.spec, apply=False)]
            assert "needed" in states, f"no key field, and setup says {states}"
        assert h.adapter().schema(h.spec).key_problem, "no key field, and the schema has no problem with it"

    @at("writes")
    def test_setup_makes_the_key_field_once(self, h: Harness) -> None:
        if not h.unprepare():
            pytest.skip("the key field cannot be taken away again")
        states = [step.state for step in h.adapter().setup(h.spec, apply=True)]
        assert "done" in states, states
        assert "failed" not in states, states
        again = [step.state for step in h.adapter().setup(h.spec, apply=True)]
        assert set(again) <= {"present"}, again
        assert h.adapter().schema(h.spec).key_problem is None
        assert make(h, h.adapter(), 1)
