"""Orders that are amended: cancelled, copied as "X-1", changed, and submitted again (recordings 193-196).

To everybody else that is one order which goes on. So until the amendment is submitted, the cancelled document is shown
as it was before, and the draft is not shown; from then on the amendment stands for it, and the feed says that the one
has become the other. An order that is cancelled and read as such before anybody begins to amend it is cancelled.

The unique key stays with the cancelled document, which cannot be changed any more: an amendment goes without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bridge.adapters.erpnext.client import Client, Row
from bridge.adapters.erpnext.items import CANCELLED, DOCSTATUS, DRAFT, SUBMITTED
from bridge.adapters.erpnext.meta import Meta

ORIGIN = "amended_from"


@dataclass(frozen=True, slots=True)
class Amended:
    """What some documents come to.

    rows: as they are to be shown. hidden: names of those that another stands for, or that nobody has submitted yet.
    heirs: name of a cancelled document -> its amendment.
    """

    rows: list[Row]
    hidden: frozenset[str] = frozenset()
    heirs: dict[str, str] = field(default_factory=dict)


def can_be_amended(meta: Meta) -> bool:
    """Whether documents of the doctype are submitted and amended."""
    return meta.submittable and ORIGIN in meta.fields


def amended(client: Client, meta: Meta, rows: Sequence[Row]) -> Amended:
    """Look up the amendments of cancelled documents: one call, and none where nothing is cancelled."""
    if not can_be_amended(meta):
        return Amended(list(rows))
    cancelled = [str(row["name"]) for row in rows if _status(row) == CANCELLED]
    found = client.rows(meta.doctype, ["name", ORIGIN, DOCSTATUS], [[ORIGIN, "in", cancelled]]) if cancelled else []
    after = {str(row[ORIGIN]): _status(row) for row in found}
    shown: list[Row] = []
    hidden: set[str] = set()
    heirs: dict[str, str] = {}
    for row in rows:
        name = str(row["name"])
        if row.get(ORIGIN) and _status(row) == DRAFT:
            hidden.add(name)
        elif row.get(ORIGIN):
            heirs[str(row[ORIGIN])] = name
        if _status(row) == CANCELLED and name in after:
            if after[name] != DRAFT:
                hidden.add(name)
            shown.append({**row, DOCSTATUS: SUBMITTED})
        else:
            shown.append(row)
    return Amended(shown, frozenset(hidden), heirs)


def _status(row: Row) -> int:
    return int(row.get(DOCSTATUS) or 0)
