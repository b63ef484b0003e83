"""Tags of a document, which have calls of their own: a `_user_tags` in a PUT is dropped without a word."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.adapters.erpnext.client import Client

_TAG = "frappe.desk.doctype.tag.tag"


class Tags:
    """Adds and removes tags of one doctype's documents. An unknown tag is made by adding it."""

    def __init__(self, client: Client, doctype: str) -> None:
        self._client = client
        self._doctype = doctype

    def set(self, name: str, held: Sequence[str], wanted: Sequence[str]) -> None:
        """Make `held` into `wanted`: one call for each tag that differs."""
        for tag in sorted(set(wanted) - set(held)):
            self._call("add_tag", name, tag)
        for tag in sorted(set(held) - set(wanted)):
            self._call("remove_tag", name, tag)

    def _call(self, what: str, name: str, tag: str) -> None:
        self._client.method(f"{_TAG}.{what}", {"tag": tag, "dt": self._doctype, "dn": name}, writing=True)
