"""The word `deletes`: its short and long forms, and what lint says of a wrong one, with its place."""

from __future__ import annotations

import pytest

from bridge.mapping.deletes import Deletes
from bridge.mapping.live import check_live
from bridge.ports.adapter import NativeField, NativeSchema
from mapping.mapping_text import changed, compiled, findings

FIN = "  fin: {object: Customer}\n"
OWN = {"memory": {"disabled": "1"}}


def said(word: str, **options: object) -> list[str]:
    text = changed((FIN, f"  fin: {{object: Customer, deletes: {word}}}\n"))
    return [str(one) for one in findings(text, **options)]


def deletes(word: str, **options: object) -> Deletes:
    text = changed((FIN, f"  fin: {{object: Customer, deletes: {word}}}\n"))
    return compiled(text, **options).deletes["fin"]


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("unlink", Deletes()),
        ("delete", Deletes("count", "delete")),
        ("restore", Deletes("restore", "unlink")),
        ("archive", Deletes("count", "archive", {"disabled": True})),
        ("{archive: {frozen: '0', note: old}}", Deletes("count", "archive", {"frozen": False, "note": "old"})),
        ("{here: restore, elsewhere: archive}", Deletes("restore", "archive", {"disabled": True})),
        ("{here: beat edits, elsewhere: delete}", Deletes("beat edits", "delete")),
    ],
)
def test_what_a_word_means(word: str, meaning: Deletes) -> None:
    assert deletes(word, archive_of=OWN.__getitem__) == meaning


def test_the_fields_of_an_archive_are_read_and_written() -> None:
    text = changed((FIN, "  fin: {object: Customer, deletes: {archive: {frozen: '1', disabled: '1'}}}\n"))
    emap = compiled(text)
    fields = {field.path: field.type for field in emap.spec("fin").fields}
    assert fields["frozen"] == "boolean"
    assert [field.path for field in emap.spec("fin").fields].count("disabled") == 1
    assert emap.archive_units("fin") == {"frozen": None, "disabled": "status"}
    assert emap.followers == {"fin"}
    assert emap.minds_deletes("crm")
    assert not emap.minds_deletes("fin"), "nobody else follows"


def test_a_digest_does_not_depend_on_the_form() -> None:
    short, long, other = (
        compiled(changed((FIN, f"  fin: {{object: Customer, deletes: {word}}}\n"))).digest
        for word in ("delete", "{elsewhere: delete}", "restore")
    )
    assert short == long != other
    assert compiled().digest == compiled(changed((FIN, "  fin: {object: Customer, deletes: unlink}\n"))).digest


PLACE = "mappings/customer.yaml:6:"


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("archiv", f"{PLACE}36 systems.fin.deletes: unknown word 'archiv', did you mean 'archive'?"),
        ("{her: restore}", f"{PLACE}37 systems.fin.deletes.her: unknown word 'her', did you mean 'here'?"),
        (
            "{here: restor}",
            f"{PLACE}43 systems.fin.deletes.here: unknown word 'restor', did you mean 'restore'?",
        ),
        (
            "{elsewhere: deleted}",
            f"{PLACE}48 systems.fin.deletes.elsewhere: unknown word 'deleted', did you mean 'delete'?",
        ),
        ("{archive: {}}", f"{PLACE}46 systems.fin.deletes.archive: it is empty"),
        (
            "{elsewhere: delete, archive: {frozen: '1'}}",
            f"{PLACE}36 systems.fin.deletes: 'archive' names how a record is archived, but 'elsewhere' says something"
            " else",
        ),
        (
            "archive",
            f"{PLACE}36 systems.fin.deletes: fin (memory) has no way of its own to archive a record: name a field and"
            ' its value, as {archive: {Active__c: "false"}}',
        ),
        (
            "{archive: {custom_bridge_id: x}}",
            f"{PLACE}47 systems.fin.deletes.archive.custom_bridge_id: 'custom_bridge_id' stores bridge's id",
        ),
        (
            "{archive: {'a b': x}}",
            f"{PLACE}47 systems.fin.deletes.archive.a b: 'a b' is no native field; write Name, Address.city, or"
            " street+street2",
        ),
        ("[archive]", f"{PLACE}36 systems.fin.deletes: expected one word, or entries of the form name: value here"),
    ],
)
def test_what_lint_says(word: str, what: str) -> None:
    assert said(word) == [what]


def test_an_archived_record_that_leaves_the_where_is_not_seen_any_more() -> None:
    text = changed(
        (FIN, "  fin: {object: Customer, where: frozen = false, deletes: {archive: {frozen: '1'}}}\n"),
    )
    (one,) = findings(text)
    assert (one.level, one.where) == ("warning", "systems.fin.deletes")
    assert "edits made in it are not seen" in one.message


def live(**fields: NativeField) -> list[str]:
    text = changed((FIN, "  fin: {object: Customer, deletes: {archive: {state: Old}}}\n"))
    known = {path: NativeField(path, "text") for path in ("customer_name", "tax_id", "credit", "disabled")}
    found = check_live(compiled(text), {"fin": NativeSchema("Customer", {**known, **fields})})
    return [one.message for one in found if one.where == "systems.fin.deletes"]


def test_the_live_system_has_the_field_of_the_archive() -> None:
    assert live() == ["Customer of 'fin' has no field 'state'"]
    assert live(state=NativeField("state", "text", updateable=False)) == [
        "'state' of 'fin' cannot be written: no record can be archived by it"
    ]
    assert live(state=NativeField("state", "choice", choices=("New", "Gone"))) == [
        "'state' of 'fin' does not offer 'Old'"
    ]
    assert live(state=NativeField("state", "choice", choices=("New", "Old"))) == []
