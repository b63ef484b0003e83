"""The report of a migration as one HTML page: no script, nothing from outside, charts as SVG, readable in print.

Made from the signed document alone, which it carries inside: so whoever has the page can check document and page.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any, Final

import orjson

STYLE: Final = """
body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1c2733}
h1{font-size:1.7rem;margin-bottom:.2rem}h2{margin-top:2.2rem;border-bottom:2px solid #d7dee5;padding-bottom:.2rem}
table{border-collapse:collapse;width:100%;margin:.6rem 0 1.2rem;font-size:.92em}
th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #e3e8ed;vertical-align:top;overflow-wrap:anywhere}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.good{color:#14653a}.bad{color:#9b1c1c}.quiet{color:#5b6b7a}code{font-size:.9em;overflow-wrap:anywhere}
svg text{font:12px system-ui,sans-serif;fill:#1c2733}
@media print{body{margin:0;max-width:none;font-size:11px}h2{break-after:avoid}tr{break-inside:avoid}}
"""
COLOURS: Final = {
    "create": "#1f7a4d",
    "update": "#2b6cb0",
    "left": "#94a3b3",
    "review": "#b7791f",
    "waits": "#805ad5",
    "refused": "#c53030",
    "gone": "#4a5568",
    "delete": "#702459",
}
WORDS: Final = {
    "create": "created",
    "update": "changed",
    "left": "in step",
    "review": "for review",
    "waits": "waiting",
    "refused": "refused",
    "gone": "gone",
    "delete": "deleted",
}
LISTED: Final = 500
_CARRIED = re.compile(r'<script type="application/json" id="report">(.*?)</script>', re.DOTALL)


def page(document: Mapping[str, Any]) -> str:
    """The whole page."""
    title = f"Migration {document['from']} to {document['to']}"
    carried = orjson.dumps(document, option=orjson.OPT_SORT_KEYS).decode().replace("<", "\\u003c")
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="quiet">Run {escape(document["run"])}, begun {_moment(document["began"])}, '
        f"report of {_moment(document['made'])}.</p>",
        _verdict(document),
        "<h2>At a glance</h2>",
        _table(
            ("entity", "source", "had a partner", "created", "changed", "compared", "equal", "wrong", "missing"),
            [_glance(one) for one in document["entities"]],
        ),
        _forecast(document["forecast"]),
        *(_entity(one) for one in document["entities"]),
        "<h2>Signed off</h2>",
        f"<p>sha256 of the canonical JSON: <code>{escape(document['sha256'])}</code><br>"
        "<code>bridge migrate report --check FILE</code> says whether this page is as it was made.</p>",
        "<p>Checked by: ______________________ &nbsp; Date: ______________</p>",
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>\n" + "\n".join(body) + "\n"
        f'<script type="application/json" id="report">{carried}</script>\n</body></html>\n'
    )


def carried_in(text: str) -> Mapping[str, Any] | None:
    """The document that a page carries; None if it carries none."""
    found = _CARRIED.search(text)
    return dict(orjson.loads(found[1])) if found else None


def _verdict(document: Mapping[str, Any]) -> str:
    how = "all pairs" if document["full"] else "a sample of the pairs"
    if document["ok"]:
        return f'<p class="good"><b>Verified:</b> {how} compared field by field, none differs from what was agreed.</p>'
    if "verify" not in document["stages"]:
        return '<p class="bad"><b>Not verified:</b> the systems have not been compared yet.</p>'
    wrong, missing = document["wrong"], document["missing"]
    return (
        f'<p class="bad"><b>Look at the rest:</b> {how} compared; {wrong:,} records show something else than agreed, '
        f"{missing:,} of the source are not in the target, {document['unread']:,} values could not be read, "
        f"{document.get('bad', 0):,} rows of the source are bad. "
        "The reasons stand below.</p>"
    )


def _glance(one: Mapping[str, Any]) -> Sequence[Any]:
    load, verify = one["load"], one["verify"]
    missing = sum(verify.get("missing", {}).values())
    return (
        one["entity"], one["profile"].get("records", ""), one["match"].get("both", ""), load.get("create", ""),
        load.get("update", ""), verify.get("compared", ""), verify.get("equal", ""), verify.get("wrong", ""), missing,
    )  # fmt: skip


def _forecast(rows: Iterable[Mapping[str, Any]]) -> str:
    found = [(one["system"], one["calls"], _share(one.get("share")), one.get("hours", "")) for one in rows]
    if not found:
        return ""
    return "<h2>Forecast</h2>" + _table(("system", "calls", "of the day's calls", "hours"), found)


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _entity(one: Mapping[str, Any]) -> str:
    profile, plan, verify = one["profile"], one["plan"], one["verify"]
    rows: list[Sequence[Any]]
    parts = [f"<h2>{escape(one['entity'].replace('_', ' ').capitalize())}</h2>", _bar(plan)]
    if profile.get("fields"):
        parts += ["<h3>What was there</h3>", _fields(profile)]
    if profile.get("misfits"):
        rows = [(x["field"], x["reason"], x["records"], ", ".join(x["ids"])) for x in profile["misfits"]]
        parts += ["<h3>What does not fit</h3>", _table(("field", "reason", "records", "for example"), rows)]
    if profile.get("duplicates"):
        rows = [(" + ".join(x["same"]), x["values"], x["surplus"]) for x in profile["duplicates"]]
        parts += ["<h3>Perhaps there twice</h3>", _table(("same", "values", "records too many"), rows)]
    if verify.get("totals"):
        rows = [
            (x["field"], x["currency"], _number(x["source"]), _number(x["target"]), _number(x["difference"]))
            for x in verify["totals"]
        ]
        parts += ["<h3>Control totals of the pairs</h3>"]
        parts += [_table(("field", "currency", "source", "target", "difference"), rows)]
    if verify.get("missing"):
        rows = sorted(verify["missing"].items(), key=lambda item: (-item[1], item[0]))
        parts += ["<h3>Not in the target, and why</h3>", _table(("why", "records"), rows)]
    if verify.get("bad"):
        rows = sorted(verify["bad"].items(), key=lambda item: (-item[1], item[0]))
        parts += ["<h3>Rows that the source could not give</h3>", _table(("column and reason", "rows"), rows)]
    if verify.get("unread"):
        rows = sorted(verify["unread"].items(), key=lambda item: (-item[1], item[0]))
        parts += ["<h3>Arrived without a value that cannot be read</h3>", _table(("what", "records"), rows)]
    if verify.get("named"):
        named = verify["named"]
        rows = [(x["id"], x["what"], x["why"]) for x in named[:LISTED]]
        parts += ["<h3>Records to look at</h3>", _table(("id in the source", "what", "why"), rows)]
        if len(named) > LISTED:
            parts += [f'<p class="quiet">and {len(named) - LISTED} more in the JSON.</p>']
    return "\n".join(parts)


class _Number(str):
    """Stands to the right."""


def _number(text: str) -> _Number:
    return _Number(text)


def _moment(iso: str) -> str:
    return escape(iso[:16].replace("T", " ") + " UTC")


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    listed = list(rows)
    right = [
        bool(listed) and all(isinstance(row[at], int | float | _Number) for row in listed) for at in range(len(heads))
    ]
    head = "".join(
        f'<th class="n">{escape(name)}</th>' if n else f"<th>{escape(name)}</th>"
        for name, n in zip(heads, right, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="n">{_cell(x)}</td>' if n else f"<td>{_cell(x)}</td>" for x, n in zip(row, right, strict=True)
        )
        + "</tr>"
        for row in listed
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: Any) -> str:
    return escape(f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value))


def _fields(profile: Mapping[str, Any]) -> str:
    rows = []
    for one in profile["fields"]:
        words = ", ".join(f"{escape(str(word))} ({number:,})" for word, number in one["top"][:5])
        if one["filled"] and one.get("stays"):
            words = f"<b>stays behind:</b> {escape(one['stays'])}" + (f"; {words}" if words else "")
        width = round(one["share"] * 100)
        bar = (
            f'<svg width="104" height="12" role="img" aria-label="{width} %"><rect width="102" height="10" y="1" '
            f'fill="#e3e8ed"/><rect width="{width}" height="10" x="1" y="1" fill="#2b6cb0"/></svg> {one["share"]:.0%}'
        )
        rows.append(
            f"<tr><td>{escape(one['field'])}</td><td>{bar}</td>"
            f"<td class=n>{one['distinct']:,}</td><td>{words}</td></tr>"
        )
    head = "<tr><th>field</th><th>filled</th><th class=n>different values</th><th>most frequent</th></tr>"
    return f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table>"


def _bar(plan: Mapping[str, Any]) -> str:
    """One bar of all records of the source, by what was planned for them."""
    counts = [(fate, int(plan.get(fate, 0))) for fate in COLOURS if plan.get(fate)]
    total = sum(number for _, number in counts)
    if not total:
        return '<p class="quiet">There was nothing to plan.</p>'
    at, parts, legend = 0.0, [], []
    for place, (fate, number) in enumerate(counts):
        width = number / total * 600
        parts.append(f'<rect x="{at:.1f}" width="{width:.1f}" height="22" fill="{COLOURS[fate]}"/>')
        x = (place % 4) * 150
        y = 42 + (place // 4) * 18
        legend.append(
            f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{COLOURS[fate]}"/>'
            f'<text x="{x + 15}" y="{y}">{WORDS[fate]} {number:,}</text>'
        )
        at += width
    height = 50 + (len(counts) - 1) // 4 * 18
    return (
        f'<svg viewBox="0 0 600 {height}" width="600" height="{height}" role="img" aria-label="what was planned">'
        f"{''.join(parts)}{''.join(legend)}</svg>"
    )
