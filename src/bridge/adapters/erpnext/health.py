"""The answer to `check`: who we are at the site, what runs there, and what stands in the way."""

from __future__ import annotations

from typing import Any

from bridge.adapters.erpnext.client import Client
from bridge.adapters.erpnext.settings import Settings
from bridge.adapters.erpnext.site import Site
from bridge.ports.adapter import Health
from bridge.ports.errors import AuthFailed, BridgeError, NotFound, PermissionDenied

SKEW_MAX = 30.0
_TESTED = "15"


def check(client: Client, site: Site, settings: Settings) -> Health:
    """Look around. Raises AuthFailed or Transient if there is nobody to talk to."""
    user = str(client.ask("frappe.auth.get_logged_user").get("message") or "")
    if user in ("", "Guest"):
        raise AuthFailed("takes the calls for those of a guest: the API key is not used", system=client.system)
    version, problems = _version(client)
    problems += _zone_problems(site, settings)
    problems += _log_problems(client, settings)
    skew = client.session.clock_skew
    if skew is not None and abs(skew) > SKEW_MAX:
        problems.append(
            f"The clocks of the site and of this machine differ by {abs(skew):.0f} seconds: set both by NTP, "
            "because the newest edit is told by the clock."
        )
    return Health(version=version, user=user, clock_skew=skew, problems=tuple(problems))


def _version(client: Client) -> tuple[str, list[str]]:
    try:
        apps: Any = client.ask("frappe.utils.change_log.get_versions").get("message")
        known = {name: str(apps[name]["version"]) for name in ("frappe", "erpnext") if name in apps}
    except (PermissionDenied, NotFound, TypeError, KeyError):
        known = {}
    if not known:
        return "unknown", ["The site does not tell its version to this user; bridge is made for ERPNext 15."]
    problems = []
    if known.get("erpnext", known.get("frappe", "")).partition(".")[0] != _TESTED:
        problems.append(
            "The site runs another release than 15, which bridge was measured with: try it on a copy first."
        )
    if "erpnext" not in known:
        problems.append("The site has no ERPNext, only the framework: customers and orders are not there.")
    return ", ".join(f"{name} {number}" for name, number in known.items()), problems


def _zone_problems(site: Site, settings: Settings) -> list[str]:
    try:
        told = site.told_zone()
    except BridgeError:
        told = None
    if told is None and settings.time_zone is None:
        return ["The site does not tell its time zone to this user: set time_zone in the configuration."]
    if told is not None and settings.time_zone not in (None, told):
        return [f"The site says that its time zone is {told}, the configuration says otherwise: remove time_zone."]
    return []


def _log_problems(client: Client, settings: Settings) -> list[str]:
    if settings.deletes_interval is None:
        return []
    try:
        client.rows("Deleted Document", ["name"], limit=1)
    except PermissionDenied:
        return [
            "The user may not read Deleted Document (it needs the System Manager role): deletes are found by the full "
            "comparison only. Give the role, or set deletes_interval to null."
        ]
    except BridgeError as error:
        return [f"The log of deleted documents cannot be read: {error.message}."]
    return []
