"""What goes in and out of a sandbox application: one HTTP request, one HTTP response."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


class Headers(dict[str, str]):
    """Header names in lower case; asked for in any case."""

    def __init__(self, pairs: Mapping[str, str] | None = None) -> None:
        super().__init__({name.lower(): value for name, value in (pairs or {}).items()})

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def get(self, name: str, default: Any = None) -> Any:
        """The value, or `default`."""
        return super().get(name.lower(), default)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` is decoded and without the query; `raw_path` is as it came, without the query."""

    method: str
    path: str
    raw_path: str
    query: Mapping[str, list[str]]
    headers: Headers
    body: bytes = b""
    base: str = ""

    @classmethod
    def parse(cls, method: str, target: str, headers: Mapping[str, str], body: bytes = b"", base: str = "") -> Request:
        """Make a request of a request line's parts. `base` is the address of the server, for links in answers."""
        parts = urlsplit(target)
        query = parse_qs(parts.query, keep_blank_values=True)
        return cls(method.upper(), unquote(parts.path), parts.path, query, Headers(headers), body, base)

    def json(self) -> Any:
        """The body as JSON. Raises ValueError if it is none."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """The body as a form; of a repeated name the last value."""
        return {name: values[-1] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}

    def first(self, name: str, default: str = "") -> str:
        """The first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else default


@dataclass(slots=True)
class Response:
    """One response. A body that is not bytes is sent as JSON."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)

    def payload(self) -> tuple[bytes, str]:
        """The body as bytes, and its content type."""
        given = next((value for name, value in self.headers.items() if name.lower() == "content-type"), "")
        if isinstance(self.body, bytes):
            return self.body, given or "text/html; charset=utf-8"
        return json.dumps(self.body, ensure_ascii=False).encode(), given or "application/json"
