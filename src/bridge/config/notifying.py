"""The section `notify`: who is told of what needs a person, and by which way."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from bridge.config.notes import Notes
from bridge.config.secrets import NO_REFERENCE, SECRET_SOURCES, refers
from bridge.config.values import MailConfig, NotifyConfig, Reference, WebhookConfig
from bridge.engine.plan.notices import KINDS, NoticeTerms
from bridge.mapping.reading import Data
from bridge.mapping.source import Steps, suggest

NOTIFY_WORDS: Final = ("interval", "remind", "after", "events", "mail", "webhook")
MAIL_WORDS: Final = ("host", "port", "tls", "user", "password", "from", "to", "ca_file")
WEBHOOK_WORDS: Final = ("url", "ca_file")
PORTS: Final = {"starttls": 587, "on": 465, "off": 25}
LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_ADDRESS: Final = re.compile(r"[^\s@<>,;:\"]+@[^\s@<>,;:\"]+")
_HOST: Final = re.compile(r"[\w.:-]+")


def notify_of(notes: Notes, section: Data) -> NotifyConfig:
    """Who is told, of what, how often."""
    steps: Steps = ("notify",)
    if not isinstance(section, dict):
        notes.wrong(steps, "expected entries like mail or webhook")
        return NotifyConfig()
    notes.known(section, steps, NOTIFY_WORDS)
    usual = NoticeTerms()
    spans = {
        word: timedelta(seconds=notes.span(section, word, getattr(usual, word).total_seconds(), steps))
        for word in ("interval", "remind", "after")
    }
    terms = NoticeTerms(**spans, kinds=_events(notes, section.get("events")))
    mail, webhook = section.get("mail"), section.get("webhook")
    return NotifyConfig(
        terms,
        None if mail is None else _mail(notes, mail),
        None if webhook is None else _webhook(notes, webhook),
    )


def _events(notes: Notes, value: Data | None) -> tuple[str, ...]:
    if value is None:
        return tuple(KINDS)
    if not isinstance(value, list):
        notes.wrong(("notify", "events"), f"expected a list of {', '.join(KINDS)}", at_value=True)
        return ()
    for place, name in enumerate(value):
        if name not in KINDS:
            near = suggest(str(name), KINDS)
            notes.wrong(("notify", "events", place), f"there is no such event{near}", at_value=True)
    return tuple(str(name) for name in value)


def _mail(notes: Notes, section: Data) -> MailConfig | None:
    steps: Steps = ("notify", "mail")
    if not isinstance(section, dict):
        notes.wrong(steps, "expected entries like host, from, to", at_value=True)
        return None
    notes.known(section, steps, MAIL_WORDS)
    host, tls, user = section.get("host"), section.get("tls", "starttls"), section.get("user")
    if not isinstance(host, str) or not _HOST.fullmatch(host):
        notes.wrong((*steps, "host"), "name the mail server here, as host: smtp.example.com")
        host = ""
    if tls not in PORTS:
        notes.wrong((*steps, "tls"), "expected starttls, on or off", at_value=True)
        tls = "starttls"
    elif tls == "off" and host not in LOOPBACK:
        notes.wrong((*steps, "tls"), "off is for a mail server on this machine only", at_value=True)
    if user is not None and not isinstance(user, str):
        notes.wrong((*steps, "user"), "expected the name of a user", at_value=True)
    receivers = section.get("to")
    to = [receivers] if isinstance(receivers, str) else receivers if isinstance(receivers, list) else []
    password = _reference(notes, (*steps, "password"), section.get("password"))
    if (user is None) is not (section.get("password") is None):
        notes.wrong(steps, "user and password belong together")
    return MailConfig(
        host=host,
        port=notes.number(section, "port", PORTS[str(tls)], steps),
        tls=str(tls),
        sender=_address(notes, (*steps, "from"), section.get("from")),
        to=tuple(_address(notes, (*steps, "to"), one) for one in to) or (_address(notes, (*steps, "to"), None),),
        user=user if isinstance(user, str) else "",
        password=password,
        ca_file=_file(notes, steps, section.get("ca_file")),
    )


def _webhook(notes: Notes, section: Data) -> WebhookConfig | None:
    steps: Steps = ("notify", "webhook")
    if not isinstance(section, dict):
        notes.wrong(steps, "expected an entry like url: {env: CHAT_WEBHOOK}", at_value=True)
        return None
    notes.known(section, steps, WEBHOOK_WORDS)
    url = _reference(notes, (*steps, "url"), section.get("url"))
    if section.get("url") is None:
        notes.wrong(steps, "name the place of the address, as url: {env: CHAT_WEBHOOK}; who knows it can write there")
    return WebhookConfig(url, _file(notes, steps, section.get("ca_file"))) if url else None


def _reference(notes: Notes, steps: Steps, value: Data | None) -> Reference | None:
    if value is None:
        return None
    if isinstance(value, dict) and len(value) == 1:
        kind, name = next(iter(value.items()))
        if kind in SECRET_SOURCES and refers(name, kind):
            return kind, name
    notes.wrong(steps, NO_REFERENCE, at_value=True)
    return None


def _address(notes: Notes, steps: Steps, value: Data | None) -> str:
    if isinstance(value, str) and _ADDRESS.fullmatch(value) and value.isascii():
        return value
    notes.wrong(steps, "expected an address like bridge@example.com", at_value=value is not None)
    return ""


def _file(notes: Notes, steps: Steps, value: Data | None) -> str:
    if value is not None and not isinstance(value, str):
        notes.wrong((*steps, "ca_file"), "expected the name of a file", at_value=True)
    return value if isinstance(value, str) else ""
