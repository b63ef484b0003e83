"""bridge's configuration for two systems: the shipped mapping files with one system's column taken out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
SECRETS = {
    "BRIDGE_CRASH_CRM_SECRET": "bridge-client-secret",
    "BRIDGE_CRASH_ERP_PASSWORD": "admin",
    "BRIDGE_CRASH_FIN_SECRET": "secret",
}
_SETTINGS: dict[str, dict[str, Any]] = {
    "crm": {
        "adapter": "salesforce",
        "grant": "client_credentials",
        "client_id": "bridge-client-id",
        "client_secret": {"env": "BRIDGE_CRASH_CRM_SECRET"},
    },
    "erp": {
        "adapter": "odoo",
        "database": "acme",
        "login": "admin",
        "password": {"env": "BRIDGE_CRASH_ERP_PASSWORD"},
    },
    "fin": {
        "adapter": "erpnext",
        "deletes_interval": 0,
        "api_key": "key",
        "api_secret": {"env": "BRIDGE_CRASH_FIN_SECRET"},
    },
}


def write_configuration(folder: Path, urls: dict[str, str], store: str) -> Path:
    """bridge.yaml and mappings/ for these systems; answers the path of bridge.yaml. urls: system -> address."""
    (gone,) = set(_SETTINGS) - set(urls)
    systems = {
        system: {**_SETTINGS[system], "instance_url" if system == "crm" else "url": url} for system, url in urls.items()
    }
    mappings = folder / "mappings"
    mappings.mkdir(parents=True)
    for path in (ROOT / "mappings").glob("*.yaml"):
        sheet = _without(gone, yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader))
        if sheet["entity"] == "customer":
            sheet["systems"] = {system: {**given, "deletes": "delete"} for system, given in sheet["systems"].items()}
        (mappings / path.name).write_text(yaml.safe_dump(sheet, sort_keys=False), encoding="utf-8")
    file = folder / "bridge.yaml"
    text = {"version": "1", "store": store, "mappings": "mappings", "systems": systems}
    file.write_text(yaml.safe_dump(text, sort_keys=False), encoding="utf-8")
    return file


def _without(gone: str, node: Any) -> Any:
    """A sheet without a system: its columns, and its name in every order of preference."""
    if isinstance(node, list):
        return [kept for one in node if (kept := _without(gone, one))]
    if not isinstance(node, dict):
        return _shorter(gone, node)
    if gone == "erp" and node.get("erp") == "complete_name" and node.get("crm") == "Name":
        node = {**node, "fin": "name"}  # of a location: without Odoo it is named as ERPNext names it
    kept = {word: _without(gone, value) for word, value in node.items() if word != gone}
    return {word: value for word, value in kept.items() if value not in ("", {}, [])}


def _shorter(gone: str, text: str) -> str:
    """ "prefer fin > erp > crm" without fin; a word that speaks of nobody else goes altogether."""
    words = text.removeprefix("prefer ")
    names = [name.strip() for name in words.split(">")]
    if gone not in names:
        return "" if text == f"from {gone}" else text
    left = " > ".join(name for name in names if name != gone)
    return f"prefer {left}" if text.startswith("prefer ") and " > " in left else left if words == text else ""
