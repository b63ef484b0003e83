"""The models of automation rules; in the form of `models`."""

from __future__ import annotations

from typing import Final

MODELS: Final[dict[str, tuple[str, str, str]]] = {
    "base.automation": (
        "Automation Rule",
        "sequence, id",
        """name char required
        model_id many2one:ir.model required
        trigger char required
        active boolean default=true
        sequence integer
        filter_domain char
        trigger_field_ids many2many:ir.model.fields
        action_server_ids one2many:ir.actions.server:base_automation_id""",
    ),
    "ir.actions.server": (
        "Server Action",
        "sequence, name, id",
        """name char required
        model_id many2one:ir.model required
        state char required default=object_write
        usage char default=ir_actions_server
        sequence integer default=5
        webhook_url char
        webhook_field_ids many2many:ir.model.fields
        base_automation_id many2one:base.automation""",
    ),
}
