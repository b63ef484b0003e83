"""A Salesforce org on this machine. `build` makes one."""

from __future__ import annotations

from bridge.sandbox.salesforce.app import SalesforceApplication
from bridge.sandbox.salesforce.auth import Credentials


def build(
    client_id: str = "bridge-client-id",
    client_secret: str = "bridge-client-secret",  # noqa: S107 - of a sandbox
    username: str = "integration@sandbox.example.com",
    password: str = "sandbox-password",  # noqa: S107 - the same
    token: str = "sandbox-token",  # noqa: S107 - the same
    public_key: str = "",
    key_field: bool | str = False,
    quota: int | str = 100_000,
    multi_currency: bool | str = False,
) -> SalesforceApplication:
    """An org with three users, accounts, contacts, products, orders and more.

    client_id, client_secret: of the connected app (client credentials, password grant; the issuer of a JWT). username,
    password, token: of the integration user, for the SOAP log-in too. public_key: PEM to check the signature of JWTs
    with. key_field: whether Bridge_Id__c (Bridge_Line__c on order products, too) is there from the beginning. quota:
    calls that are allowed. multi_currency: whether records have a currency, and prices three decimals.

    Faults beside those of the kernel: `expired_token` (all sessions end, the call gets 401), `quota` (the day's calls
    are used up), `concurrent` (too many long calls), `lock_row` (`rows` rows of a collection, or the call),
    `late_commit` (what the call writes is seen `seconds` later with the stamp of now), `server_unavailable` (503),
    `purge_deletes` (the log of deletes is emptied). Operations: "token", "query Account", "queryAll Account", "describe
    Account", "create Account", "update Account", "upsert Account", "delete Account", "retrieve Account".
    """
    credentials = Credentials(client_id, client_secret, username, password, token, public_key)
    wanted = str(key_field).lower() in ("true", "1", "yes")
    several = str(multi_currency).lower() in ("true", "1", "yes")
    return SalesforceApplication(credentials, key_field=wanted, quota=int(quota), multi_currency=several)


__all__ = ["SalesforceApplication", "build"]
