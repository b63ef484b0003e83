"""The answer to `check`: who we are in the org, which API it has, and what stands in the way."""

from __future__ import annotations

from typing import Any

from bridge.adapters.salesforce import soql
from bridge.adapters.salesforce.client import Client
from bridge.adapters.salesforce.settings import Settings
from bridge.ports.adapter import Health
from bridge.ports.errors import NotFound, PermissionDenied, Transient, Unsupported

SKEW_MAX = 30.0
USED_MAX = 0.8
"""Share of the day's calls above which a person should know: the allowance is the whole org's."""


def check(client: Client, settings: Settings) -> Health:
    """Look around. Raises AuthFailed or Transient if there is nobody to talk to."""
    limits = client.call("GET", "limits/")
    _, username = who(client)
    problems = _version_problems(client, settings) + _quota_problems(client, limits)
    skew = client.session.clock_skew
    if skew is not None and abs(skew) > SKEW_MAX:
        problems.append(
            f"The clocks of the org and of this machine differ by {abs(skew):.0f} seconds: set this one by NTP, "
            "because the newest edit is told by the clock."
        )
    return Health(f"API {settings.api_version}", username, skew, tuple(problems))


def who(client: Client) -> tuple[str, str]:
    """Id and name of the integration user; empty and "unknown" where the org does not tell."""
    try:
        user_id, name = client.user()
        if name:
            return user_id, name
        if user_id:
            rows, _ = client.query(soql.select(["Id", "Username"], "User", f"Id = {soql.text(user_id)}"))
            return user_id, str(rows[0]["Username"]) if rows else "unknown"
    except (NotFound, PermissionDenied, Unsupported, Transient, KeyError, TypeError):
        pass  # the call before has shown that the session is good: a name is a courtesy
    return "", "unknown"


def _version_problems(client: Client, settings: Settings) -> list[str]:
    try:
        offered: Any = client.call("GET", "/services/data")
        versions = [str(entry["version"]) for entry in offered]
    except (NotFound, Unsupported, Transient, KeyError, TypeError):
        return []
    if settings.api_version in versions:
        return []
    return [f"The org does not offer API version {settings.api_version}: set api_version to one it offers."]


def _quota_problems(client: Client, limits: Any) -> list[str]:
    used, allowed = client.usage or (0, 0)
    try:
        day = limits["DailyApiRequests"]
        used, allowed = int(day["Max"]) - int(day["Remaining"]), int(day["Max"])
    except (KeyError, TypeError, ValueError):
        pass
    if not allowed or used / allowed < USED_MAX:
        return []
    return [
        f"The org has used {used} of its {allowed} calls of 24 hours: lower the pace, or raise the allowance, "
        "before all its integrations stand still."
    ]
