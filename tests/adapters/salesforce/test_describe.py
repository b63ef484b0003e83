"""What an object looks like to us, whether its key is fit for use, and how it is prepared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapters.salesforce.double import KEY, SPEC, Org, adapter_of
from bridge.adapters.salesforce.adapter import SalesforceAdapter
from bridge.adapters.salesforce.setup import PERMISSION_SET
from bridge.ports.errors import AuthFailed, NotFound, Rejected
from bridge.ports.records import FieldSpec


def _entry(org: Org, name: str) -> dict[str, Any]:
    return next(field for field in org.description["fields"] if field["name"] == name)


def _adapter(org: Org) -> SalesforceAdapter:
    return adapter_of(org)


def test_the_schema_in_bridge_s_words() -> None:
    org = Org()
    _entry(org, "Tags__c").update(
        picklistValues=[{"value": "a", "active": True}, {"value": "old", "active": False}], restrictedPicklist=True
    )
    _entry(org, "Credit__c").update(scale=2)
    schema = _adapter(org).schema(SPEC)
    assert schema.key_problem is None
    assert schema.required == ("Name",)
    assert (schema.fields["Phone"].type, schema.fields["Phone"].length) == ("phone", 40)
    assert (schema.fields["Credit__c"].type, schema.fields["Credit__c"].scale) == ("decimal", 2)
    assert (schema.fields["Tags__c"].choices, schema.fields["Tags__c"].choices_closed) == (("a",), True)
    assert schema.fields["OwnerId"].target == "User"
    assert not schema.fields["SystemModstamp"].updateable


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"externalId": False}, "not an external id"),
        ({"unique": False}, "not unique"),
        ({"type": "double"}, "not a text field"),
        ({"length": 18}, "shorter than 36"),
        ({"updateable": False}, "may not be written"),
    ],
)
def test_a_key_that_is_not_fit_for_use(change: dict[str, Any], words: str) -> None:
    org = Org()
    _entry(org, KEY).update(change)
    assert words in str(_adapter(org).schema(SPEC).key_problem)


def test_a_key_that_is_missing_or_hidden() -> None:
    org = Org()
    org.description["fields"].remove(_entry(org, KEY))
    adapter = _adapter(org)
    assert "is not there" in str(adapter.schema(SPEC).key_problem)
    native_id = org.insert(Name="a")
    assert adapter.fetch(SPEC, [native_id])[native_id].key is None


@pytest.mark.parametrize("name", ["NoSuchObject", "../Account", "Account?x=1"])
def test_an_unknown_object(name: str) -> None:
    org = Org()
    with pytest.raises(NotFound):
        _adapter(org).schema(replace(SPEC, object=name))
    assert not any(".." in call or "?" in call for call in org.log)


class Preparable(Org):
    """An org that takes new fields and permissions."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[tuple[str, dict[str, Any]]] = []
        self.removed = _entry(self, KEY)
        self.description["fields"].remove(self.removed)
        self.refused: Rejected | None = None

    def _answer(self, method: str, path: str, params: Any, body: Any) -> Any:
        if path == "/services/oauth2/userinfo":
            return {"user_id": "005000000000001AAA", "preferred_username": "bridge@acme.example"}
        if path == "limits/":
            return {"DailyApiRequests": {"Max": 100, "Remaining": 10}}
        if path == "/services/data":
            return [{"version": "62.0"}]
        if path == "query" and "PermissionSet" in params["q"]:
            return {"records": [], "done": True}
        if method == "POST" and "composite" not in path:
            if self.refused is not None:
                raise self.refused
            self.made.append((path, body))
            if path == "sobjects/FieldPermissions":
                self.description["fields"].append(self.removed)
            return {"id": "0PS000000000001AAA", "success": True}
        return super()._answer(method, path, params, body)


def _setup(org: Org) -> Any:
    adapter = adapter_of(org)
    return lambda apply, spec=SPEC: adapter.setup(spec, apply=apply)


def test_setup_says_before_it_does() -> None:
    org = Preparable()
    setup = _setup(org)
    assert setup(False)[0].state == "needed"
    assert org.made == []
    assert setup(True)[0].state == "done"
    form = dict(org.made)["tooling/sobjects/CustomField"]
    assert form["FullName"] == "Account.Bridge_Id__c"
    metadata = form["Metadata"]
    assert (metadata["type"], metadata["length"]) == ("Text", 36)
    assert metadata["unique"]
    assert metadata["externalId"]
    assert metadata["caseSensitive"]
    rights = dict(org.made)["sobjects/FieldPermissions"]
    assert (rights["Field"], rights["PermissionsEdit"]) == ("Account.Bridge_Id__c", True)
    assert dict(org.made)["sobjects/PermissionSet"]["Name"] == PERMISSION_SET
    assert {step.state for step in setup(True)} == {"present"}


def test_setup_leaves_to_people_what_only_they_can_decide() -> None:
    org = Org()
    fields = (FieldSpec("Level__c", type="choice"), FieldSpec("Note__c", type="longtext"), FieldSpec("Nope"))
    steps = {step.what.split(":")[0]: step for step in _setup(org)(False, replace(SPEC, fields=fields))}
    assert steps["Account.Level__c"].state == "needed"
    assert "yours to decide" in steps["Account.Level__c"].detail
    assert "makes it" in steps["Account.Note__c"].detail
    assert "Account.Nope" not in steps


def test_a_setup_that_is_refused_says_so() -> None:
    org = Preparable()
    org.refused = Rejected("does not let the user do this", system="crm", vendor_code="INSUFFICIENT_ACCESS")
    step = _setup(org)(True)[0]
    assert step.state == "failed"
    assert "Object Manager" in step.detail


def test_a_field_that_is_there_but_hidden_is_only_made_visible() -> None:
    org = Preparable()
    there = Rejected("refuses the record", system="crm", vendor_code="DUPLICATE_DEVELOPER_NAME")
    org.before = lambda method: setattr(org, "refused", there if org.log[-1].endswith("CustomField") else None)
    step = _setup(org)(True)[0]
    assert step.state == "done"
    assert "was there" in step.detail


def test_check_tells_who_we_are_and_that_the_allowance_ends() -> None:
    health = adapter_of(Preparable()).check()
    assert health.user == "bridge@acme.example"
    assert len(health.problems) == 1
    assert "90 of its 100 calls" in health.problems[0]


def test_check_with_a_refused_session_fails() -> None:
    org = Preparable()
    org.faults.append(("GET", AuthFailed("refuses the session", system="crm"), False))
    with pytest.raises(AuthFailed):
        adapter_of(org).check()
