"""`bridge sync` as it was before a batch went out while the last was settled (decision 28): to tell what that is worth.

python -m benchmarks.peers.straight sync --json
"""

from __future__ import annotations

from dataclasses import replace

from bridge.adapters.odoo.adapter import OdooAdapter
from bridge.entrypoints.cli import main
from bridge.ports.adapter import Capabilities
from bridge.ports.records import ObjectSpec

_real = OdooAdapter.capabilities


def _waited_for(self: OdooAdapter, spec: ObjectSpec) -> Capabilities:
    return replace(_real(self, spec), overlaps=False)


if __name__ == "__main__":
    OdooAdapter.capabilities = _waited_for  # type: ignore[method-assign]
    main()
