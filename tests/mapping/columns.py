"""The columns that the built-in adapters bring along, made from mappings/: `python tests/mapping/columns.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bridge.mapping.reading import read_yaml
from bridge.mapping.weave import column_of, text_of

ROOT = Path(__file__).resolve().parents[2]
ADAPTERS = {"crm": "salesforce", "erp": "odoo", "fin": "erpnext"}


def shipped() -> dict[str, dict[str, Any]]:
    """Entity -> the mapping that bridge ships."""
    found = {}
    for path in sorted((ROOT / "mappings").glob("*.yaml")):
        data = read_yaml(path.read_text(encoding="utf-8"), path.name).data
        assert isinstance(data, dict)
        found[path.stem] = dict(data)
    return found


def columns() -> dict[Path, str]:
    """Place -> text."""
    found = {}
    for entity, mapping in shipped().items():
        for system, adapter in ADAPTERS.items():
            if system in mapping["systems"]:
                head = (
                    f"# What `bridge init --system NAME={adapter}` begins with.\n"
                    f"# Made from mappings/{entity}.yaml by tests/mapping/columns.py; do not edit."
                )
                place = ROOT / "src" / "bridge" / "adapters" / adapter / "columns" / f"{entity}.yaml"
                found[place] = text_of(column_of(mapping, system), head)
    return found


if __name__ == "__main__":
    for place, text in columns().items():
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, encoding="utf-8")
