"""Composite: references, headers of a part, all or none; batches."""

from __future__ import annotations

from typing import Any

from tests.sandbox.salesforce.talk import BASE, Talk


def _part(name: str, method: str, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
    return {"method": method, "url": f"{BASE}/{path}", "referenceId": name, **({"body": body} if body else {}), **more}


def _run(talk: Talk, *parts: dict[str, Any], whole: bool = False) -> list[dict[str, Any]]:
    answer = talk.call("POST", "composite", {"allOrNone": whole, "compositeRequest": list(parts)})
    assert answer.status_code == 200, answer.text
    outcomes = answer.json()["compositeResponse"]
    assert [one["referenceId"] for one in outcomes] == [part["referenceId"] for part in parts]
    return list(outcomes)


def _told(outcomes: list[dict[str, Any]]) -> list[tuple[int, str]]:
    failed = [one["body"][0]["errorCode"] if one["httpStatusCode"] >= 400 else "" for one in outcomes]
    return [(one["httpStatusCode"], code) for one, code in zip(outcomes, failed, strict=True)]


def test_later_parts_use_earlier_answers(talk: Talk) -> None:
    outcomes = _run(
        talk,
        _part("acc", "POST", "sobjects/Account", {"Name": 'Quote " and \\'}),
        _part("con", "POST", "sobjects/Contact", {"LastName": "Doe", "AccountId": "@{acc.id}"}),
        _part("ask", "GET", "query?q=SELECT+Name+FROM+Account"),
        _part("copy", "POST", "sobjects/Account", {"Name": "@{ask.records[0].Name}"}),
    )
    assert [one["httpStatusCode"] for one in outcomes] == [201, 201, 200, 201]
    assert talk.read(outcomes[1]["body"]["id"], "Contact")["AccountId"] == outcomes[0]["body"]["id"]
    assert talk.names("") == ['Quote " and \\'] * 2


def test_without_all_or_none_only_dependants_fail(talk: Talk) -> None:
    outcomes = _run(
        talk,
        _part("bad", "POST", "sobjects/Account", {"Phone": "1"}),
        _part("con", "POST", "sobjects/Contact", {"LastName": "Doe", "AccountId": "@{bad.id}"}),
        _part("good", "POST", "sobjects/Account", {"Name": "good"}),
    )
    assert _told(outcomes) == [(400, "REQUIRED_FIELD_MISSING"), (400, "PROCESSING_HALTED"), (201, "")]
    assert talk.names("") == ["good"]


def test_all_or_none_takes_everything_back(talk: Talk) -> None:
    kept = talk.account(Name="kept")
    outcomes = _run(
        talk,
        _part("a", "PATCH", f"sobjects/Account/{kept}", {"Name": "changed"}),
        _part("bad", "POST", "sobjects/Account", {"Phone": "1"}),
        _part("c", "POST", "sobjects/Account", {"Name": "never"}),
        whole=True,
    )
    assert _told(outcomes) == [(400, "PROCESSING_HALTED"), (400, "REQUIRED_FIELD_MISSING"), (400, "PROCESSING_HALTED")]
    assert talk.names("") == ["kept"]


def test_all_or_none_reaches_into_collections(talk: Talk) -> None:
    rows = [{"attributes": {"type": "Account"}, "Name": name} for name in ("a", None)]
    outcomes = _run(
        talk,
        _part("a", "POST", "sobjects/Account", {"Name": "first"}),
        _part("rows", "POST", "composite/sobjects", {"allOrNone": False, "records": rows}),
        whole=True,
    )
    assert outcomes[0]["httpStatusCode"] == 400
    codes = [one["errors"][0]["statusCode"] for one in outcomes[1]["body"]]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert talk.names("") == []


def test_a_part_has_headers_of_its_own(talk: Talk) -> None:
    path = f"sobjects/Account/{talk.account()}"
    stale = {"If-Unmodified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}
    outcomes = _run(
        talk,
        _part("a", "PATCH", path, {"Phone": "1"}, httpHeaders=stale),
        _part("b", "PATCH", path, {"Fax": "2"}),
    )
    assert [one["httpStatusCode"] for one in outcomes] == [412, 204]
    assert [one["body"] for one in outcomes] == [None, None]


def test_it_counts_as_one_call(talk: Talk) -> None:
    first = talk.call("GET", "limits").json()["DailyApiRequests"]["Remaining"]
    _run(talk, *(_part(f"p{n}", "GET", "limits") for n in range(10)))
    assert talk.call("GET", "limits").json()["DailyApiRequests"]["Remaining"] == first - 2


def test_limits_of_a_composite(talk: Talk) -> None:
    parts = [_part(f"p{n}", "GET", "limits") for n in range(26)]
    assert talk.refused("POST", "composite", {"compositeRequest": parts}) == (400, "LIMIT_EXCEEDED")
    parts = [_part(f"p{n}", "GET", "query?q=SELECT+Id+FROM+Account") for n in range(6)]
    assert talk.refused("POST", "composite", {"compositeRequest": parts}) == (400, "LIMIT_EXCEEDED")
    assert talk.refused("POST", "composite", {"compositeRequest": [{"url": "/"}]}) == (400, "JSON_PARSER_ERROR")


def test_a_batch_goes_on_or_halts(talk: Talk) -> None:
    requests = [
        {"method": "POST", "url": "v62.0/sobjects/Account", "richInput": {"Name": "a"}},
        {"method": "POST", "url": "v62.0/sobjects/Account", "richInput": {"Phone": "1"}},
        {"method": "GET", "url": "v62.0/query/?q=SELECT+Name+FROM+Account"},
    ]
    answer = talk.call("POST", "composite/batch", {"batchRequests": requests}).json()
    assert answer["hasErrors"] is True
    assert [one["statusCode"] for one in answer["results"]] == [201, 400, 200]
    assert answer["results"][2]["result"]["totalSize"] == 1
    answer = talk.call("POST", "composite/batch", {"haltOnError": True, "batchRequests": requests}).json()
    assert [one["statusCode"] for one in answer["results"]] == [201, 400, 412]
    assert answer["results"][2]["result"][0]["errorCode"] == "BATCH_PROCESSING_HALTED"
    assert len(talk.names("")) == 2
