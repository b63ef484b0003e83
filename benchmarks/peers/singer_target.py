"""A Singer target that writes partners to Odoo in batches, made with Meltano's SDK; see `singer_tap`."""

from __future__ import annotations

from typing import Any

from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.sinks import BatchSink

from benchmarks.peers.ends import BATCH, Odoo


class Partners(BatchSink):
    """Batches of partners."""

    MAX_SIZE_DEFAULT = BATCH

    def setup(self) -> None:
        """One session for all batches."""
        self.odoo = Odoo(str(self.config["erp"]))

    def process_batch(self, context: dict[str, Any]) -> None:
        """One call."""
        self.odoo.load(context["records"])


class OdooTarget(Target):
    """One kind of sink."""

    name = "target-erp"
    config_jsonschema = th.PropertiesList(th.Property("erp", th.StringType, required=True)).to_dict()
    default_sink_class = Partners


if __name__ == "__main__":
    OdooTarget.cli()
