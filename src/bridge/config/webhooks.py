"""The section `run.webhooks`: where systems tell the daemon what changed, and whom it listens to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final
from urllib.parse import urlsplit

from bridge.config.notes import Notes
from bridge.mapping.reading import Data
from bridge.mapping.source import Steps, suggest

WORDS: Final = ("listen", "url", "allow", "proxies", "max_body", "window")
STEPS: Final[Steps] = ("run", "webhooks")
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
MOST_BODY: Final = 16 * 1024 * 1024
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Hooks:
    """Where webhooks are heard.

    listen: host and port. url: what the systems are told as its address, without a slash at its end; "" where nothing
    is installed. allow: system -> the networks it may send from, "" for all systems; nothing: from anywhere. proxies:
    networks of reverse proxies, whose X-Forwarded-For is believed. max_body: bytes. window: for so long, a telling that
    is repeated word for word is known again.
    """

    listen: tuple[str, int]
    url: str = ""
    allow: dict[str, tuple[Network, ...]] = field(default_factory=dict)
    proxies: tuple[Network, ...] = ()
    max_body: int = 1024 * 1024
    window: timedelta = timedelta(minutes=10)


def hooks_of(
    notes: Notes, section: Data | None, systems: Iterable[str], address: Callable[[Data], tuple[str, int] | None]
) -> Hooks | None:
    """None where nothing is said. address: reads a host and a port."""
    if section is None or section == "off":
        return None
    if not isinstance(section, dict):
        notes.wrong(STEPS, "expected entries like listen: 127.0.0.1:8322, or off", at_value=True)
        return None
    notes.known(section, STEPS, WORDS)
    listen = address(section.get("listen", ""))
    if listen is None:
        at_value = "listen" in section
        notes.wrong((*STEPS, "listen"), "say where to listen, as listen: 127.0.0.1:8322", at_value=at_value)
        return None
    size = notes.number(section, "max_body", Hooks(listen).max_body, STEPS)
    if size > MOST_BODY:
        notes.wrong((*STEPS, "max_body"), f"expected at most {MOST_BODY} bytes", at_value=True)
    window = notes.span(section, "window", Hooks(listen).window.total_seconds(), STEPS)
    if window > 7 * 86_400:
        notes.wrong((*STEPS, "window"), "expected at most 7d", at_value=True)
        window = 0
    return Hooks(
        listen,
        _url(notes, section.get("url")),
        _allow(notes, section.get("allow"), set(systems)),
        _networks(notes, (*STEPS, "proxies"), section.get("proxies")),
        size,
        timedelta(seconds=window),
    )


def _url(notes: Notes, value: Data | None) -> str:
    """The public address: over TLS, because what stands in it is a secret for some systems."""
    if value is None:
        return ""
    parts = None
    try:
        parts = urlsplit(value) if isinstance(value, str) else None
        plain = parts is not None and parts.hostname and not (parts.query or parts.fragment or parts.username)
        plain = plain and parts is not None and parts.port is not False
    except ValueError:
        plain = False
    if not plain or parts is None or parts.scheme not in ("http", "https"):
        notes.wrong((*STEPS, "url"), "expected an address like https://bridge.example.com/hooks", at_value=True)
        return ""
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        notes.wrong((*STEPS, "url"), "expected https: secrets stand in what systems send there", at_value=True)
        return ""
    return str(value).rstrip("/")


def _allow(notes: Notes, value: Data | None, systems: set[str]) -> dict[str, tuple[Network, ...]]:
    steps: Steps = (*STEPS, "allow")
    if not isinstance(value, dict):
        found = _networks(notes, steps, value)
        return {"": found} if found else {}
    allowed = {}
    for system, networks in value.items():
        if system not in systems:
            notes.wrong((*steps, system), f"there is no system '{system}'{suggest(system, systems)}")
        else:
            allowed[system] = _networks(notes, (*steps, system), networks)
    return allowed


def _networks(notes: Notes, steps: Steps, value: Data | None) -> tuple[Network, ...]:
    if value is None:
        return ()
    one = isinstance(value, str)
    listed = [value] if one else value
    if not isinstance(listed, list) or not listed:
        notes.wrong(steps, "expected networks, as [203.0.113.0/24, 2001:db8::/32]", at_value=True)
        return ()
    found = []
    for place, text in enumerate(listed):
        try:
            found.append(ip_network(text if isinstance(text, str) else ""))
        except ValueError:
            at = steps if one else (*steps, place)
            notes.wrong(at, "expected an address or a network, as 203.0.113.7 or 203.0.113.0/24", at_value=True)
    return tuple(found)
