"""What Salesforce makes of a value that is saved: trimmed, rounded, refused."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from bridge.sandbox.salesforce.errors import SalesforceError, bad_json
from bridge.sandbox.salesforce.fields import NUMBERS, TEXTS, Field
from bridge.sandbox.salesforce.ids import long_id

_EMAIL = re.compile(r"[^@\s,;()<>]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_SHOWN = 40
_DIGITS = 18


def stored(field: Field, value: Any) -> Any:
    """The value as it is kept. Raises SalesforceError where it is refused."""
    if field.type == "boolean":
        return _boolean(field, value)
    if value is None:
        return None
    if field.type in TEXTS:
        return _text(field, value)
    if field.type in NUMBERS:
        return _number(field, value)
    if field.type in ("reference", "id"):
        return _reference(field, value)
    if field.type == "date":
        return _date(field, value)
    if field.type == "datetime":
        return stamp(parse_instant(str(value), field))
    return value


def _boolean(field: Field, value: Any) -> bool:
    if value is None:
        raise bad_value("boolean", "null value", "null", field.name)
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise _wrong_type(field, "boolean", value)


def _text(field: Field, value: Any) -> str | None:
    if isinstance(value, bool | list | dict):
        raise _wrong_type(field, "string", value)
    text = str(value).replace("\r\n", "\n").strip()
    if not text:
        return None
    if field.length and len(text) > field.length:
        message = f"{field.title}: data value too large: {text} (max length={field.length})"
        raise SalesforceError("STRING_TOO_LONG", message, [field.name])
    if field.type == "email" and not _EMAIL.fullmatch(text):
        raise SalesforceError("INVALID_EMAIL_ADDRESS", f"{field.title}: invalid email address: {text}", [field.name])
    if field.type == "multipicklist":
        text = ";".join(dict.fromkeys(part.strip() for part in text.split(";") if part.strip()))
    if field.restricted and field.choices:
        for part in text.split(";") if field.type == "multipicklist" else [text]:
            if part not in field.choices:
                message = f"{field.title}: bad value for restricted picklist field: {part}"
                raise SalesforceError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    return text


def _number(field: Field, value: Any) -> int | float:
    if isinstance(value, bool | list | dict):
        raise _wrong_type(field, "double", value)
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise _wrong_type(field, "double", value) from None
    if not number.is_finite():
        raise _wrong_type(field, "double", value)
    if number.adjusted() >= _DIGITS:
        raise _out_of_range(field, value)
    if field.type == "int":
        if number != number.to_integral_value():
            raise _wrong_type(field, "int", value)
        return int(number)
    rounded = number.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP)
    if field.precision and len(str(abs(rounded)).partition(".")[0]) > field.precision - field.scale:
        raise _out_of_range(field, value)
    return float(rounded)


def _out_of_range(field: Field, value: Any) -> SalesforceError:
    message = f"{field.title}: value outside of valid range on numeric field: {value}"
    return SalesforceError("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])


def _reference(field: Field, value: Any) -> str:
    found = long_id(value)
    if found is None:
        message = f"{field.title}: id value of incorrect type: {str(value)[:_SHOWN]}"
        raise SalesforceError("MALFORMED_ID", message, [field.name])
    return found


def _date(field: Field, value: Any) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise _wrong_type(field, "date", value) from None


def _wrong_type(field: Field, kind: str, value: Any) -> SalesforceError:
    token = {str: "VALUE_STRING", bool: "VALUE_TRUE", list: "START_ARRAY", dict: "START_OBJECT"}.get(
        type(value), "VALUE_NUMBER"
    )
    return bad_value(kind, f"{token} value", value, field.name)


def bad_value(kind: str, token: str, value: Any, name: str) -> SalesforceError:
    """A value that JSON cannot bring into the field's type."""
    where = "or request may be missing a required field at [line:1, column:1]"
    return bad_json(f"Cannot deserialize instance of {kind} from {token} {str(value)[:_SHOWN]} {where}: {name}")


def parse_instant(text: str, field: Field | None = None) -> datetime:
    """An instant of a value or a query literal. Raises SalesforceError."""
    try:
        moment = datetime.fromisoformat(re.sub(r"([+-]\d{2})(\d{2})$", r"\1:\2", text.replace("Z", "+00:00")))
    except ValueError:
        name = field.name if field else "datetime"
        raise bad_value("datetime", "VALUE_STRING value", text, name) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def stamp(moment: datetime) -> str:
    """An instant as answers show it: whole seconds, the milliseconds always nought."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")
