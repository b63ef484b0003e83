"""The columns for `bridge init --system` are made from the shipped mappings: `python tests/test_columns.py`."""

from __future__ import annotations

from pathlib import Path

from bridge.mapping.reading import read_yaml
from bridge.mapping.weave import column_of, text_of

import bridge_tryton

ROOT = Path(bridge_tryton.__file__).parent


def columns() -> dict[str, str]:
    """File -> text."""
    found = {}
    for path in sorted((ROOT / "mappings").glob("*.yaml")):
        data = read_yaml(path.read_text(encoding="utf-8"), path.name).data
        assert isinstance(data, dict)
        if path.name == "location.yaml":  # beside another ERP a place has one text that both may write
            del data["fields"]["name"]
            data["identity"]["key"]["erp"] = "name"
        head = (
            "# What `bridge init --system NAME=tryton` begins with.\n"
            f"# Made from mappings/{path.name} by tests/test_columns.py; do not edit."
        )
        found[path.name] = text_of(column_of(dict(data), "erp"), head)
    return found


def test_the_columns_are_those_of_the_mappings() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "columns").glob("*.yaml")}
    assert there == columns(), "run python tests/test_columns.py"


if __name__ == "__main__":
    for name, text in columns().items():
        (ROOT / "columns" / name).write_text(text, encoding="utf-8")
