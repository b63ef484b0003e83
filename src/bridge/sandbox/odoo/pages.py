"""The HTML pages that an Odoo server answers with where no JSON is to be had."""

from __future__ import annotations

from urllib.parse import quote

from bridge.sandbox.kernel import Response

_HTML = {"Content-Type": "text/html; charset=utf-8"}
_NO_DATABASE = b"""<!DOCTYPE html>
<title>404 Not Found</title>
<h1>Not Found</h1>
<p>No database is selected and the requested URL was not found in the server-wide controllers.</p>
<p>Please verify the hostname, <a href=/web/login>login</a> and try again.</p>

<!-- Alternatively, use the X-Odoo-Database header. -->
"""
_NOT_FOUND = b"""<!DOCTYPE html>
<html>
    <head>
        <meta charset="utf-8"/>
        <title>Odoo</title>
    </head>
    <body><h1>404: Page not found!</h1></body>
</html>
"""


def no_database() -> Response:
    """No database is chosen: several match, or the one that was named does not exist."""
    return Response(404, _NO_DATABASE, dict(_HTML))


def not_found() -> Response:
    """There is no such page."""
    return Response(404, _NOT_FOUND, dict(_HTML))


def to_login(path: str) -> Response:
    """A page for users only."""
    target = f"/web/login?redirect={quote(path, safe='')}%3F"
    page = f'<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<a href="{target}">{target}</a>\n'
    return Response(303, page.encode(), {**_HTML, "Location": target})


def wrong_type(version: str, path: str, method: str) -> Response:
    """A JSON-RPC route asked with another content type, or with GET: 415 on 19, 400 on 18."""
    if version == "18":
        status, title, kind, found = 400, "Bad Request", "json", "[&#39;http&#39;]"
    else:
        status, title, kind = 415, "Unsupported Media Type", "jsonrpc"
        found = "[&#39;http&#39;, &#39;json2&#39;]" if method == "GET" else "[&#39;http&#39;]"
    text = f"Request inferred type is compatible with {found} but &#39;{path}&#39; is type=&#39;{kind}&#39;."
    if status == 415:
        text += "<br><br>Please verify the Content-Type request header and try again."
    page = f"<!doctype html>\n<html lang=en>\n<title>{status} {title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n"
    return Response(status, page.encode(), dict(_HTML))


def bad_request(text: str) -> Response:
    """A body that cannot be used."""
    return Response(400, text.encode(), dict(_HTML))
