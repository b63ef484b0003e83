"""A small service of nobody's making, with a REST interface: what a first adapter is written against.

    GET    /api/customers?changed_from=&after=&limit=    the next rows by (changed, id), from a stamp, or behind a row
    GET    /api/customers?external_id=a,b                the rows with these external ids
    GET    /api/customers?ids=1,2                        these rows
    GET    /api/customers/7 · POST /api/customers · PATCH /api/customers/7 · DELETE /api/customers/7
    GET    /api/about                                    version, and who is asking

Every call carries `Authorization: Bearer TOKEN`. A row has id, external_id, changed (UTC, microseconds) and the fields
of `fields.FIELDS`. PATCH and DELETE take `If-Match: changed` and answer 412 where the row has moved.
"""

from __future__ import annotations

from typing import Any

from bridge.sandbox.kernel import Application, Clock
from bridge.sandbox.rest.app import RestService


def build(**options: Any) -> Application:
    """Make a service. token: what it wants to be shown ("token"). Raises TypeError for another option."""
    unknown = sorted(set(options) - {"token"})
    if unknown:
        raise TypeError(f"the REST sandbox has no option {', '.join(unknown)}; it has token")
    return RestService(str(options.get("token", "token")), Clock())


__all__ = ["build"]
