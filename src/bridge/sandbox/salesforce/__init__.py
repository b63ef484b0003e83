"""A Salesforce org on this machine. `build` makes one."""

from __future__ import annotations

from bridge.sandbox.salesforce.app import SalesforceApplication
from bridge.sandbox.salesforce.auth import Credentials
from bridge.sandbox.salesforce.options import LOCKED, STATUSES, Setup, statuses_of, yes


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
    price_scale: int | str = "",
    quantity_scale: int | str = 3,
    standard_book: str = "Standard Price Book",
    order_statuses: str = "",
    locked: str = LOCKED[0],
) -> SalesforceApplication:
    """An org with three users, accounts, contacts, products, prices, orders, stock, leads, opportunities, cases and a
    few custom objects.

    client_id, client_secret: of the connected app (client credentials, password grant; the issuer of a JWT). username,
    password, token: of the integration user, for the SOAP log-in too. public_key: PEM to check the signature of JWTs
    with. key_field: whether Bridge_Id__c (Bridge_Line__c on order products, too) is there from the beginning. quota:
    calls that are allowed. multi_currency: whether records have a currency (EUR is the company's own; USD, JPY, KWD,
    GBP). price_scale: decimals of prices and order totals, by default 2, with several currencies 3. quantity_scale:
    decimals of an order product's quantity. standard_book: the name of the standard price book. order_statuses: label
    and category of each ("Entwurf:Draft,Aktiv:Activated"). locked: the code for changes of an activated order.

    Faults beside those of the kernel: `expired_token` (all sessions end, the call gets 401), `quota` (the day's calls
    are used up), `concurrent` (too many long calls), `lock_row` (`rows` rows of a collection, or the call),
    `trigger_lock` (the same, inside the words of a trigger's failure), `late_commit` (what the call writes is seen
    `seconds` later with the stamp of now), `server_unavailable` (503), `purge_deletes` (the log of deletes is emptied).
    Operations: "token", "query Account", "queryAll Account", "describe Account", "create Account", "update Account",
    "upsert Account", "delete Account", "retrieve Account", "composite", "composite graph".
    """
    credentials = Credentials(client_id, client_secret, username, password, token, public_key)
    if locked not in LOCKED:
        raise ValueError(f"locked: {locked!r} is none of {', '.join(LOCKED)}")
    several = yes(multi_currency)
    setup = Setup(
        key_field=yes(key_field),
        multi_currency=several,
        price_scale=int(price_scale) if price_scale != "" else (3 if several else 2),
        quantity_scale=int(quantity_scale),
        standard_book=standard_book,
        statuses=statuses_of(order_statuses) if order_statuses else STATUSES,
        locked=locked,
    )
    return SalesforceApplication(credentials, setup, quota=int(quota))


__all__ = ["SalesforceApplication", "build"]
