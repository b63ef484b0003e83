"""Outbound messages: SOAP with up to 100 notifications for records that were made or changed, sent again until they are
acknowledged. A person sets them up; there is no REST call for it, and so it is the control plane's to do here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax.saxutils import escape

from bridge.sandbox.kernel.webhooks import Post
from bridge.sandbox.salesforce.ids import long_id, make_id
from bridge.sandbox.salesforce.store import Store

AT_ONCE: Final = 100
PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
"""Seconds between tries; the real ones grow to two hours, for a day."""
_ACK: Final = re.compile(rb"<(?:\w+:)?Ack>\s*true\s*</")


@dataclass(slots=True)
class Outbound:
    """The outbound messages of an org, and the records that were written since the last ones were sent."""

    store: Store
    organization: str
    targets: list[tuple[str, str]] = field(default_factory=list)
    _number: int = 0

    def add(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """A message for an object to a URL, as a person makes it in Setup."""
        definition = self.store.definition(str(given["object"]))
        if definition is None:
            raise ValueError(f"there is no object {given['object']}")
        self.targets.append((definition.name, str(given["url"])))
        return {"organization": self.organization}

    def after_commit(self, touched: Iterable[tuple[str, str]]) -> Iterator[Post]:
        """What is sent of records that were written."""
        ids: dict[str, dict[str, None]] = {}
        for name, id_ in touched:
            ids.setdefault(name, {})[id_] = None
        for name, url in self.targets:
            mine = [one for one in ids.get(name, {}) if not (self.store.get(name, one) or {}).get("IsDeleted")]
            for start in range(0, len(mine), AT_ONCE):
                yield self.message(name, mine[start : start + AT_ONCE], url)

    def message(self, name: str, ids: Sequence[str], url: str, *, organization: str = "") -> Post:
        """One message about records of an object."""
        org = organization or self.organization
        parts = []
        for one in ids:
            self._number += 1
            parts.append(
                f"<Notification><Id>{make_id('04l', self._number)}</Id>"
                f'<sObject xsi:type="sf:{name}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
                f"<sf:Id>{escape(one)}</sf:Id></sObject></Notification>"
            )
        body = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
            ' xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            '<soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound">'
            f"<OrganizationId>{org}</OrganizationId><ActionId>{make_id('04k', 1)}</ActionId>"
            '<SessionId xsi:nil="true"/>'
            "<EnterpriseUrl>https://example.my.salesforce.com/services/Soap/c/62.0/</EnterpriseUrl>"
            "<PartnerUrl>https://example.my.salesforce.com/services/Soap/u/62.0/</PartnerUrl>"
            f"{''.join(parts)}</notifications></soapenv:Body></soapenv:Envelope>"
        )
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""'}
        return Post(url, body.encode(), headers, f"outbound {name}", 60.0, PAUSES, _acknowledged)

    def about(self, name: str, id_: str, *, genuine: bool) -> list[Post]:
        """What would be sent of a record, which need not be there; forged: in the name of another org."""
        other = "" if genuine else make_id("00D", 999)
        targets = [url for known, url in self.targets if known == name][:1]
        return [self.message(name, [long_id(id_) or id_], url, organization=other) for url in targets]


def _acknowledged(status: int, body: bytes) -> bool:
    return status == 200 and _ACK.search(body) is not None
