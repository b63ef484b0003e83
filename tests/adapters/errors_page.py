"""docs/reference/errors.md, written from the tables: `python tests/adapters/errors_page.py` replaces the file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from bridge.adapters.erpnext import errors_table as erpnext
from bridge.adapters.odoo import errors_table as odoo
from bridge.adapters.salesforce import errors_table as salesforce
from bridge.ports import errors as e
from bridge.transport.answers import FAULTS, STATUSES, FaultRow, StatusRow

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "errors.md"

NEXT: dict[type[e.BridgeError], tuple[str, str]] = {
    e.Transient: (
        "One record: tried again later, each time after a longer wait (random, at most `max_age` and `max_attempts`), "
        "then set aside. The whole system: it is left alone, asked again after all others, and its work waits.",
        "of a record yes, of a system no",
    ),
    e.RateLimited: ("Left alone until the time that the system names; all its work waits.", "no"),
    e.AuthFailed: ("The system is paused for all runs and told once; its work waits.", "no"),
    e.PermissionDenied: ("A write is set aside; all others go on.", "final"),
    e.KeyFieldMissing: ("The system gets nothing in this run; its work waits.", "no"),
    e.AdapterBroken: ("The system gets nothing in this run, and is told in each; its work waits.", "no"),
    e.VersionConflict: ("The record is read again, merged, and written if something is still due.", "no"),
    e.InDoubt: (
        "The record is looked up by its key or id; its values and version say whether the write happened.",
        "no",
    ),
    e.AlreadyExists: (
        "Looked up by bridge's key: if it is there, it is linked; if not, the write is set aside.",
        "final",
    ),
    e.NotFound: (
        "The record counts as deleted there: the policy for deletes decides. A create is set aside.",
        "final",
    ),
    e.NoSuchObject: ("Nothing of this object is read; a write is set aside.", "final"),
    e.Rejected: ("The write is set aside, except where only fields that may be left out were refused.", "final"),
    e.MissingReference: ("Waits until a record that it may refer to has been written or linked in that system.", "no"),
    e.CursorExpired: ("The whole object is read again, and what is gone is found by comparing.", "no"),
    e.Unsupported: ("A read is told and given up in this run; a write is set aside.", "final"),
    e.MappingError: ("The record is set aside, and what is there stays as it is.", "final"),
    e.SafetyStop: ("What looks odd is not written; the command ends with exit code 3.", ""),
    e.LoopBroken: ("The field of this record is held until all systems show the same; all else goes on.", ""),
    e.ConfigError: ("The command ends (exit code 2).", ""),
}
"""What the engine does next, and whether that counts as an attempt of the outbox entry."""

_HEAD = """\
# Errors

<!-- Written by tests/adapters/errors_page.py from the tables in src/bridge; do not edit. -->

Whatever a system answers becomes one of a few classes, sorted by what bridge does next. Each has a code, by which
`bridge outbox list --by-cause`, `replay --error` and `--json` know it. The tables below say which answer becomes
which class, and how we know: a recording of a real system by its number, a place in the vendor's own documentation or
source, a public report, a standard, or *assumed* where nobody has shown it yet.

A message is made of bridge's own words, names of fields, and the vendor's code. It never holds a value of a record,
and a code that is no name is shown as `unknown`. Only of ERPNext's refusals without a class of their own is the text
told, without anything in it that looks like a value or a name.

## What bridge does next

"""

_SHARED = """\
## Before any application

Looked at first, whichever system it is. A write that may have been carried out is in doubt, and is looked up before
it is repeated.

"""

_SALESFORCE = """\
## Salesforce

The first row that fits counts. The code decides, with the status only where the code is unknown or missing. A refused
call that was not to write anything is `BR-UNSUPPORTED` where the table says `BR-REJECTED`: the mapping asks for what
is not there. "StatusCode" and "ExceptionCode" are the enumerations of that name in the SOAP API Developer Guide; the
first is compared with the WSDL by a test.

`REQUEST_LIMIT_EXCEEDED` has two meanings: a day's allowance is gone, or too many long calls run at once.
`UNABLE_TO_LOCK_ROW`, which passes by itself, hides in the text of a trigger's or flow's error.

"""

_ODOO = """\
## Odoo

The first row that fits counts. Odoo tells an error by the name of a Python exception, on /jsonrpc with HTTP 200. The
code in the envelope is no guide (0 on 19, 200 on 18).

An unknown database and one that is down or being restored give the same answer, on every route and in both versions:
they share `BR-TRANSIENT`, so that a restore pauses nothing, and the message names both. If it lasts, look at
`database`.

