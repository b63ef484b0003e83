"""Whatever a sandbox can answer has a row in its adapter's table: read from the sandboxes' own code."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import bridge.sandbox
from bridge.adapters.erpnext.errors_table import PAGES
from bridge.adapters.erpnext.errors_table import UNNAMED as UNNAMED_STATUS
from bridge.adapters.erpnext.errors_table import look_up as erpnext_row
from bridge.adapters.odoo import errors_table as odoo
from bridge.adapters.salesforce.errors import Complaint, look_up
from bridge.adapters.salesforce.errors_table import LOGIN
from bridge.adapters.salesforce.errors_table import UNNAMED as UNNAMED_CODE
from bridge.sandbox.erpnext.errors import PAGES as PAGE_KINDS
from bridge.sandbox.erpnext.errors import Refusal
from bridge.sandbox.odoo import errors as odoo_errors
from bridge.transport.answers import STATUSES, status_row

SANDBOXES = Path(bridge.sandbox.__file__).parent


class Made(NamedTuple):
    """One place at which a sandbox makes an error: what is called, and the texts its arguments may have.

    An argument that is no text in the code is empty.
    """

    where: str
    called: str
    texts: tuple[tuple[str, ...], ...]

    def text(self, place: int) -> tuple[str, ...]:
        return self.texts[place] if place < len(self.texts) else ()


def made(vendor: str, names: set[str]) -> Iterator[Made]:
    """Every call of these names in the code of a sandbox."""
    for path in sorted((SANDBOXES / vendor).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        held: dict[str, list[ast.expr]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                held.setdefault(node.targets[0].id, []).append(node.value)
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                held.setdefault(node.target.id, []).append(node.value)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
                texts = tuple(tuple(texts_of(argument, held)) for argument in node.args)
                yield Made(f"{path.name}:{node.lineno}", node.func.id, texts)


def texts_of(node: ast.expr, held: dict[str, list[ast.expr]], depth: int = 3) -> Iterator[str]:
    """The texts that an expression may have, with "x" for what is put into them."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from texts_of(node.body, held, depth)
        yield from texts_of(node.orelse, held, depth)
    elif isinstance(node, ast.Name) and depth:
        for value in held.get(node.id, []):
            yield from texts_of(value, held, depth - 1)


def test_every_code_of_the_salesforce_sandbox_has_a_row() -> None:
    found = list(made("salesforce", {"SalesforceError"}))
    unnamed = [one.where for one in found if not one.text(0)]
    assert unnamed == [one for one in unnamed if one.partition(":")[0] in ("collections.py", "order_rules.py")], (
        "one passes an error on, the other answers what an option says: all others name their code"
    )
    pairs = {(code, text) for one in found for code in one.text(0) for text in one.text(1) or ("",)}
    assert len(pairs) > 60
    assert [pair for pair in sorted(pairs) if look_up(Complaint(*pair)) is UNNAMED_CODE] == []


def test_every_refused_log_in_of_the_salesforce_sandbox_has_a_row() -> None:
    codes = {code for one in made("salesforce", {"_refused"}) for code in one.text(0)}
    assert {"invalid_client", "invalid_grant"} <= codes
    assert [code for code in sorted(codes) if look_up(Complaint(code), LOGIN).code != code] == []


def test_every_class_of_the_erpnext_sandbox_has_a_row() -> None:
    found = list(made("erpnext", {"Refusal", "thrown"}))
    named = [one for one in found if one.text(0)]
    assert len(found) - len(named) == 2, "what Python raises, and `thrown` itself; all others name their class"
    kinds = {kind for one in named for kind in one.text(0)} | {"TypeError", "AttributeError", "KeyError", "ValueError"}
    assert len(kinds) > 30
    for kind in kinds:
        status = Refusal(kind).status
        if kind in PAGE_KINDS:
            assert status_row(PAGES, status) is not None, kind
        elif status_row(STATUSES, status) is None:
            row = erpnext_row(status, kind)
            assert row is not UNNAMED_STATUS, kind
            # only the family of ValidationErrors is taken together; an error of Python must be known by its name
            assert status != 500 or row.exc_type == kind, kind


def _odoo_name(one: Made) -> Iterator[tuple[str, str]]:
    """Name and text by which the sandbox lets an exception be known."""
    cls = getattr(odoo_errors, one.called, None)
    if cls is odoo_errors.DatabaseError:
        for kind in one.text(0):
            for text in one.text(1) or ("",):
                yield odoo_errors.DatabaseError(kind, text).vendor_name, text
    elif cls is not None:
        name = cls.vendor_name
        for text in one.text(0) or ("",):
            yield name, text
    else:
        for text in one.text(0) or ("",):
            yield f"builtins.{one.called}", text


def test_every_exception_of_the_odoo_sandbox_has_a_row() -> None:
    own = {name for name, cls in vars(odoo_errors).items() if isinstance(cls, type) and issubclass(cls, Exception)}
    python = {name for name, cls in vars(builtins).items() if isinstance(cls, type) and issubclass(cls, Exception)}
    found = list(made("odoo", (own | python) - {"HTTPError", "OdooError"}))
    pairs = {pair for one in found for pair in _odoo_name(one)}
    assert {name for name, _ in pairs} >= {
        "builtins.ValueError",
        "odoo.exceptions.UserError",
        "psycopg2.OperationalError",
    }
    assert len(pairs) > 40
    assert [pair for pair in sorted(pairs) if odoo.row_of(odoo.TABLE, *pair) is odoo.UNNAMED] == []


@pytest.mark.parametrize("status", [400, 401, 404, 422])
def test_every_status_of_json_2_has_a_row(status: int) -> None:
    name = odoo_errors.HTTPError(status, "").vendor_name
    assert odoo.row_of(odoo.TABLE, name, "") is not odoo.UNNAMED
