"""Outbound messages of an org: SOAP with up to 100 notifications, sent again for 24 hours until they are acknowledged.

They carry no signature. They are known by a part of the address that nobody can guess and by the id of the org; a
session id, where somebody lets one be sent, is not looked at. The parser takes no document type, so that no entity is
expanded.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from bridge.adapters.salesforce.settings import load
from bridge.ports.adapter import SetupStep
from bridge.ports.hints import Delivery, Heard, Hint, Receiver, Refusal
from bridge.ports.records import ObjectSpec

NOTIFICATIONS: Final = "http://soap.sforce.com/2005/09/outbound"
OBJECTS: Final = "urn:sobject.enterprise.soap.sforce.com"
TYPE: Final = "http://www.w3.org/2001/XMLSchema-instance type"
ORG: Final = 15
"""Letters of an id that tell; the three behind them only check it."""
DEEPEST: Final = 12
"""Elements inside each other; a message has seven."""
ACK: Final = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b'<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    b'<notificationsResponse xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    b"</soapenv:Body></soapenv:Envelope>"
)


def receiver(system: str, settings: Mapping[str, object]) -> Receiver | None:
    """Knows a message by its address and the org it names."""
    found = load(system, settings)
    if found.webhook_path is None or found.organization_id is None:
        return None
    path, org = found.webhook_path.get_secret_value(), found.organization_id[:ORG]

    def hear(delivery: Delivery) -> Heard | Refusal:
        if not hmac.compare_digest(path.encode(), delivery.path.encode("utf-8", "replace")):
            return "forged"  # nobody's XML is parsed before it is known whose it is
        message = parsed(delivery.body)
        if message is None:
            return "unreadable"
        if not hmac.compare_digest(org.encode(), message.org[:ORG].encode("utf-8", "replace")):
            return "forged"
        return Heard(tuple(message.hints), ACK, "text/xml; charset=utf-8")

    return Receiver(hear, f"/{path}")


@dataclass(slots=True)
class Message:
    """What is read of a message: ids only."""

    org: str = ""
    hints: list[Hint] = field(default_factory=list)


class NotWanted(ValueError):
    """A document type, entities, or too many elements inside each other."""


class _Reader:
    """Follows the parser through one message."""

    def __init__(self) -> None:
        self.message, self._open, self._text = Message(), list[str](), ""
        self._notification, self._object, self._id = "", "", ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(name)
        self._text = ""
        if len(self._open) > DEEPEST:
            raise NotWanted
        if name == f"{NOTIFICATIONS} Notification":
            self._notification = self._object = self._id = ""
        elif name == f"{NOTIFICATIONS} sObject":
            self._object = attributes.get(TYPE, "").rpartition(":")[2]

    def text(self, text: str) -> None:
        self._text += text

    def end(self, name: str) -> None:
        self._open.pop()
        inside = self._open[-1] if self._open else ""
        if name == f"{NOTIFICATIONS} OrganizationId":
            self.message.org = self._text.strip()
        elif name == f"{NOTIFICATIONS} Id" and inside == f"{NOTIFICATIONS} Notification":
            self._notification = self._text.strip()
        elif name == f"{OBJECTS} Id" and inside == f"{NOTIFICATIONS} sObject":
            self._id = self._text.strip()
        elif name == f"{NOTIFICATIONS} Notification" and self._object and self._id:
            self.message.hints.append(Hint(self._object, self._id, self._notification))
        self._text = ""


def parsed(body: bytes) -> Message | None:
    """The ids of a message; None where it is no message."""
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _refused
    try:
        parser.Parse(body, True)
    except (expat.ExpatError, ValueError, LookupError):
        return None
    return reader.message if reader.message.org else None


def _refused(*_: object) -> None:
    raise NotWanted


def by_hand(specs: Sequence[ObjectSpec]) -> list[SetupStep]:
    """What a person does in Setup: an outbound message is metadata, for which there is no REST call."""
    return [
        SetupStep(
            f"outbound message of {name}",
            "needed",
            "By hand, because Salesforce makes it over the Metadata API only: Setup > Outbound Messages > New, object"
            f" {name}, fields Id alone, no session ID, endpoint URL run.webhooks.url/SYSTEM/webhook_path; then a"
            " record-triggered flow (created or updated, action: the outbound message). Once one has come, this is"
            " seen as done.",
        )
        for name in dict.fromkeys(spec.object for spec in specs)
    ]
