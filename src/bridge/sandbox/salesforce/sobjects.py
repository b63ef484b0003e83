"""The resource /sobjects: the list of objects, one object, its description, its feeds, and its records by id or key."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import format_datetime

from bridge.sandbox.kernel import Request, Response
from bridge.sandbox.salesforce.errors import SalesforceError, not_found
from bridge.sandbox.salesforce.fields import SObject
from bridge.sandbox.salesforce.records import Records, body_of, http_date
from bridge.sandbox.salesforce.replication import Replication
from bridge.sandbox.salesforce.store import Store
from bridge.sandbox.salesforce.tooling import Tooling


class SObjects:
    """Finds who answers a request below /sobjects."""

    def __init__(self, store: Store, records: Records, replication: Replication, tooling: Tooling) -> None:
        self._store, self._records, self._replication, self._tooling = store, records, replication, tooling

    def answer(self, request: Request, rest: list[str], base: str) -> Response:
        """Answer what is asked below /sobjects; rest: the steps of the path after it, base: what comes before it."""
        if not rest:
            listed = [one.summary(base) for one in self._store.objects.values()]
            return Response(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": listed})
        definition = self._store.definition(rest[0])
        if definition is None:
            raise not_found()
        if len(rest) == 1:
            return self._object(definition, request, base)
        if rest[1] == "describe":
            return self._describe(definition, request, base)
        if rest[1] == "updated":
            return Response(200, self._replication.updated(definition, request))
        if rest[1] == "deleted":
            return Response(200, self._replication.deleted(definition, request))
        if len(rest) >= 3:
            value = "/".join(rest[2:])
            return self._records.by_key(definition, rest[1], value, request, base)
        by_method: dict[str, Callable[[], Response]] = {
            "GET": lambda: self._records.read(definition, rest[1], request, base),
            "PATCH": lambda: self._records.change(definition, rest[1], request),
            "DELETE": lambda: self._records.remove(definition, rest[1]),
        }
        if request.method not in by_method:
            raise SalesforceError("METHOD_NOT_ALLOWED", "HTTP Method not allowed", status=405)
        return by_method[request.method]()

    def _describe(self, definition: SObject, request: Request, base: str) -> Response:
        since = http_date(request.headers.get("If-Modified-Since"), strict=False)
        changed = self._tooling.changed(definition).replace(microsecond=0)
        if since is not None and changed <= since:
            return Response(304)
        described = definition.describe(base, self._store.objects.values())
        return Response(200, described, {"Last-Modified": format_datetime(changed, usegmt=True)})

    def _object(self, definition: SObject, request: Request, base: str) -> Response:
        if request.method != "POST":
            summary = definition.summary(base)
            return Response(200, {"objectDescribe": summary, "recentItems": []})
        if definition.name == "FieldPermissions":
            body = body_of(request)
            if not self._tooling.known(str(body.get("Field", ""))):
                message = f"Field Name: bad value for restricted picklist field: {body.get('Field')}"
                raise SalesforceError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, ["Field"])
            self._tooling.permit(body)
        return self._records.create(definition, request)
