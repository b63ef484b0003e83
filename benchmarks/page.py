"""The tables of a run as Markdown, put between the markers of a page; what is around them is people's."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table


def filled(page: str, report: Mapping[str, Any], tables: Mapping[str, Sequence[Table]]) -> str:
    """The page with these parts' tables, and with the machine they were measured on.

    Each part says when it was measured and at which revision: a run of some parts leaves the others as they were.
    Raises ValueError where the page has no place for one.
    """
    page = _between(page, "machine", _machine(report))
    when = f"{report['date'][:10]}, revision {report['machine']['commit']}"
    for name, found in tables.items():
        command = f"`{report['parts'][name]['command']}` ({when})"
        page = _between(page, name, "\n\n".join([command, *map(markdown, found)]))
    return page


def markdown(table: Table) -> str:
    """A table as Markdown, its title above."""
    heads = [str(column.header) for column in table.columns]
    lines = ["---" if column.justify == "left" else "---:" for column in table.columns]
    rows = zip(*(list(column.cells) for column in table.columns), strict=True)
    said = [heads, lines, *([str(cell).replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join([f"**{table.title}**", "", *(f"| {' | '.join(row)} |" for row in said)])


def _machine(report: Mapping[str, Any]) -> str:
    on = report["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in on["versions"].items())
    return "\n".join(
        [
            f"Last measured on {report['date'][:10]}, revision {on['commit']}: {on['cores']} cores ({on['processor']}),"
            f" {on['memory_gb']} GB, load {on['load'][0]} before it began.",
            f"Python {on['python']}, {on['system']}; {versions}.",
        ]
    )


def _between(page: str, name: str, text: str) -> str:
    begin, end = f"<!-- bench:{name} -->", f"<!-- /bench:{name} -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"the page has no place for {name}: {begin} ... {end}")
    return pattern.sub(lambda _: f"{begin}\n{text}\n{end}", page)
