"""Deleted, renamed and merged documents: the log of deletes, and the comments that renames leave."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bridge.adapters.erpnext.client import Client, Filter, Row
from bridge.adapters.erpnext.cursor import Track
from bridge.adapters.erpnext.document import Layout
from bridge.adapters.erpnext.prices import PRICE
from bridge.adapters.erpnext.reading import Reader
from bridge.adapters.erpnext.site import Site
from bridge.adapters.erpnext.values import instant
from bridge.ports.errors import NotFound, PermissionDenied
from bridge.ports.records import Tombstone

_LOG = "Deleted Document"
_BOLD = re.compile(r"<strong>(.*?)</strong>", re.DOTALL)
_OLD_AND_NEW = 2


class DeleteLog:
    """What is gone from one site. `denied` becomes true when the site does not show the log.

    The log needs the System Manager role (recording 315); `check` tells the person.
    """

    def __init__(self, client: Client, reader: Reader, site: Site, overlap: float) -> None:
        self._client = client
        self._reader = reader
        self._site = site
        self._overlap = timedelta(seconds=overlap)
        self.denied = False

    def newest(self, layout: Layout) -> list[Row]:
        """The last entry of the log, if any."""
        return self._rows(layout, [], [], "creation desc, name desc", 1)

    def page(self, layout: Layout, track: Track, limit: int) -> list[Row]:
        """The next entries in order of creation and name."""
        filters, either = track.filters("creation")
        return self._rows(layout, filters, either, "creation asc, name asc", limit)

    def tombstones(self, layout: Layout, entries: Sequence[Row]) -> list[Tombstone]:
        """The records of the layout that these entries say are gone, and are.

        Names are used again after a delete (recordings 364-366): what is there now is not gone.
        """
        doctype = layout.meta.doctype
        own = {str(row["deleted_name"]): str(row["creation"]) for row in entries if row["deleted_doctype"] == doctype}
        if not own:
            return []
        gone = set(own) - self._reader.existing(layout, list(own))
        moved = self.renames(layout, min(own.values()), None) if gone else {}
        zone = self._site.zone
        return [Tombstone(name, instant(own[name], zone), moved.get(name)) for name in own if name in gone]

    def bereft(self, layout: Layout, entries: Sequence[Row]) -> list[str]:
        """The documents that lost an address or price: those the deleted ones belonged to, by the copies in the log."""
        lost = [str(row["name"]) for row in entries if row["deleted_doctype"] == layout.joins]
        if not lost or layout.meta.doctype == layout.joins:
            return []
        owners: dict[str, None] = {}
        for row in self._client.rows(_LOG, ["name", "data"], [["name", "in", lost]]):
            owners.update(dict.fromkeys(_linked(str(row.get("data") or "{}"), layout.meta.doctype)))
        return list(owners)

    def renames(self, layout: Layout, since: str, names: Sequence[str] | None) -> dict[str, str]:
        """Old name -> new name of documents renamed or merged since a stamp, into one of `names` if given.

        Neither is in the log as such. A rename leaves a comment "renamed from <strong>A</strong> to
        <strong>B</strong>" on B (recording 320), a merge one that names both likewise. The sentence is translated, the
        two names in bold are not.
        """
        filters: list[Filter] = [["reference_doctype", "=", layout.meta.doctype], ["comment_type", "=", "Edit"]]
        if since:
            early = datetime.fromisoformat(since) - self._overlap
            filters.append(["creation", ">=", early.isoformat(sep=" ", timespec="microseconds")])
        if names is not None:
            filters.append(["reference_name", "in", list(names)])
        try:
            rows = self._client.rows("Comment", ["name", "content", "reference_name"], filters, order="creation asc")
        except (PermissionDenied, NotFound):
            return {}  # the old names are found by the full comparison
        moved: dict[str, str] = {}
        for row in rows:
            bold = [html.unescape(name) for name in _BOLD.findall(str(row.get("content") or ""))]
            if len(bold) == _OLD_AND_NEW and bold[1] == row.get("reference_name") != bold[0]:
                moved[bold[0]] = bold[1]
        return moved

    def _rows(
        self, layout: Layout, filters: Iterable[Filter], either: Sequence[Filter], order: str, limit: int
    ) -> list[Row]:
        watched = [layout.meta.doctype, layout.joins] if layout.roles else [layout.meta.doctype]
        try:
            return self._client.rows(
                _LOG,
                ["name", "deleted_doctype", "deleted_name", "creation"],
                [["deleted_doctype", "in", watched], *filters],
                either=either,
                order=order,
                limit=limit,
            )
        except (PermissionDenied, NotFound):
            self.denied = True
            return []


def _linked(copy: str, doctype: str) -> list[str]:
    """The documents of a doctype that a deleted one was linked to; none if its copy has another form."""
    try:
        document = json.loads(copy)
        if document.get("doctype") == PRICE:
            return [str(document["item_code"])]
        links = document.get("links") or []
        return [str(link["link_name"]) for link in links if link.get("link_doctype") == doctype]
    except (ValueError, AttributeError, KeyError, TypeError):
        return []
