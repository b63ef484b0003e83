"""Values and conditions as the site wants to be told them."""

from __future__ import annotations

from typing import Any

from bridge.adapters.erpnext.client import Filter
from bridge.adapters.erpnext.document import Layout, Part
from bridge.adapters.erpnext.items import ItemPart
from bridge.adapters.erpnext.site import Site
from bridge.adapters.erpnext.values import to_wire
from bridge.ports.errors import Unsupported
from bridge.ports.records import Condition, NativeValue


def on_the_wire(part: Part | ItemPart, value: NativeValue, site: Site) -> Any:
    """What to send for a value. Raises ValueError with the reason, without the value."""
    if value is not None and part.ref not in (None, "record"):
        name = site.accept(str(part.ref), str(value))
        if name is None:
            raise ValueError("names nothing that this site has")
        value = name
    return to_wire(part.field.fieldtype, value, site.zone)


def filter_of(layout: Layout, condition: Condition, site: Site, system: str) -> Filter:
    """A condition of a specification as the filter that it is here. Raises Unsupported where it cannot be one."""
    doctype = layout.meta.doctype
    part = layout.by_path.get(condition.path)
    known = part.field if part is not None and part.kind == "own" else layout.meta.fields.get(condition.path)
    if known is None or not known.stored:
        words = f"{doctype} cannot be chosen by {condition.path}: only fields of its own can"
        raise Unsupported(words, system=system)
    part = part or Part(condition.path, "own", known)
    if condition.op in ("is set", "is not set") or condition.value is None:
        empty = condition.op == "is not set" or (condition.value is None and condition.op == "=")
        return [condition.path, "is", "not set" if empty else "set"]  # "= null" matches nothing (recording 255)
    try:
        if isinstance(condition.value, tuple):
            return [condition.path, condition.op, [on_the_wire(part, value, site) for value in condition.value]]
        return [condition.path, condition.op, on_the_wire(part, condition.value, site)]
    except ValueError as reason:
        words = f"{doctype} cannot be chosen by {condition.path}: it {reason}"
        raise Unsupported(words, system=system) from None
