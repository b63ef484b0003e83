"""Webhooks of a site: the doctype, and what is sent after a commit, one post for each webhook and document.

Signed over the raw body with base64 of HMAC-SHA256, tried three times with pauses of 1 and 4 seconds (reference 7).
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bridge.sandbox.erpnext import controllers
from bridge.sandbox.erpnext.controllers import AUTH, Controller, Doc
from bridge.sandbox.erpnext.errors import thrown
from bridge.sandbox.erpnext.site import Site
from bridge.sandbox.kernel.webhooks import Post

MASKED: Final = "******"
PAUSES: Final = (1.0, 4.0)
_SUBMITTED_ONLY: Final = ("on_submit", "on_cancel", "on_update_after_submit")
_LOOP: Final = re.compile(r"\{% for row in doc\.(\w+) %\}(.*?)\{% endfor %\}", re.DOTALL)
_EXPRESSION: Final = re.compile(r"\{\{ (.*?) \}\}", re.DOTALL)
_VALUE: Final = re.compile(r"(doc|row)\.(\w+)((?: \| (?:tojson|string|int))*)")
_COMMA: Final = "',' if not loop.last else ''"


class Webhook(Controller):
    """A webhook; its secret is stored apart and shown masked."""

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """The event must fit the doctype."""
        submitted = doc.get("webhook_docevent") in _SUBMITTED_ONLY
        if submitted and not site.meta(str(doc.get("webhook_doctype"))).head.is_submittable:
            raise thrown("ValidationError", "DocType must be Submittable for the selected Doc Event")
        if doc.get("webhook_json"):
            rendered(str(doc["webhook_json"]), {})  # raises where the sandbox does not know what is in it
        secret = str(doc.get("webhook_secret") or "")
        if secret and secret != MASKED:
            doc["__secret"], doc["webhook_secret"] = secret, MASKED

    def saved(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """The secret goes where no query comes."""
        secret = doc.pop("__secret", None)
        if secret:
            site.tables.put(AUTH, {"name": _kept(doc["name"]), "webhook_secret": secret})


controllers.register({"Webhook": Webhook()})


def rendered(template: str, doc: Mapping[str, Any]) -> str:
    """The few forms of Jinja that integrations need. Raises ValidationError for others."""

    def value(found: re.Match[str], row: Mapping[str, Any]) -> str:
        known = _VALUE.fullmatch(found[1].strip())
        if known is None:
            raise thrown("ValidationError", f"this sandbox does not know {found[1]!r} in a webhook's JSON")
        said = (doc if known[1] == "doc" else row).get(known[2])
        filters = known[3].split(" | ")[1:]
        if "string" in filters:
            said = str(said)
        if "int" in filters:
            said = int(said or 0)
        return json.dumps(said) if "tojson" in filters else str(said)

    def loop(found: re.Match[str]) -> str:
        rows = doc.get(found[1]) or []
        parts = []
        for number, row in enumerate(rows, 1):
            comma = "," if number < len(rows) else ""
            inside = found[2].replace("{{ " + _COMMA + " }}", comma)
            parts.append(_EXPRESSION.sub(lambda one, row=row: value(one, row), inside))
        return "".join(parts)

    return _EXPRESSION.sub(lambda one: value(one, {}), _LOOP.sub(loop, template))


def after_commit(site: Site) -> Iterator[Post]:
    """What is sent of all that was just written."""
    hooks = [row for row in site.tables.all("Webhook") if row.get("enabled")]
    if not hooks:
        return
    first: dict[tuple[str, str], Mapping[str, Any] | None] = {}
    for doctype, key, row_before in site.tables.written():
        first.setdefault((doctype, key), row_before)
    for (doctype, key), before in first.items():
        mine = [row for row in hooks if row["webhook_doctype"] == doctype]
        if not mine:
            continue
        now: Mapping[str, Any] | None = site.tables.of_key(doctype, key)
        for row in mine if now or before else ():
            if row["webhook_docevent"] in _events(before, now):
                doc = now or before or {}
                links = site.tables.children("Dynamic Link", doctype, doc["name"])
                yield post(site, row, {**doc, "doctype": doctype, "links": links})


def _events(before: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> set[str]:
    """What happened to a document, as far as it can be told from before and after."""
    if now is None:
        return {"on_trash"}
    state, was = int(now.get("docstatus") or 0), int((before or {}).get("docstatus") or 0)
    if state == was == 1:
        return {"on_change"}  # on_update_after_submit never fires in this version (385)
    events = {"on_update"} | ({"after_insert"} if before is None else set())
    if state != was:
        events |= {"on_change", "on_submit" if state == 1 else "on_cancel"}
    return events - ({"on_update"} if state == 2 else set())


def post(site: Site, row: Mapping[str, Any], doc: Mapping[str, Any], *, secret: str | None = None) -> Post:
    """The post of one webhook about one document. secret: in place of its own."""
    said = json.loads(rendered(str(row.get("webhook_json") or "{}"), doc))
    body = json.dumps(said).encode()
    headers = {
        str(one["key"]): str(one["value"]) for one in site.tables.children("Webhook Header", "Webhook", row["name"])
    }
    if row.get("enable_security"):
        own = (site.tables.get(AUTH, _kept(row["name"])) or {}).get("webhook_secret", "")
        key = (str(own) if secret is None else secret).encode()
        headers["X-Frappe-Webhook-Signature"] = base64.b64encode(hmac.digest(key, body, "sha256")).decode()
    what = f"{row['webhook_docevent']} {doc.get('doctype')}"
    return Post(str(row["request_url"]), body, headers, what, float(row.get("timeout") or 5), PAUSES)


def about(site: Site, doctype: str, name: str, *, genuine: bool) -> list[Post]:
    """What the first webhook of a doctype would send of a document, which need not be there."""
    rows = [row for row in site.tables.all("Webhook") if row["webhook_doctype"] == doctype][:1]
    doc = site.tables.get(doctype, name) or {"name": name, "modified": site.now()}
    secret = None if genuine else "somebody else's secret"
    return [post(site, row, {**doc, "doctype": doctype, "links": []}, secret=secret) for row in rows]


def _kept(name: object) -> str:
    return f"Webhook {name}"
