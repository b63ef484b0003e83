"""Values as clients send them and as columns keep them, with the errors that Odoo's own conversion makes."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from bridge.sandbox.odoo.errors import DatabaseError
from bridge.sandbox.odoo.models import Field

SECONDS = "%Y-%m-%d %H:%M:%S"
_INT4 = 2**31
_UNSAFE = re.compile(
    r"<\s*(script|style|iframe|object|embed)\b.*?<\s*/\s*\1\s*>|\son\w+\s*=\s*(\"[^\"]*\"|'[^']*')", re.I | re.S
)


def to_column(field: Field, model: str, value: Any) -> Any:
    """A value of create or write as the column keeps it. false and null clear; a many2one that is no id clears too."""
    if field.type == "boolean":
        return bool(value)
    if field.type in ("integer", "float", "monetary"):
        return _number(field.type, value)
    if field.type == "many2one":
        return value if isinstance(value, int) and not isinstance(value, bool) and value else None
    if value is None or value is False:
        return None
    convert = _CONVERT.get(field.type)
    return convert(value) if convert else _choice(field, model, value)


def _number(kind: str, value: Any) -> int | float:
    if kind != "integer":
        return float(value or 0.0)
    number = int(value or 0)
    if not -_INT4 <= number < _INT4:
        raise DatabaseError("NumericValueOutOfRange", "integer out of range\n")
    return number


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else str(value)
    if "\0" in text:
        raise ValueError("A string literal cannot contain NUL (0x00) characters.")
    return text


def _html(value: Any) -> str:
    """Sanitised: scripts and handlers dropped, a bare text wrapped into a paragraph."""
    text = _UNSAFE.sub("", _text(value))
    return text if not text or text.lstrip().startswith("<") else f"<p>{text}</p>"


def _date(value: Any) -> date:
    return datetime.strptime(str(value)[:10], "%Y-%m-%d").date()  # noqa: DTZ007 - a date has no zone


def _datetime(value: Any) -> datetime:
    if isinstance(value, datetime):  # the server's own code passes them on as they are, with their microseconds
        return value
    text = str(value)
    return datetime.strptime(text, SECONDS[: max(len(text) - 2, 0)])  # noqa: DTZ007 - Odoo's datetimes are naive UTC


_CONVERT = {"char": _text, "text": _text, "html": _html, "date": _date, "datetime": _datetime}


def _choice(field: Field, model: str, value: Any) -> Any:
    if field.type == "selection" and field.selection is not None and value not in dict(field.selection):
        raise ValueError(f"Wrong value for {model}.{field.name}: {value!r}")
    return value


def to_json(field: Field, value: Any) -> Any:
    """A column as `read` shows it: false for NULL, datetimes cut to whole seconds."""
    if value is None:
        return False
    if isinstance(value, datetime):
        return value.strftime(SECONDS)
    if isinstance(value, date):
        return value.isoformat()
    return list(value) if field.is_list else value
