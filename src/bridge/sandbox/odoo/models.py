"""Definitions of the models that the sandbox knows, and of their fields, as far as they differ between versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bridge.sandbox.odoo import automation_models as automation
from bridge.sandbox.odoo import commerce_choices, commerce_fields, partner_choices, partner_fields, stock_fields

MAGIC = """
id integer readonly
create_uid many2one:res.users readonly
create_date datetime readonly
write_uid many2one:res.users readonly
write_date datetime readonly
display_name char readonly virtual
"""
"""Fields of every model. The four stamps are set by the server: what a client sends for them is dropped silently."""

STAMPS = frozenset({"create_uid", "create_date", "write_uid", "write_date"})

_OTHERS: dict[str, tuple[str, str, str]] = {
    "res.partner.category": (
        "Partner Tags",
        "name, id",
        """name char required
        color integer
        parent_id many2one:res.partner.category
        child_ids one2many:res.partner.category:parent_id
        active boolean default=true
        partner_ids many2many:res.partner virtual""",
    ),
    "res.partner.title": ("Partner Title", "name, id", "name char required\nshortcut char"),
    "res.partner.industry": (
        "Industry",
        "name, id",
        "name char\nfull_name char\nactive boolean default=true",
    ),
    "res.users": (
        "User",
        "login, id",
        """login char required
        password char
        partner_id many2one:res.partner required
        name char virtual related=partner_id.name
        email char virtual related=partner_id.email
        lang char virtual related=partner_id.lang
        tz char virtual related=partner_id.tz
        phone char virtual related=partner_id.phone
        active boolean default=true
        share boolean readonly
        company_id many2one:res.company required
        company_ids many2many:res.company
        group_ids many2many:res.groups only19
        groups_id many2many:res.groups only18
        notification_type char default=email
        signature html""",
    ),
    "res.groups": ("Group", "id", "name char required\nfull_name char readonly\ncomment text\nshare boolean"),
    "res.company": (
        "Companies",
        "id",
        """name char required
        partner_id many2one:res.partner required
        currency_id many2one:res.currency required
        country_id many2one:res.country virtual related=partner_id.country_id
        email char virtual related=partner_id.email
        vat char virtual related=partner_id.vat
        parent_id many2one:res.company
        sequence integer
        active boolean default=true""",
    ),
    "res.country": (
        "Country",
        "name, id",
        """name char required
        code char required
        phone_code integer
        currency_id many2one:res.currency
        vat_label char
        zip_required boolean default=true
        state_required boolean
        state_ids one2many:res.country.state:country_id""",
    ),
    "res.country.state": (
        "Country state",
        "code, id",
        "name char required\ncode char required\ncountry_id many2one:res.country required",
    ),
    "res.lang": (
        "Languages",
        "active desc, name, id",
        """name char required
        code char required
        iso_code char
        url_code char
        active boolean
        direction char default=ltr
        date_format char default=%m/%d/%Y
        time_format char default=%H:%M:%S
        decimal_point char default=.
        thousands_sep char default=,""",
    ),
    "res.currency": (
        "Currency",
        "active desc, name, id",
        """name char required
        full_name char
        symbol char required
        rounding float default=0.01
        decimal_places integer readonly default=2
        position char default=after
        active boolean default=true""",
    ),
    "ir.model": (
        "Models",
        "model, id",
        """name char required
        model char required
        info text readonly
        order char
        state char readonly default=base
        transient boolean
        modules char readonly virtual
        field_id one2many:ir.model.fields:model_id""",
    ),
    "ir.model.fields": (
        "Fields",
        "name, id",
        """name char required
        model char required
        model_id many2one:ir.model required
        field_description char required
        ttype char required
        relation char
        relation_field char
        required boolean
        readonly boolean
        store boolean
        index boolean
        copied boolean
        state char readonly default=base""",
    ),
    "ir.model.data": (
        "Model Data",
        "module, model, name, id",
        """module char required default=
        name char required
        complete_name char readonly virtual
        model char required
        res_id integer
        noupdate boolean
        reference char readonly virtual""",
    ),
    "ir.config_parameter": ("System Parameter", "key, id", "key char required\nvalue text required"),
    "ir.module.module": (
        "Module",
        "name, id",
        """name char required
        shortdesc char
        state char readonly default=uninstalled
        installed_version char readonly
        latest_version char readonly
        application boolean""",
    ),
    "decimal.precision": ("Decimal Precision", "id", "name char required\ndigits integer required default=2"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `related` is the dotted path that a related field shows; `inverse` the many2one behind a one2many."""

    name: str
    type: str
    label: str
    relation: str = ""
    inverse: str = ""
    related: str = ""
    required: bool = False
    readonly: bool = False
    store: bool = True
    default: Any = None
    selection: tuple[tuple[str, str], ...] | None = None

    @property
    def empty(self) -> Any:
        """The value of a column that nothing was written to."""
        return _EMPTY.get(self.type)

    @property
    def is_list(self) -> bool:
        """Whether the field holds a list of ids."""
        return self.type in ("one2many", "many2many")


