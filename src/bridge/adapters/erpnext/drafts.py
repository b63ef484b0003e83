"""From the values of one item to the documents to send, all checked before anything is sent.

The server drops unknown fields without a word (recording 047), so every path is checked here; what one record needs of
several documents is checked whole, so that no half of it is written for want of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bridge.adapters.erpnext.conditions import on_the_wire
from bridge.adapters.erpnext.document import PREFERRED, Layout, Part
from bridge.adapters.erpnext.errors import Naming
from bridge.adapters.erpnext.items import DOCSTATUS, ItemPart
from bridge.adapters.erpnext.meta import Meta
from bridge.adapters.erpnext.site import Site
from bridge.ports.errors import Rejected
from bridge.ports.records import NativeValue, row_path

Wire = dict[str, Any]


@dataclass(slots=True)
class Draft:
    """What one item wants written.

    own: fields of the document. addresses: fields by address type. channels: primary e-mail and numbers of a Contact.
    links: the first link by doctype. prices: the rate by list. first: fields of the first row by table. tags: the whole
    list, None where tags are not written. keys: table -> the rows that shall be there. items: table -> key -> fields of
    the row. docstatus: where to submit or cancel.
    """

    own: Wire = field(default_factory=dict)
    addresses: dict[str, Wire] = field(default_factory=dict)
    channels: dict[str, str | None] = field(default_factory=dict)
    links: dict[str, str | None] = field(default_factory=dict)
    prices: dict[str, Any] = field(default_factory=dict)
    first: dict[str, Wire] = field(default_factory=dict)
    tags: list[str] | None = None
    keys: dict[str, list[str]] = field(default_factory=dict)
    items: dict[str, dict[str, Wire]] = field(default_factory=dict)
    docstatus: int | None = None
    naming: Naming = field(default_factory=Naming)

    @property
    def plain(self) -> bool:
        """Whether it can be written without looking at the record first."""
        parts = (self.addresses, self.channels, self.links, self.keys, self.items, self.prices, self.first)
        return not any(parts) and self.tags is None and self.docstatus is None


class Drafts:
    """Makes drafts for one layout."""

    def __init__(self, site: Site, layout: Layout, system: str) -> None:
        self._site = site
        self._layout = layout
        self._system = system

    def of(self, values: Mapping[str, NativeValue], key: str | None, *, creating: bool) -> Draft:
        """The draft of an item. Raises Rejected naming the paths that cannot be written."""
        spec = self._layout.spec
        draft = Draft(naming=self._naming(values, key))
        values = self._without_items(values, draft)
        self._refuse_unknown(values)
        if creating:
            for condition in spec.given:
                if condition.path not in values:
                    draft.own[condition.path] = self._condition_value(condition.path, condition.value)
        for path, value in values.items():
            part = self._layout.by_path[path]
            if path == DOCSTATUS and not creating:
                draft.docstatus = int(str(value or 0))
                continue
            self._refuse_computed(part, creating=creating)
            self._put(draft, part, value)
        if key is not None and self._layout.has_key:
            draft.own[spec.key] = key
        return draft

    def _without_items(self, values: Mapping[str, NativeValue], draft: Draft) -> dict[str, NativeValue]:
        """Put what is written of rows into the draft; answers the rest."""
        rest = dict(values)
        for one in self._layout.items:
            keys = rest.pop(one.table.path, None)
            if isinstance(keys, list):
                draft.keys[one.table.path] = keys
            parts = {part.path: part for part in one.parts}
            for key, cells in one.cells(values).items():
                row = draft.items.setdefault(one.table.path, {}).setdefault(key, {})
                for path, value in cells.items():
                    whole = row_path(one.table.path, key, path)
                    rest.pop(whole)
                    if path not in parts:
                        words = f"has no field {path} in the rows {one.table.path}"
                        raise Rejected(words, fields=(whole,), system=self._system)
                    row[parts[path].field.name] = self._wire(whole, parts[path], value)
        return rest

    def new_address(self, draft: Draft, role: str, owner: str) -> Wire | None:
        """The Address to create for an owner, None if the draft leaves it empty. Raises Rejected if it lacks a must."""
        wanted = draft.addresses.get(role) or {}
        if all(value in (None, "") for value in wanted.values()):
            return None
        self.refuse_missing(role, wanted, creating=True)
        preferred = {PREFERRED[role]: 1} if role in PREFERRED else {}
        return {
            "doctype": "Address",
            "address_title": owner,
            "address_type": role,
            **preferred,
            **{name: value for name, value in wanted.items() if value is not None},
            "links": [{"link_doctype": self._layout.meta.doctype, "link_name": owner}],
        }

    def refuse_missing(self, role: str, wanted: Wire, *, creating: bool) -> None:
        """Raises Rejected where the address would lack a value that the site demands."""
        address = self._layout.address
        if address is None:
            return
        must = [one.name for one in address.fields.values() if one.required and not one.default]
        given = {"address_type": role, **wanted}
        lacking = [name for name in must if (creating or name in given) and given.get(name) in (None, "")]
        if lacking:
            paths = tuple(self._path(role, name) for name in lacking)
            words = f"wants a value that is missing ({', '.join(paths)})"
            raise Rejected(words, fields=paths, system=self._system, vendor_code="MandatoryError")

    def _put(self, draft: Draft, part: Part, value: NativeValue) -> None:
        if part.kind == "tags":
            draft.tags = sorted({str(name) for name in value}) if isinstance(value, list) else []
            return
        wire = self._wire(part.path, part, value)
        if part.kind == "address":
            self._refuse_long(part, wire)
            draft.addresses.setdefault(part.role, {})[part.field.name] = wire
        elif part.kind == "channel":
            draft.channels[part.field.name] = wire
        elif part.kind == "link":
            draft.links[part.target] = wire
        elif part.kind == "price":
            draft.prices[part.role] = wire
        elif part.kind == "first":
            draft.first.setdefault(part.table, {})[part.field.name] = wire
        else:
            draft.own[part.field.name] = wire

    def _wire(self, path: str, part: Part | ItemPart, value: NativeValue) -> Any:
        try:
            return on_the_wire(part, value, self._site)
        except ValueError as reason:
            raise Rejected(f"{path} {reason}", fields=(path,), system=self._system) from None

    def _condition_value(self, path: str, value: Any) -> Any:
        known = self._layout.meta.fields.get(path)
        if known is None or not known.stored:
            raise Rejected(f"has no field {path}, which `where` names", fields=(path,), system=self._system)
        part = self._layout.by_path.get(path) or Part(path, "own", known)
        return self._wire(part.path, part, value)

    def _refuse_unknown(self, values: Mapping[str, NativeValue]) -> None:
        unknown = tuple(path for path in values if path not in self._layout.by_path)
        if unknown:
            words = f"has no field {', '.join(unknown)} that could be written in {self._layout.meta.doctype}"
            raise Rejected(words, fields=unknown, system=self._system)

    def _refuse_computed(self, part: Part, *, creating: bool) -> None:
        if not writable(self._layout, part, creating=creating):
            words = f"fills {part.path} itself" if creating else f"does not let {part.path} be changed"
            raise Rejected(words, fields=(part.path,), system=self._system)

    def _refuse_long(self, part: Part, wire: Any) -> None:
        limit = part.field.length
        if limit is not None and isinstance(wire, str) and len(wire) > limit:
            words = f"refuses a value that is too long ({part.path}: at most {limit} characters)"
            raise Rejected(words, fields=(part.path,), system=self._system, vendor_code="CharacterLengthExceededError")

    def _path(self, role: str, name: str) -> str:
        for part in self._layout.parts:
            if part.kind == "address" and part.role == role and part.field.name == name:
                return part.path
        return f"Address.{role}.{name}"

    def _naming(self, values: Mapping[str, NativeValue], key: str | None) -> Naming:
        parts = [self._layout.by_path[path] for path in values if path in self._layout.by_path]
        own = [part for part in parts if part.kind != "address"]
        labels = {one.label: one.name for one in self._layout.meta.fields.values() if one.label and one.stored}
        labels.update({part.field.label: part.path for part in own})
        names = {one.name: one.name for one in self._layout.meta.fields.values()}
        return Naming(
            labels=labels,
            names=names,
            records=frozenset(part.path for part in own if part.ref == "record"),
            hidden=hidden(values, key),
        )

    def address_naming(self, draft: Draft, role: str) -> Naming:
        """How a refusal of the address names the paths."""
        address = self._layout.address or Meta("Address", {})
        return Naming(
            labels={one.label: self._path(role, one.name) for one in address.fields.values() if one.label},
            names={one.name: self._path(role, one.name) for one in address.fields.values()},
            hidden=draft.naming.hidden,
        )


def writable(layout: Layout, part: Part, *, creating: bool) -> bool:
    """Whether the site keeps what is written to this part."""
    one = part.field
    if one.name == DOCSTATUS and layout.meta.submittable:
        return not creating  # an order that is created as submitted keeps the status Draft for good (412-415)
    if part.kind in ("link", "channel", "tags", "price"):
        return True
    if part.kind == "own" and one.name == layout.spec.key:
        return True
    if part.kind == "address" and one.name in ("address_type", "disabled"):
        return False  # they say which address it is; written, they would make it another one
    if one.computed:
        return False
    return creating or not (one.set_once or (part.kind == "own" and one.name == layout.meta.naming_field))


def hidden(values: Mapping[str, NativeValue], key: str | None) -> tuple[str, ...]:
    """The texts of an item that must not appear in an error."""
    texts = [str(value) for value in values.values() if isinstance(value, (str, int)) and not isinstance(value, bool)]
    return tuple(text for text in [*texts, key or ""] if len(text) > 1)
