"""Collections: outcomes in the order of the records, all or none, the limits of a call."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sandbox.salesforce.talk import Talk

NEVER = "001000000000999AAA"


def _accounts(*bodies: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"attributes": {"type": "Account"}, **body} for body in bodies]


def _codes(outcomes: list[dict[str, Any]]) -> list[str]:
    return ["" if one["success"] else one["errors"][0]["statusCode"] for one in outcomes]


def _post(talk: Talk, records: list[dict[str, Any]], *, whole: bool = False, method: str = "POST") -> Any:
    answer = talk.call(method, "composite/sobjects", {"allOrNone": whole, "records": records})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_each_record_has_its_own_outcome(talk: Talk) -> None:
    outcomes = _post(talk, _accounts({"Name": "a"}, {"Name": None}, {"Name": "c", "Status__c": "Nope"}, {"Name": "d"}))
    assert _codes(outcomes) == ["", "REQUIRED_FIELD_MISSING", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ""]
    assert outcomes[1]["errors"][0]["fields"] == ["Name"]
    assert "id" not in outcomes[1]
    assert talk.read(outcomes[3]["id"])["Name"] == "d"


def test_all_or_none(talk: Talk) -> None:
    outcomes = _post(talk, _accounts({"Name": "a"}, {"Name": None}, {"Name": "c"}), whole=True)
    assert _codes(outcomes) == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "REQUIRED_FIELD_MISSING",
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    ]
    assert talk.names("") == []
    kept = talk.account(Name="kept", Bridge_Id__c="k")
    changes = _accounts({"id": kept, "Name": "changed", "Bridge_Id__c": "other"}, {"id": NEVER, "Name": "b"})
    assert _codes(_post(talk, changes, whole=True, method="PATCH"))[0] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert talk.names("") == ["kept"]
    answer = talk.call("POST", "sobjects/Account", {"Name": "b", "Bridge_Id__c": "k"})
    assert answer.json()[0]["errorCode"] == "DUPLICATE_VALUE", "the old key is held again"
    assert talk.account(Name="b", Bridge_Id__c="other"), "the new key was let go"


def test_a_call_that_cannot_be_read_writes_nothing(talk: Talk) -> None:
    body = {"records": _accounts({"Name": "a"}, {"Name": "b", "Credit__c": "ten"})}
    assert talk.refused("POST", "composite/sobjects", body) == (400, "JSON_PARSER_ERROR")
    body = {"records": _accounts({"Name": "a"}, {"Name": "b", "Nope": 1})}
    assert talk.refused("POST", "composite/sobjects", body) == (400, "INVALID_FIELD")
    body = {"records": [*_accounts({"Name": "a"}), {"Name": "b"}]}
    assert talk.refused("POST", "composite/sobjects", body) == (400, "INVALID_TYPE")
    assert talk.refused("POST", "composite/sobjects", {"records": "a"}) == (400, "JSON_PARSER_ERROR")
    assert talk.names("") == []


def test_change_by_id(talk: Talk) -> None:
    first, gone = talk.account(), talk.account()
    talk.call("DELETE", f"sobjects/Account/{gone}")
    changes = _accounts({"Id": first[:15], "Name": "b"}, {"id": gone, "Name": "b"}, {"id": NEVER}, {"Name": "no id"})
    outcomes = _post(talk, changes, method="PATCH")
    assert _codes(outcomes) == ["", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MISSING_ARGUMENT"]
    assert outcomes[0]["id"] == first
    assert talk.names("") == ["b"]


def test_upsert_by_key(talk: Talk) -> None:
    held = talk.account(Bridge_Id__c="k-1")

    def upsert(*bodies: dict[str, Any]) -> Any:
        body = {"allOrNone": False, "records": _accounts(*bodies)}
        return talk.call("PATCH", "composite/sobjects/Account/Bridge_Id__c", body).json()

    outcomes = upsert({"Bridge_Id__c": "k-1", "Phone": "1"}, {"Bridge_Id__c": "k-2", "Name": "b"}, {"Name": "no key"})
    assert [one.get("created") for one in outcomes] == [False, True, None]
    assert outcomes[0]["id"] == held
    assert _codes(outcomes)[2] == "MISSING_ARGUMENT"
    twice = upsert({"Bridge_Id__c": "k-3", "Name": "a"}, {"Bridge_Id__c": "k-3", "Name": "b"})
    assert _codes(twice) == ["DUPLICATE_VALUE", "DUPLICATE_VALUE"]
    assert sorted(talk.names("")) == ["Acme", "b"]


def test_delete(talk: Talk) -> None:
    first, second, kept = (talk.account(Name=name) for name in "abc")

    def delete(*ids: str, whole: str = "false") -> Any:
        return talk.call("DELETE", "composite/sobjects", params={"ids": ",".join(ids), "allOrNone": whole}).json()

    assert _codes(delete(first, "001nope", first, NEVER)) == [
        "",
        "MALFORMED_ID",
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
    ]
    assert _codes(delete(second, NEVER, whole="true"))[0] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert sorted(talk.names("")) == ["b", "c"]
    assert _codes(delete(second, kept, whole="true")) == ["", ""]


def test_retrieve(talk: Talk) -> None:
    first, gone = talk.account(), talk.account()
    talk.call("DELETE", f"sobjects/Account/{gone}")
    body = {"ids": [first, NEVER, gone], "fields": ["Id", "name"]}
    found = talk.call("POST", "composite/sobjects/Account", body).json()
    assert found[1:] == [None, None]
    assert (found[0]["Id"], found[0]["Name"], found[0]["attributes"]["type"]) == (first, "Acme", "Account")
    body = {"ids": [first], "fields": ["Nope"]}
    assert talk.refused("POST", "composite/sobjects/Account", body) == (400, "INVALID_FIELD")


@pytest.mark.parametrize(("number", "status"), [(200, 200), (201, 400)])
def test_two_hundred_in_a_call(talk: Talk, number: int, status: int) -> None:
    records = _accounts(*({"Name": f"n{n}"} for n in range(number)))
    answer = talk.call("POST", "composite/sobjects", {"records": records})
    assert answer.status_code == status
    if status == 400:
        assert answer.json()[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    assert len(talk.names("")) == (number if status == 200 else 0)


def test_ten_runs_of_one_object(talk: Talk) -> None:
    pair = [*_accounts({"Name": "a"}), {"attributes": {"type": "Contact"}, "LastName": "b"}]
    assert _codes(_post(talk, pair * 5)) == [""] * 10
    assert talk.refused("POST", "composite/sobjects", {"records": [*pair * 5, pair[0]]}) == (400, "LIMIT_EXCEEDED")
