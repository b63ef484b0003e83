"""The doctypes of webhooks; in the form of `commerce_doctypes`."""

# ruff: noqa: E501 - one line a field

from __future__ import annotations

from typing import Any, Final

WEBHOOKS: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "Webhook Header": ({"istable": 1, "module": "Integrations"}, "key | Key | Small Text\nvalue | Value | Small Text"),
    "Webhook Data": (
        {"istable": 1, "module": "Integrations"},
        "fieldname | Fieldname | Data | | reqd\nkey | Key | Data | | reqd",
    ),
    "Webhook": (
        {"autoname": "prompt", "module": "Integrations"},
        """
webhook_doctype | DocType | Link | DocType | reqd set_only_once
webhook_docevent | Doc Event | Select | after_insert\\non_update\\non_submit\\non_cancel\\non_trash\\non_update_after_submit\\non_change
enabled | Enabled | Check | | default=1
condition | Condition | Small Text
request_url | Request URL | Small Text | | reqd
timeout | Request Timeout | Int | | default=5
request_method | Request Method | Select | POST\\nPUT\\nDELETE | reqd
request_structure | Request Structure | Select | \\nForm URL-Encoded\\nJSON
enable_security | Enable Security | Check
webhook_secret | Webhook Secret | Password
webhook_headers | Headers | Table | Webhook Header
webhook_data | Webhook Data | Table | Webhook Data
webhook_json | JSON Request Body | Code""",
    ),
}
