"""A Singer tap of Salesforce's accounts, made with Meltano's SDK.

python -m benchmarks.peers.singer_tap --config FILE [--state FILE] | python -m benchmarks.peers.singer_target ...
"""

from __future__ import annotations

from typing import Any, ClassVar

from requests import Response
from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.pagination import BaseHATEOASPaginator

from benchmarks.peers.ends import FIELDS, QUERY, STAMP, headers, soql


class Pages(BaseHATEOASPaginator):
    """By the link in the answer."""

    def get_next_url(self, response: Response) -> str | None:
        """The rest of the query."""
        return response.json().get("nextRecordsUrl")


class Accounts(RESTStream[Any]):
    """All accounts, or those that have changed since."""

    name = "account"
    primary_keys: ClassVar = ["Id"]
    replication_key = STAMP
    is_sorted = True
    records_jsonpath = "$.records[*]"
    schema = th.PropertiesList(
        th.Property("Id", th.StringType), th.Property(STAMP, th.DateTimeType),
        *(th.Property(name, th.StringType) for name in FIELDS),
    ).to_dict()  # fmt: skip

    @property
    def url_base(self) -> str:
        """The org."""
        return str(self.config["crm"])

    path = QUERY

    @property
    def http_headers(self) -> dict[str, str]:
        """Logged in once."""
        if not hasattr(self, "_logged_in"):
            self._logged_in = headers(self.url_base)
        return self._logged_in

    def get_new_paginator(self) -> Pages:
        """By links."""
        return Pages()

    def get_url(self, context: Any) -> str:
        """The query; its next pages have addresses of their own."""
        return f"{self.url_base}{QUERY}"

    def get_url_params(self, context: Any, next_page_token: Any) -> dict[str, Any]:
        """Where the last run ended."""
        since = self.get_starting_timestamp(context)
        return {"q": soql(since.strftime("%Y-%m-%dT%H:%M:%SZ") if since else None)}

    def get_http_request(self, *, page: Any) -> Any:
        """The next page by its link."""
        request = super().get_http_request(page=page)
        if page.next_page_token is not None:
            request.url, request.params = f"{self.url_base}{page.next_page_token.path}", {}
        return request


class SalesforceTap(Tap):
    """One stream."""

    name = "tap-crm"
    config_jsonschema = th.PropertiesList(th.Property("crm", th.StringType, required=True)).to_dict()

    def discover_streams(self) -> list[Any]:
        """The accounts."""
        return [Accounts(self)]


if __name__ == "__main__":
    SalesforceTap.cli()
