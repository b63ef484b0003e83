"""Orders with their lines in one call: graphs, trees, mixed collections."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sandbox.salesforce.shop import entry_of, product, standard_book
from tests.sandbox.salesforce.talk import BASE, Talk

Json = dict[str, Any]


@pytest.fixture
def price(talk: Talk) -> str:
    """The standard price of a product."""
    return entry_of(talk, product(talk))


@pytest.fixture
def draft(talk: Talk) -> Json:
    """What an order needs."""
    book = standard_book(talk)
    return {"AccountId": talk.account(), "EffectiveDate": "2026-04-01", "Status": "Draft", "Pricebook2Id": book}


def _graph(name: str, draft: Json, price: str, *quantities: float) -> Json:
    nodes = [{"method": "POST", "url": f"{BASE}/sobjects/Order", "referenceId": "order", "body": draft}]
    for number, quantity in enumerate(quantities):
        body = {"OrderId": "@{order.id}", "PricebookEntryId": price, "Quantity": quantity, "UnitPrice": 2}
        url = f"{BASE}/sobjects/OrderItem"
        nodes.append({"method": "POST", "url": url, "referenceId": f"line{number}", "body": body})
    return {"graphId": name, "compositeRequest": nodes}


def _run(talk: Talk, *graphs: Json) -> list[Json]:
    answer = talk.call("POST", "composite/graph", {"graphs": list(graphs)})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["graphs"])


def test_each_graph_is_done_or_not(talk: Talk, price: str, draft: Json) -> None:
    good, bad = _run(talk, _graph("1", draft, price, 1, 2), _graph("2", draft, price, 1, 0))
    assert (good["graphId"], good["isSuccessful"], bad["isSuccessful"]) == ("1", True, False)
    made = good["graphResponse"]["compositeResponse"]
    assert [one["httpStatusCode"] for one in made] == [201, 201, 201]
    assert talk.read(made[0]["body"]["id"], "Order")["TotalAmount"] == 6.0
    refused = bad["graphResponse"]["compositeResponse"]
    codes = [one["body"][0]["errorCode"] for one in refused]
    assert codes == ["PROCESSING_HALTED", "PROCESSING_HALTED", "FIELD_INTEGRITY_EXCEPTION"]
    assert talk.query("SELECT COUNT() FROM Order")["totalSize"] == 1


def test_what_a_graph_cannot_hold(talk: Talk, price: str, draft: Json) -> None:
    query = {"method": "GET", "url": f"{BASE}/query?q=SELECT+Id+FROM+Order", "referenceId": "q"}
    body = {"graphs": [{"graphId": "1", "compositeRequest": [query]}]}
    assert talk.refused("POST", "composite/graph", body) == (400, "INVALID_INPUT")
    large = {"graphs": [_graph("1", draft, price, *[1] * 500)]}
    assert talk.refused("POST", "composite/graph", large) == (400, "LIMIT_EXCEEDED")
    assert talk.refused("POST", "composite/graph", {"graphs": 1}) == (400, "JSON_PARSER_ERROR")


def test_after_many_failures_the_rest_is_not_tried(talk: Talk, price: str, draft: Json) -> None:
    graphs = [_graph(str(number), draft, price, 0) for number in range(14)]
    *_, last = _run(talk, *graphs, _graph("last", draft, price, 1))
    assert last["isSuccessful"] is False
    assert {one["body"][0]["errorCode"] for one in last["graphResponse"]["compositeResponse"]} == {"PROCESSING_HALTED"}
    assert talk.query("SELECT COUNT() FROM Order")["totalSize"] == 0


def test_a_row_of_a_graph_is_locked(talk: Talk, price: str, draft: Json) -> None:
    talk.control("faults", kind="lock_row", operation="composite graph")
    first, second = _run(talk, _graph("1", draft, price, 1), _graph("2", draft, price, 1))
    assert (first["isSuccessful"], second["isSuccessful"]) == (False, True)
    codes = [one["body"][0]["errorCode"] for one in first["graphResponse"]["compositeResponse"]]
    assert codes == ["UNABLE_TO_LOCK_ROW", "PROCESSING_HALTED"]


def _tree(draft: Json, name: str, price: str, *quantities: float) -> Json:
    lines = [
        {
            "attributes": {"type": "OrderItem", "referenceId": f"{name}-{number}"},
            "PricebookEntryId": price,
            "Quantity": quantity,
            "UnitPrice": 2,
        }
        for number, quantity in enumerate(quantities)
    ]
    return {"attributes": {"type": "Order", "referenceId": name}, **draft, "OrderItems": {"records": lines}}


def test_a_tree(talk: Talk, price: str, draft: Json) -> None:
    body = {"records": [_tree(draft, "a", price, 1, 2), _tree(draft, "b", price, 3)]}
    answer = talk.call("POST", "composite/tree/Order", body)
    made = answer.json()
    assert (answer.status_code, made["hasErrors"]) == (201, False)
    assert [one["referenceId"] for one in made["results"]] == ["a", "b", "a-0", "a-1", "b-0"]
    ids = {one["referenceId"]: one["id"] for one in made["results"]}
    assert talk.read(ids["a"], "Order")["TotalAmount"] == 6.0
    assert talk.read(ids["b-0"], "OrderItem")["OrderId"] == ids["b"]


def test_a_tree_is_made_whole_or_not_at_all(talk: Talk, price: str, draft: Json) -> None:
    answer = talk.call("POST", "composite/tree/Order", {"records": [_tree(draft, "a", price, 1, 0)]})
    failed = answer.json()
    assert (answer.status_code, failed["hasErrors"], len(failed["results"])) == (400, True, 1)
    assert failed["results"][0]["referenceId"] == "a-1"
    assert failed["results"][0]["errors"][0]["statusCode"] == "FIELD_INTEGRITY_EXCEPTION"
    assert talk.query("SELECT COUNT() FROM Order")["totalSize"] == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"attributes": {"type": "Order"}}, "INVALID_INPUT"),
        ({"attributes": {"type": "Account", "referenceId": "a"}}, "INVALID_INPUT"),
        ({"Nope": {"records": [{}]}}, "INVALID_FIELD"),
        ({"OrderItems": {"records": "x"}}, "JSON_PARSER_ERROR"),
    ],
)
def test_trees_that_cannot_be_read(talk: Talk, price: str, draft: Json, change: Json, code: str) -> None:
    body = {"records": [{**_tree(draft, "a", price, 1), **change}]}
    assert talk.refused("POST", "composite/tree/Order", body) == (400, code)
    many = {"records": [_tree(draft, "a", price, *[1] * 200)]}
    assert talk.refused("POST", "composite/tree/Order", many) == (400, "INVALID_INPUT")
    twice = {"records": [_tree(draft, "a", price, 1)] * 2}
    assert talk.refused("POST", "composite/tree/Order", twice) == (400, "INVALID_INPUT")
    assert talk.refused("POST", "composite/tree/Nope", twice) == (404, "NOT_FOUND")


def test_collections_of_mixed_kinds(talk: Talk, price: str, draft: Json) -> None:
    key = {"attributes": {"type": "Order"}, "Bridge_Id__c": "k1", **draft}
    item = {"attributes": {"type": "OrderItem"}, "Order": {"Bridge_Id__c": "k1"}, "PricebookEntryId": price}
    line = {**item, "Quantity": 2, "UnitPrice": 3, "Bridge_Line__c": "l1"}
    rows = talk.call("POST", "composite/sobjects", {"allOrNone": True, "records": [key, line, line]}).json()
    assert [row["success"] for row in rows] == [True] * 3
    assert talk.read(rows[0]["id"], "Order")["TotalAmount"] == 12.0
    ids = ",".join(row["id"] for row in rows[1:])
    gone = talk.call("DELETE", f"composite/sobjects?ids={ids}&allOrNone=true").json()
    assert [row["success"] for row in gone] == [True, True]
    assert talk.read(rows[0]["id"], "Order")["TotalAmount"] == 0.0
