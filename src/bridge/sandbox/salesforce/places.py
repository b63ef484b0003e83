"""State and country picklists: codes and names move together, and unknown ones are refused."""

from __future__ import annotations

from functools import cache
from typing import Any

import pycountry

from bridge.sandbox.salesforce.errors import SalesforceError

ADDRESSES = {
    "Account": ("Billing", "Shipping"),
    "Contact": ("Mailing", "Other"),
    "Order": ("Billing", "Shipping"),
    "Lead": ("",),
}
PARTS = ("Street", "City", "State", "PostalCode", "Country", "StateCode", "CountryCode")


def settle(object_name: str, changes: dict[str, Any], before: dict[str, Any]) -> None:
    """Bring codes and names of the changed addresses in line, in place. Raises SalesforceError."""
    for kind in ADDRESSES.get(object_name, ()):
        if any(f"{kind}{part}" in changes for part in ("State", "Country", "StateCode", "CountryCode")):
            _settle(kind, changes, before)


def compound(kind: str, row: dict[str, Any]) -> dict[str, Any] | None:
    """The address as one value; None where all parts are empty."""
    parts = {
        "city": row.get(f"{kind}City"),
        "country": row.get(f"{kind}Country"),
        "countryCode": row.get(f"{kind}CountryCode"),
        "geocodeAccuracy": None,
        "latitude": None,
        "longitude": None,
        "postalCode": row.get(f"{kind}PostalCode"),
        "state": row.get(f"{kind}State"),
        "stateCode": row.get(f"{kind}StateCode"),
        "street": row.get(f"{kind}Street"),
    }
    return parts if any(value is not None for value in parts.values()) else None


def _settle(kind: str, changes: dict[str, Any], before: dict[str, Any]) -> None:
    country = _code(kind, "Country", changes, before, _countries(), _country_names())
    states = _states(country) if country else {}
    if country != before.get(f"{kind}CountryCode") and not {f"{kind}State", f"{kind}StateCode"} & set(changes):
        changes[f"{kind}StateCode"] = changes[f"{kind}State"] = None
        state = None
    else:
        if not country and (changes.get(f"{kind}StateCode") or changes.get(f"{kind}State")):
            message = (
                "A country/territory must be specified before specifying a state value for field: "
                f"{kind} State/Province"
            )
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, [f"{kind}StateCode"])
        state = _code(kind, "State", changes, before, states, {name: code for code, name in states.items()})
    changes[f"{kind}CountryCode"], changes[f"{kind}Country"] = country, _countries().get(country or "")
    changes[f"{kind}StateCode"], changes[f"{kind}State"] = state, states.get(state or "")


def _code(
    kind: str,
    part: str,
    changes: dict[str, Any],
    before: dict[str, Any],
    known: dict[str, str],
    by_name: dict[str, str],
) -> str | None:
    """The code that the changes ask for, by code or by name; where they say nothing, the one from before."""
    code_field, name_field = f"{kind}{part}Code", f"{kind}{part}"
    if code_field in changes:
        wanted = changes[code_field]
        if wanted is None and changes.get(name_field) is None:
            return None
        if wanted in known:
            return str(wanted)
        raise _unknown(kind, part, code_field)
    if name_field in changes:
        name = changes[name_field]
        if name is None:
            return None
        if name in by_name:
            return by_name[name]
        raise _unknown(kind, part, name_field)
    found = before.get(code_field)
    return str(found) if found else None


def _unknown(kind: str, part: str, field: str) -> SalesforceError:
    what, where = ("country", "countries/territories") if part == "Country" else ("state", "states")
    label = f"{kind} Country" if part == "Country" else f"{kind} State/Province"
    choose = f"Please choose a {what.replace('country', 'country/territory')} from the list of valid {where}."
    message = f"There's a problem with this {what}, even though it may appear correct. {choose}: {label}"
    return SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, [field])


@cache
def _countries() -> dict[str, str]:
    return {one.alpha_2: getattr(one, "common_name", one.name) for one in pycountry.countries}


@cache
def _country_names() -> dict[str, str]:
    return {name: code for code, name in _countries().items()}


@cache
def _states(country: str) -> dict[str, str]:
    found = pycountry.subdivisions.get(country_code=country) or []  # type: ignore[no-untyped-call]  # pycountry has no types
    return {one.code.partition("-")[2]: one.name for one in found}