"""

_ERPNEXT = """\
## ERPNext

The first row that fits counts. Status and `exc_type` decide, because texts are translated and can be hidden by the
site.

A missing link target (`LinkValidationError`) is `BR-REFERENCE` only where the missing record is one that bridge
brings; else it is `BR-REJECTED`. A new order that names an unknown item or customer answers 404: to a create, that is
`BR-REFERENCE` too.

"""


def code(text: str) -> str:
    """A code span that may stand in a table."""
    return "`" + text.replace("|", "\\|") + "`" if text else ""


def pattern(text: str | None) -> str:
    """A pattern of the table as a person reads it."""
    return code(re.sub(r"\\([.'(),])", r"\1", (text or "").replace("(?i)", "").replace(r"\b", "")))


def classes(error: type[e.BridgeError], writing: type[e.BridgeError] | None) -> str:
    """The code of the class; two where a write has another."""
    if writing in (None, error):
        return code(error.code)
    return f"{code(error.code)}; a write: {code(writing.code if writing else '')}"


def grid(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown, with an empty line behind it."""
    lines = [f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]) + "\n\n"


def statuses(rows: Iterable[StatusRow]) -> str:
    """A table of statuses."""
    return grid(
        ("status", "class", "bridge says", "source"),
        (
            (
                str(row.first) if row.first == row.last else f"{row.first} to {row.last}",
                classes(row.error, row.writing),
                row.words.replace(" (HTTP {status})", ""),
                row.source,
            )
            for row in rows
        ),
    )


def faults(rows: Iterable[FaultRow]) -> str:
    """The table of connections that fail."""
    return grid(
        ("requests raises", "its text has", "class", "bridge says", "source"),
        (
            (code(row.fault.__name__), pattern(row.text), classes(row.error, row.writing), row.words, row.source)
            for row in rows
        ),
    )


def first_sentence(cls: type[e.BridgeError]) -> str:
    """What happened, as the class says it."""
    return " ".join((cls.__doc__ or "").split("\n\n")[0].split()).replace("`native_id` names it where the system says "
                                                                          "which one.", "").strip()  # fmt: skip


def engine() -> str:
    """The classes and what follows from each."""
    return grid(
        ("code", "what happened", "what bridge does next", "an attempt?", "what to do"),
        ((code(cls.code), first_sentence(cls), *NEXT[cls], cls.to_do) for cls in NEXT),
    )


def codes(rows: Iterable[salesforce.Row], empty: str) -> str:
    """A table of Salesforce's codes."""
    return grid(
        ("code", "its text has", "class", "bridge says", "source"),
        (
            (empty if row.code is None else code(row.code) or "none", pattern(row.text), classes(row.error, None),
             row.words, row.source)
            for row in rows
        ),
    )  # fmt: skip


def exceptions(rows: Iterable[odoo.Row]) -> str:
    """A table of Odoo's exceptions."""
    return grid(
        ("exception", "its text has", "class", "bridge says", "source"),
        (
            (pattern(row.name), pattern(row.text), classes(row.error, row.writing), row.words, row.source)
            for row in rows
        ),
    )


def types(rows: Iterable[erpnext.Row]) -> str:
    """The table of ERPNext's exception types."""
    return grid(
        ("status", "exc_type", "its text has", "class", "bridge says", "source"),
        (
            (str(row.status), code(row.exc_type or "") or "any other", pattern(row.text),
             classes(row.error, row.writing), row.words, row.source)
            for row in rows
        ),
    )  # fmt: skip


def page() -> str:
    """The whole page."""
    final = "Anything else is `BR-REJECTED`, so that a person looks at it.\n\n"
    parts = [
        _HEAD, engine(),
        _SHARED, statuses(STATUSES), faults(FAULTS),
        _SALESFORCE, codes(salesforce.TABLE, "any other"),
        "An answer with a code that is not above:\n\n", statuses(salesforce.STATUSES), final,
        "An answer without any code (a page):\n\n", statuses(salesforce.PAGES),
        "The log-in (`error` and `error_description` of OAuth); with a status of 500 and more it is always "
        "`BR-TRANSIENT`:\n\n", codes(salesforce.LOGIN, "any other"),
        _ODOO, exceptions(odoo.TABLE), final,
        "Messages inside the result of `load`, which the server does not try again:\n\n", exceptions(odoo.LOAD),
        "An answer without the name of an exception:\n\n", statuses(odoo.STATUSES),
        _ERPNEXT, types(erpnext.TABLE), final,
        "A page in place of data:\n\n", statuses(erpnext.PAGES),
    ]  # fmt: skip
    return "".join(parts).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
