"""Fields that take more than one native field, or none: joined words, and numbers that bridge works out itself."""

from __future__ import annotations

from bridge.mapping.live import check_live
from bridge.mapping.load import parse_mapping
from bridge.ports.adapter import NativeField, NativeSchema
from mapping.mapping_text import SYSTEMS, changed

LEVEL = """\
version: "1"
entity: stock_level
systems: {crm: {object: Level}, erp: {object: Quant}}
identity: {key: {crm: K, erp: k}, match: [{same: [product, location]}]}
fields:
  product:   {crm: P, erp: p, ref: record product}
  location:  {crm: L, erp: l, ref: record location}
  on_hand:   {crm: On, erp: qty, conflict: sum}
  reserved:  {crm: Res, erp: res, direction: to crm}
  available: {crm: Avail}
"""

STATUS = """\
version: "1"
entity: order
systems: {crm: {object: Order}, erp: {object: Sale}}
identity: {key: {crm: K, erp: k}, match: [{same: [number]}]}
fields:
  number: {crm: Number, erp: name}
  status:
    crm: Status
    erp: state+delivery
    transform: {erp: stages(pending)}
    values:
      draft: {crm: Draft, erp: draft}
      confirmed: {crm: Activated, erp: sale}
      shipped: {crm: Shipped, erp: sale + full}
    moves: {draft: confirmed, confirmed: shipped}
"""
SALE = {
    "name": NativeField("name", "text"),
    "state": NativeField("state", "choice", choices=("draft", "sale"), choices_closed=True, createable=False),
    "delivery": NativeField("delivery", "choice", choices=("pending", "full"), createable=False, updateable=False),
}


def told(text: str) -> list[str]:
    return [str(one) for one in parse_mapping(text, "mappings/level.yaml", SYSTEMS)[1]]


def test_a_number_that_is_worked_out_needs_no_second_system() -> None:
    assert told(LEVEL) == []


def test_it_cannot_be_taken_from_a_system() -> None:
    (said,) = told(changed(("{crm: Avail}", "{crm: Avail, direction: from crm}"), text=LEVEL))
    assert "fields.available.direction: bridge works it out (on_hand less reserved): say 'to' which systems" in said


def test_both_numbers_it_follows_from_have_to_be_there() -> None:
    text = changed(("  reserved:  {crm: Res, erp: res, direction: to crm}\n", ""), text=LEVEL)
    (said,) = told(text)
    assert "fields.available: bridge works it out (on_hand less reserved): 'reserved' has no line in this file" in said


def live(text: str = STATUS, **fields: NativeField) -> list[str]:
    emap, found = parse_mapping(text, "mappings/order.yaml", SYSTEMS)
    assert emap is not None
    assert found == []
    return [str(one) for one in check_live(emap, {"erp": NativeSchema("Sale", {**SALE, **fields})})]


def test_only_the_first_of_the_fields_of_a_status_is_judged_as_written() -> None:
    assert live() == []


def test_a_word_of_the_state_that_the_system_does_not_offer_is_told() -> None:
    (said,) = live(state=NativeField("state", "choice", choices=("draft", "done"), choices_closed=True))[:1]
    assert "fields.status.values: 'state' of 'erp' does not offer 'sale'" in said


def test_a_field_that_is_only_read_beside_it_has_to_be_readable() -> None:
    (said,) = live(delivery=NativeField("delivery", "choice", readable=False))
    assert "'delivery' of 'erp' cannot be read by the integration user" in said


def test_words_written_together_are_each_judged_at_their_field() -> None:
    text = STATUS.replace("stages(pending)", "together").replace("erp: draft}", "erp: draft + no}")
    text = text.replace("erp: sale}", "erp: sale + no}").replace(
        "    moves: {draft: confirmed, confirmed: shipped}", ""
    )
    closed = NativeField("delivery", "choice", choices=("no", "all"), choices_closed=True)
    said = live(text, delivery=closed, state=NativeField("state", "choice", choices=("draft", "sale")))
    assert any("'delivery' of 'erp' does not offer 'full'" in one for one in said)
    assert not any("'state' of 'erp' does not offer" in one for one in said)


def test_a_condition_may_follow_a_reference() -> None:
    text = changed(("erp: {object: Sale}", "erp: {object: Sale, where: \"place.name = 'Main'\"}"), text=STATUS)
    assert live(text, place=NativeField("place", "reference", target="Place")) == []
    (said,) = live(text)
    assert "Sale of 'erp' has no field 'place.name'" in said
