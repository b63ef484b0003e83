"""An ERPNext 15 site as far as customers, contacts and addresses go: REST, frappe.client, tokens, metadata."""

from __future__ import annotations

from typing import Any

from bridge.sandbox.erpnext.app import ErpNext
from bridge.sandbox.kernel import Application, Clock


def build(**options: Any) -> Application:
    """Make a site.

    api_key, api_secret: the token of `user` ("key", "secret"). user: its name, "Administrator"; another one is made
    with the role System Manager. key_field: put the unique custom field bridge_external_id on Customer, Contact and
    Address (False). time_zone: the zone in which the site writes its stamps ("Europe/Berlin"). site: the name of the
    site; strict_hosts: answer 404 to every other Host (False). random_seed: names of rows are made from it (15).
    Raises TypeError for another option.
    """
    known: dict[str, Any] = {
        "api_key": "key",
        "api_secret": "secret",
        "user": "Administrator",
        "key_field": False,
        "time_zone": "Europe/Berlin",
        "site": "erpnext.example",
        "strict_hosts": False,
        "random_seed": 15,
    }
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise TypeError(f"the ERPNext sandbox has no option {', '.join(unknown)}; it has {', '.join(sorted(known))}")
    return ErpNext({**known, **options}, Clock())


__all__ = ["build"]
