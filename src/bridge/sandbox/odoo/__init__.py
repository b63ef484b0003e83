"""A server that behaves like Odoo 18 or 19 (community) towards a client of its remote API."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.sandbox.odoo.application import OdooApplication
from bridge.sandbox.odoo.installation import Credentials

__all__ = ["OdooApplication", "build"]


def build(
    version: str = "19",
    database: str = "acme",
    login: str = "admin",
    password: str = "admin",  # noqa: S107 - the well-known password of a demo database
    api_key: str = "sandbox-api-key",
    limited_password: str = "limited",  # noqa: S107 - the same
    other_databases: Sequence[str] = (),
) -> OdooApplication:
    """An Odoo sandbox.

    version: "18" or "19". database: the one that can be used. login, password: of the administrator (user 2); api_key:
    the administrator's, good for JSON-2 (19) and in place of the password. limited_password: of the user "limited",
    who may handle contacts only. other_databases: names that the server lists besides; with any, a call without
    session or without the header X-Odoo-Database finds no database.

    Faults beside those of the kernel: `expired_session` (all sessions end; the call gets code 100, over JSON-2 401),
    `serialization` (a concurrent update won; in `load` told inside the result), `lock_row` (another transaction holds
    the row; the same), `late_commit` (`seconds`: what the call writes becomes visible that much later, stamped with the
    call's time), `access_error`, `database_down` (PostgreSQL cannot be reached). Operations are named by method and
    model: "create res.partner", "authenticate".
    """
    credentials = Credentials(login, password, api_key, limited_password)
    return OdooApplication(version, database, credentials, other_databases)
