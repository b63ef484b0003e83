"""What a site tells by webhooks, signed over the raw bytes (recording 348); and what `bridge setup` makes there for it.

The body is of bridge's own making (WHAT): ids and stamps, no values. A Webhook cannot tell its secret, so that a header
tells which one it was made with.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from bridge.adapters.erpnext.client import Client
from bridge.adapters.erpnext.meta import Metas
from bridge.adapters.erpnext.settings import load
from bridge.ports.adapter import SetupStep
from bridge.ports.errors import BridgeError, NotFound, PermissionDenied
from bridge.ports.hints import Delivery, Heard, Hint, Receiver, Refusal
from bridge.ports.records import ObjectSpec

SIGNATURE: Final = "x-frappe-webhook-signature"
KEY_HEADER: Final = "X-Bridge-Key"
EVENTS: Final = ("on_update", "on_trash")
SUBMITTED: Final = "on_change"
"""Fires for every change after a document was submitted, where on_update does not (recording 385)."""
SILENT: Final = frozenset({"Bin"})
"""Doctypes whose changes fire nothing."""
WHAT: Final = (
    '{"doctype": {{ doc.doctype | tojson }}, "name": {{ doc.name | tojson }}, '
    '"modified": {{ doc.modified | string | tojson }}, "event": "EVENT"}'
)
WHAT_LINKED: Final = WHAT[:-1] + (
    ', "links": [{% for row in doc.links %}[{{ row.link_doctype | tojson }}, {{ row.link_name | tojson }}]'
    "{{ ',' if not loop.last else '' }}{% endfor %}]}"
)
"""An Address tells whose it is, too."""


def receiver(system: str, settings: Mapping[str, object]) -> Receiver | None:
    """Knows a delivery by its signature."""
    secret = load(system, settings).webhook_secret
    if secret is None:
        return None
    key = secret.get_secret_value().encode()

    def hear(delivery: Delivery) -> Heard | Refusal:
        wanted = base64.b64encode(hmac.digest(key, delivery.body, "sha256"))
        given = delivery.headers.get(SIGNATURE, "").encode("utf-8", "replace")
        if not hmac.compare_digest(wanted, given) or delivery.path:
            return "forged"
        return _understood(delivery.body)

    return Receiver(hear)


def _understood(body: bytes) -> Heard | Refusal:
    try:
        said: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "unreadable"
    if not isinstance(said, dict) or not isinstance(said.get("doctype"), str) or not _is_name(said.get("name")):
        return "unreadable"
    name = "/".join(str(said.get(part, "")) for part in ("event", "modified", "doctype", "name"))
    delivery = name if said.get("modified") else ""
    links = said.get("links")
    pairs = [[said["doctype"], said["name"]], *(links if isinstance(links, list) else ())]
    good = [pair for pair in pairs if isinstance(pair, list) and len(pair) == 2 and all(map(_is_name, pair))]
    return Heard(tuple(Hint(pair[0], pair[1], delivery) for pair in good))


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 140


class Installer:
    """Makes the Webhook documents of one system."""

    def __init__(self, client: Client, metas: Metas, secret: str) -> None:
        self._client, self._metas, self._secret = client, metas, secret

    def run(self, specs: Sequence[ObjectSpec], url: str, *, apply: bool) -> list[SetupStep]:
        """One for each doctype and event; those of documents that are joined, too."""
        steps: list[SetupStep] = []
        for doctype in self._doctypes(specs):
            if doctype in SILENT:
                steps.append(SetupStep(f"webhooks of {doctype}", "present", "It sends none; it is polled."))
                continue
            submitted = self._metas.of(doctype).submittable
            for event in (*EVENTS, SUBMITTED) if submitted else EVENTS:
                try:
                    steps.append(self._one(doctype, event, url, apply=apply))
                except PermissionDenied:
                    needed = "Let a System Manager run `bridge setup`: the integration user may not make Webhooks."
                    return [*steps, SetupStep(f"webhooks of {doctype}", "needed", needed)]
                except BridgeError as error:
                    steps.append(SetupStep(f"webhook {event} of {doctype}", "failed", error.message))
        return steps

    def _doctypes(self, specs: Sequence[ObjectSpec]) -> list[str]:
        found = [spec.object for spec in specs]
        joined = any(field.path.startswith("Address.") for spec in specs for field in spec.fields)
        return list(dict.fromkeys([*found, *(["Address"] if joined else [])]))

    def _one(self, doctype: str, event: str, url: str, *, apply: bool) -> SetupStep:
        what = f"webhook {event} of {doctype}"
        name = f"bridge {self._client.system} {doctype} {event}"
        wanted = self._wanted(doctype, event, url)
        try:
            there: Any = self._client.method("frappe.client.get", {"doctype": "Webhook", "name": name})
        except NotFound:
            there = None
        if there is not None and _alike(there, wanted):
            return SetupStep(what, "present")
        if not apply:
            return SetupStep(what, "needed", "`bridge setup` makes it, or sets it right.")
        secret = {"webhook_secret": self._secret}
        if there is None:
            self._client.insert("Webhook", {"__newname": name, "name": name, **wanted, **secret})
            return SetupStep(what, "done")
        self._client.put("Webhook", name, {**wanted, **secret})
        return SetupStep(what, "done", "It was there and said something else.")

    def _wanted(self, doctype: str, event: str, url: str) -> dict[str, Any]:
        key = hmac.digest(self._secret.encode(), b"which secret", sha256).hex()[:8]
        return {
            "webhook_doctype": doctype,
            "webhook_docevent": event,
            "request_url": url,
            "request_method": "POST",
            "request_structure": "JSON",
            "webhook_json": (WHAT_LINKED if doctype == "Address" else WHAT).replace("EVENT", event),
            "enabled": 1,
            "enable_security": 1,
            "timeout": 5,
            "webhook_headers": [
                {"key": "Content-Type", "value": "application/json"},
                {"key": KEY_HEADER, "value": key},
            ],
        }


def _alike(there: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a Webhook says what it should."""
    plain = all(there.get(name) == value for name, value in wanted.items() if name != "webhook_headers")
    rows = {(row.get("key"), row.get("value")) for row in there.get("webhook_headers") or ()}
    return plain and rows == {(row["key"], row["value"]) for row in wanted["webhook_headers"]}
