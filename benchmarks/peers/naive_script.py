"""What is written in an afternoon: read page by page, send each record, remember when.

python -m benchmarks.peers.naive_script CRM ERP FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import requests

from benchmarks.peers.ends import QUERY, STAMP, Odoo, headers, soql


def main(crm: str, erp: str, folder: Path) -> None:
    """One run."""
    state = folder / "since"
    since = state.read_text() if state.exists() else None
    session, odoo = requests.Session(), Odoo(erp)
    session.headers.update(headers(crm))
    answer = session.get(f"{crm}{QUERY}", params={"q": soql(since)}, timeout=600).json()
    while True:
        for account in answer["records"]:
            odoo.load([account])
            since = account[STAMP]
        if answer["done"]:
            break
        answer = session.get(f"{crm}{answer['nextRecordsUrl']}", timeout=600).json()
    state.write_text(since or "")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
