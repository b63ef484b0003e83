"""What an answer must look like to be one of Odoo's: something in between may answer good JSON, too."""

from __future__ import annotations

from typing import Any


def anything(result: Any) -> bool:
    """No look is taken."""
    return True


def named(result: Any) -> bool:
    """Values by name."""
    return isinstance(result, dict)


def rows(result: Any) -> bool:
    """Records, as `search_read` gives them."""
    return isinstance(result, list) and all(isinstance(row, dict) and "id" in row for row in result)


def ids(result: Any) -> bool:
    """Numbers of records."""
    return isinstance(result, list) and all(isinstance(one, int) for one in result)


def page(result: Any) -> bool:
    """The answer of `web_search_read`."""
    return isinstance(result, dict) and rows(result.get("records"))


def described(result: Any) -> bool:
    """The answer of `fields_get`: no model is without fields."""
    return isinstance(result, dict) and bool(result) and all(isinstance(one, dict) for one in result.values())


def imported(result: Any) -> bool:
    """The answer of `load`."""
    return isinstance(result, dict) and "ids" in result and isinstance(result.get("messages", []), list)
