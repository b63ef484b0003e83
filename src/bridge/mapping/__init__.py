"""Mapping files -> two-way maps between systems and the canonical model; lint. Pure apart from reading the files.

Read `compiled` for what the engine uses, `file` for what an analyst writes, `load` for how one becomes the other.
"""

from bridge.mapping.laws import check_laws
from bridge.mapping.live import check_live
from bridge.mapping.load import Loaded, check_mappings, load_mappings
from bridge.mapping.schema import mapping_schema

__all__ = ["Loaded", "check_laws", "check_live", "check_mappings", "load_mappings", "mapping_schema"]