@dataclass(frozen=True, slots=True)
class Model:
    """One model: its fields in the order of fields_get, its default order and the field that names a record."""

    name: str
    label: str
    order: str
    fields: dict[str, Field]
    rec_name: str = "name"
    stored: dict[str, Any] = field(default_factory=dict)

    @property
    def table(self) -> str:
        """The name of the table in PostgreSQL, as error texts tell it."""
        return self.name.replace(".", "_")


_EMPTY: dict[str, Any] = {"boolean": False, "integer": 0, "float": 0.0, "monetary": 0.0, "many2many": ()}
_DEFAULTS = {"true": True, "false": False}


def parse_fields(
    text: str,
    version: str,
    labels: dict[str, str] | None = None,
    selections: dict[str, list[tuple[str, str]]] | None = None,
) -> dict[str, Field]:
    """Fields of lines "name type[:relation[:inverse]] flags", those of the other version left out."""
    found: dict[str, Field] = {}
    for line in text.strip().splitlines():
        name, kind, *flags = line.split()
        options = dict(flag.partition("=")[::2] for flag in flags)
        if any(flag.startswith("only") and flag != f"only{version}" for flag in options):
            continue
        ftype, relation, inverse = (*kind.split(":"), "", "")[:3]
        found[name] = Field(
            name=name,
            type=ftype,
            label=(labels or {}).get(name) or _label(name),
            relation=relation,
            inverse=inverse,
            related=options.get("related", ""),
            required="required" in options,
            readonly="readonly" in options,
            store="virtual" not in options,
            default=_default(options["default"], ftype) if "default" in options else None,
            selection=_choices(selections or {}, name, version),
        )
    return found


def build_models(version: str) -> dict[str, Model]:
    """All models of a version ("18" or "19")."""
    labels = partner_choices.LABELS
    partner = parse_fields(partner_fields.FIELDS, version, labels, partner_choices.SELECTIONS)
    magic = parse_fields(MAGIC, version, labels)
    models = {"res.partner": _model("res.partner", "Contact", "complete_name ASC, id DESC", partner, magic)}
    declared = {**_OTHERS, **automation.MODELS, **commerce_fields.MODELS, **stock_fields.MODELS}
    for name, (label, order, text) in declared.items():
        if name in ("res.partner.title", "uom.category") and version != "18":
            continue
        choices = commerce_choices.SELECTIONS.get(name)
        named = {**labels, **commerce_choices.LABELS.get(name, {})}
        models[name] = _model(name, label, order, parse_fields(text, version, named, choices), magic)
    return models


def _model(name: str, label: str, order: str, own: dict[str, Field], magic: dict[str, Field]) -> Model:
    fields = dict(sorted({**own, **magic}.items()))
    rec_name = {"ir.config_parameter": "key", "ir.model.data": "complete_name"}.get(name, "name")
    stored = {item.name: item.empty for item in fields.values() if item.store and item.type != "one2many"}
    return Model(name, label, order, fields, rec_name, stored)


def _label(name: str) -> str:
    return name.removesuffix("_ids").removesuffix("_id").replace("_", " ").title()


def _default(text: str, ftype: str) -> Any:
    if ftype in ("integer", "float"):
        return float(text) if ftype == "float" else int(text)
    return _DEFAULTS.get(text, text)


def _choices(
    selections: dict[str, list[tuple[str, str]]], name: str, version: str
) -> tuple[tuple[str, str], ...] | None:
    found = selections.get(f"{name}@{version}") or selections.get(name)
    return tuple((value, label) for value, label in found) if found else None
