"""The control plane: what a test or a demo does to a sandbox, under a prefix that no real system uses."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, cast

from bridge.sandbox.kernel.application import Application
from bridge.sandbox.kernel.faults import FaultBook
from bridge.sandbox.kernel.message import Request, Response
from bridge.sandbox.kernel.webhooks import Sends

PREFIX = "/__sandbox__/"
_LOG = 200_000


class Control:
    """Handles the requests under PREFIX and keeps the log of the others."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self.faults = FaultBook(app.fault_kinds)
        self._calls: deque[dict[str, Any]] = deque(maxlen=_LOG)
        self._count = 0
        self._routes: dict[tuple[str, str], Callable[[Mapping[str, Any]], Any]] = {
            ("GET", "health"): lambda _: {"name": app.name, "now": app.clock.now().isoformat(), "calls": self._count},
            ("POST", "reset"): self._reset,
            ("POST", "seed"): app.seed,
            ("GET", "dump"): lambda _: app.dump(),
            ("POST", "clock"): self._clock,
            ("GET", "faults"): lambda _: [fault.as_json() for fault in self.faults.armed()],
            ("POST", "faults"): lambda given: self.faults.arm(given).as_json(),
            ("DELETE", "faults"): lambda _: self.faults.clear() or {},  # type: ignore[func-returns-value]  # clear() gives None, which is what `or` is for
            ("GET", "calls"): lambda _: list(self._calls),
            ("POST", "calls/reset"): self._forget_calls,
            ("POST", "edit"): lambda given: app.user_edit(given["object"], str(given["id"]), given["values"]),
            ("POST", "edit/past"): self._edit_past,
            ("POST", "insert"): self._insert,
            ("POST", "delete"): lambda given: app.user_delete(given["object"], str(given["id"])),
            ("GET", "webhooks"): lambda _: list(self._sends().courier.sent),
            ("POST", "webhooks"): self._trouble,
            ("POST", "webhooks/forge"): self._forge,
            ("POST", "webhooks/outbound"): self._outbound,
        }

    def handle(self, request: Request) -> Response:
        """Answer a request of the control plane; mistakes are told in words."""
        name = request.path.removeprefix(PREFIX).strip("/")
        route = self._routes.get((request.method, name))
        if route is None:
            known = ", ".join(f"{method} {path}" for method, path in self._routes)
            return Response(404, {"error": f"{request.method} {name}: no such thing here; there are {known}"})
        try:
            given = request.json() if request.body else {}
            return Response(200, route(given))
        except KeyError as error:
            return Response(400, {"error": f"{name}: there is no {error}, or it was not given"})
        except (ValueError, TypeError) as error:
            return Response(400, {"error": f"{name}: {error}"})

    def log(self, request: Request, operation: str, status: int, fault: str | None) -> None:
        """Note a call. Without query, headers and body: there are secrets and people in them."""
        self._count += 1
        self._calls.append(
            {
                "n": self._count,
                "time": self._app.clock.now().isoformat(),
                "method": request.method,
                "path": request.raw_path,
                "operation": operation,
                "status": status,
                "fault": fault,
            }
        )

    def _reset(self, _: Mapping[str, Any]) -> dict[str, Any]:
        self._app.reset()
        self.faults.clear()
        courier = getattr(self._app, "courier", None)
        if courier is not None:
            courier.forget()
        return self._forget_calls({})

    def _forget_calls(self, _: Mapping[str, Any]) -> dict[str, Any]:
        self._calls.clear()
        self._count = 0
        return {}

    def _insert(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """A person makes a record; `late`: seconds until it can be read, for the systems that know how."""
        if "late" not in given:
            return self._app.user_insert(given["object"], given["values"])
        hidden = getattr(self._app, "user_insert_late", None)
        if hidden is None:
            raise ValueError("this sandbox commits late only what is sent to it: arm the fault `late_commit`")
        answer: Mapping[str, Any] = hidden(given["object"], given["values"], float(given["late"]))
        return answer

    def _sends(self) -> Sends:
        """The application, where it sends webhooks."""
        if getattr(self._app, "courier", None) is None:
            raise ValueError("this sandbox sends no webhooks")
        return cast(Sends, self._app)

    def _trouble(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Lose, double or delay the next posts."""
        return self._sends().courier.arm(given)

    def _forge(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Send what the system would send of a record, real or invented; without the secret, unless `genuine`."""
        sends = self._sends()
        posts = sends.posts_about(given["object"], str(given["id"]), genuine=bool(given.get("genuine")))
        for post in posts:
            sends.courier.send(post)
        return {"posts": len(posts)}

    def _edit_past(self, given: Mapping[str, Any]) -> Any:
        """A script changes a row in the database: no rule runs, no stamp moves, nobody is told."""
        edit = getattr(self._app, "edit_past", None)
        if edit is None:
            raise ValueError("nobody gets past the application of this system")
        return edit(given["object"], str(given["id"]), given["values"])

    def _outbound(self, given: Mapping[str, Any]) -> Any:
        """A person sets up a webhook, for the systems in which no API does."""
        add = getattr(self._app, "outbound", None)
        if add is None:
            raise ValueError("webhooks of this sandbox are made over its API")
        return add(given)

    def _clock(self, given: Mapping[str, Any]) -> dict[str, Any]:
        clock = self._app.clock
        if "freeze" in given:
            clock.freeze(bool(given["freeze"]))
        if "set" in given:
            clock.set(datetime.fromisoformat(given["set"]))
        if "advance" in given:
            clock.advance(float(given["advance"]))
        return {"now": clock.now().isoformat()}
