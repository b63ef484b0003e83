"""dlt: its REST source with an incremental cursor, and a custom destination that takes batches.

python -m benchmarks.peers.dlt_pipeline CRM ERP FOLDER
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.peers.ends import BATCH, FIELDS, QUERY, STAMP, Odoo, headers, soql


def main(crm: str, erp: str, folder: Path) -> None:
    """One run."""
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    import dlt
    from dlt.sources.rest_api import rest_api_source

    odoo = Odoo(erp)

    @dlt.destination(batch_size=BATCH, name="odoo", naming_convention="direct")
    def partners(items: list[dict[str, Any]], table: Any) -> None:
        odoo.load(items)

    source = rest_api_source(
        {
            "client": {
                "base_url": crm,
                "headers": headers(crm),
                "paginator": {"type": "json_link", "next_url_path": "nextRecordsUrl"},
            },
            "resources": [
                {
                    "name": "account",
                    "primary_key": "Id",
                    "max_table_nesting": 0,
                    "endpoint": {
                        "path": QUERY,
                        "data_selector": "records",
                        "params": {"q": soql("{incremental.start_value}")},
                        "incremental": {"cursor_path": STAMP, "initial_value": "2000-01-01T00:00:00Z"},
                    },
                    "columns": {name: {"data_type": "text"} for name in ("Id", STAMP, *FIELDS)},
                }
            ],
        }
    )
    pipeline = dlt.pipeline("customers", destination=partners, pipelines_dir=str(folder), progress=None)
    pipeline.run(source).raise_on_failed_jobs()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
