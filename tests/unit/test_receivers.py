"""Receivers: which deliveries are genuine, and which records they name. Pure functions; nothing is sent."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import replace

import pytest

from bridge.adapters.erpnext.webhooks import receiver as erpnext
from bridge.adapters.odoo.webhooks import receiver as odoo
from bridge.adapters.salesforce.webhooks import ACK
from bridge.adapters.salesforce.webhooks import receiver as salesforce
from bridge.ports.errors import ConfigError
from bridge.ports.hints import Delivery, Heard, Hint, Receiver, Refusal

FIN = {"url": "https://fin.example", "api_key": "k", "api_secret": "s"}
ERP = {"url": "https://erp.example", "database": "acme", "login": "a", "password": "p"}
CRM = {"instance_url": "https://acme.my.salesforce.com", "client_id": "i", "client_secret": "s"}
SECRET, PATH, TOKEN, ORG = (
    "a-secret-of-the-site",
    "path-nobody-can-guess",
    "token-nobody-can-guess",
    "00Dq00000000001EAA",
)


def made(found: Receiver | None) -> Receiver:
    assert found is not None
    return found


def names(heard: Heard | Refusal) -> list[tuple[str, str]]:
    assert isinstance(heard, Heard), heard
    return [(hint.object, hint.native_id) for hint in heard.hints]


class TestErpnext:
    receiver = made(erpnext("fin", {**FIN, "webhook_secret": SECRET}))
    body = json.dumps({"doctype": "Customer", "name": "Häcker & Söhne", "modified": "2026-01-02 03:04:05.6"}).encode()

    def delivery(self, body: bytes, secret: str = SECRET, path: str = "") -> Delivery:
        signature = base64.b64encode(hmac.digest(secret.encode(), body, "sha256")).decode()
        return Delivery(path, {}, {"x-frappe-webhook-signature": signature}, body)

    def test_a_signed_one_names_its_document(self) -> None:
        assert names(self.receiver.hear(self.delivery(self.body))) == [("Customer", "Häcker & Söhne")]

    def test_an_address_names_whose_it_is(self) -> None:
        body = json.dumps({"doctype": "Address", "name": "A-Billing", "links": [["Customer", "A"], ["x"], 3]}).encode()
        assert names(self.receiver.hear(self.delivery(body))) == [("Address", "A-Billing"), ("Customer", "A")]

    def test_each_event_is_a_telling_of_its_own(self) -> None:
        """A document is deleted with the stamp of its last change: that is no repetition of it."""
        told = []
        for event in ("on_update", "on_trash", "on_update"):
            body = json.dumps({**json.loads(self.body), "event": event}).encode()
            heard = self.receiver.hear(self.delivery(body))
            assert isinstance(heard, Heard)
            told.append(heard.hints[0].delivery)
        assert told[0] == told[2] != told[1]

    @pytest.mark.parametrize(
        "change",
        [
            lambda d: replace(d, body=d.body.replace(b"Customer", b"Customes")),
            lambda d: replace(d, body=d.body + b" "),
            lambda d: replace(d, headers={}),
            lambda d: replace(d, headers={"x-frappe-webhook-signature": ""}),
            lambda d: replace(d, headers={"x-frappe-webhook-signature": "ä\udcff"}),
            lambda d: replace(d, path="elsewhere"),
        ],
    )
    def test_what_is_not_signed_over_every_byte_is_forged(self, change: object) -> None:
        assert self.receiver.hear(change(self.delivery(self.body))) == "forged"  # type: ignore[operator]

    def test_another_secret_is_forged(self) -> None:
        assert self.receiver.hear(self.delivery(self.body, "another")) == "forged"

    @pytest.mark.parametrize(
        "body",
        [
            *(b"", b"{", b"[]", b"null", b"{}", b'{"doctype": "Customer", "name": 7}', b"\xff", b"[" * 100_000),
            json.dumps({"doctype": "Customer", "name": "x" * 141}).encode(),
        ],
    )
    def test_what_is_signed_and_no_document_is_unreadable(self, body: bytes) -> None:
        assert self.receiver.hear(self.delivery(body)) == "unreadable"

    def test_without_a_secret_there_is_none(self) -> None:
        assert erpnext("fin", FIN) is None

    def test_a_short_secret_is_refused_and_not_repeated(self) -> None:
        with pytest.raises(ConfigError, match="webhook_secret") as caught:
            erpnext("fin", {**FIN, "webhook_secret": "hunter2"})
        assert "hunter2" not in str(caught.value)


class TestOdoo:
    receiver = made(odoo("erp", {**ERP, "webhook_path": PATH, "webhook_token": TOKEN}))

    def delivery(self, said: object, path: str = PATH, token: str | None = TOKEN) -> Delivery:
        return Delivery(path, {} if token is None else {"token": token}, {}, json.dumps(said).encode())

    def test_the_address_holds_both_secrets(self) -> None:
        assert self.receiver.ending == f"/{PATH}?token={TOKEN}"
        assert PATH not in repr(self.receiver)

    def test_a_partner_names_itself_and_who_is_above(self) -> None:
        said = {"_action": "a(#1)", "_id": 1627, "_model": "res.partner", "id": 1627, "parent_id": 12}
        assert names(self.receiver.hear(self.delivery(said))) == [("res.partner", "1627"), ("res.partner", "12")]
        assert names(self.receiver.hear(self.delivery({**said, "parent_id": False}))) == [("res.partner", "1627")]

    def test_it_is_read_a_moment_later(self) -> None:
        """Odoo 18 tells inside its transaction."""
        heard = self.receiver.hear(self.delivery({"_id": 1, "_model": "sale.order"}))
        assert isinstance(heard, Heard)
        assert heard.wait > 0

    def test_values_are_no_part_of_it(self) -> None:
        said = {"_id": 1, "_model": "res.partner", "name": "Forged", "write_date": "2026-11-23 08:14:16.948259"}
        heard = self.receiver.hear(self.delivery(said))
        assert isinstance(heard, Heard)
        assert "Forged" not in str([(hint.object, hint.native_id, hint.delivery) for hint in heard.hints])

    @pytest.mark.parametrize(("model", "named"), [("product.template", "product.product"), ("stock.quant",) * 2])
    def test_what_is_no_record_of_its_own_is_told_as_a_whole(self, model: str, named: str) -> None:
        assert names(self.receiver.hear(self.delivery({"_id": 5, "_model": model}))) == [(named, "")]

    @pytest.mark.parametrize(
        ("path", "token"), [("", TOKEN), (PATH + "x", TOKEN), (PATH, None), (PATH, ""), (PATH, TOKEN[:-1]), ("ä", "ö")]
    )
    def test_a_wrong_address_is_forged(self, path: str, token: str | None) -> None:
        assert self.receiver.hear(self.delivery({"_id": 1, "_model": "res.partner"}, path, token)) == "forged"

    @pytest.mark.parametrize(
        "said", [None, [], {}, {"_id": "1", "_model": "x"}, {"_id": True, "_model": "x"}, {"_id": 1}]
    )
    def test_what_names_no_record_is_unreadable(self, said: object) -> None:
        assert self.receiver.hear(self.delivery(said)) == "unreadable"

    def test_one_secret_alone_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="belong together"):
            odoo("erp", {**ERP, "webhook_path": PATH})


ENVELOPE = (
    '<?xml version="1.0" encoding="UTF-8"?>{prologue}'
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
    '<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>{org}</OrganizationId>'
    "<ActionId>04kx</ActionId><SessionId>{session}</SessionId>{inside}</notifications></soapenv:Body></soapenv:Envelope>"
)
ONE = (
    '<Notification><Id>04l{n}</Id><sObject xsi:type="sf:{kind}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
    "<sf:Id>{id}</sf:Id><sf:Name>Forged</sf:Name></sObject></Notification>"
)


class TestSalesforce:
    receiver = made(salesforce("crm", {**CRM, "webhook_path": PATH, "organization_id": ORG}))

    def delivery(
        self, inside: str = "", *, org: str = ORG, path: str = PATH, prologue: str = "", session: str = ""
    ) -> Delivery:
        body = ENVELOPE.format(org=org, inside=inside, prologue=prologue, session=session)
        return Delivery(path, {}, {}, body.encode())

    def test_several_notifications_are_one_message_and_are_acknowledged(self) -> None:
        inside = ONE.format(n=1, kind="Account", id="001a") + ONE.format(n=2, kind="Contact", id="003b")
        heard = self.receiver.hear(self.delivery(inside, session="secret-session"))
        assert isinstance(heard, Heard)
        assert heard.hints == (Hint("Account", "001a"), Hint("Contact", "003b"))
        assert [hint.delivery for hint in heard.hints] == ["04l1", "04l2"]
        assert heard.answer == ACK
        assert b"<Ack>true</Ack>" in ACK
        assert heard.content_type.startswith("text/xml")
        assert "secret-session" not in repr(heard)

    def test_the_short_id_of_the_org_is_the_same(self) -> None:
        assert names(self.receiver.hear(self.delivery(ONE.format(n=1, kind="A", id="1"), org=ORG[:15]))) == [("A", "1")]

    def test_another_org_and_another_address_are_forged(self) -> None:
        inside = ONE.format(n=1, kind="Account", id="001a")
        assert self.receiver.hear(self.delivery(inside, org="00Dq0000000ZZZZEAA")) == "forged"
        assert self.receiver.hear(self.delivery(inside, path="x")) == "forged"

    def test_nothing_is_parsed_before_the_address_is_right(self) -> None:
        assert self.receiver.hear(Delivery("x", {}, {}, b"<")) == "forged"
        assert self.receiver.hear(Delivery(PATH, {}, {}, b"<")) == "unreadable"

    def test_a_billion_laughs(self) -> None:
        laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
        prologue = f'<!DOCTYPE x [<!ENTITY l0 "lol">{laughs}]>'
        inside = ONE.format(n=1, kind="Account", id="&l9;")
        assert self.receiver.hear(self.delivery(inside, prologue=prologue)) == "unreadable"

    @pytest.mark.parametrize(
        "prologue",
        [
            "<!DOCTYPE x>",
            '<!DOCTYPE x SYSTEM "file:///etc/passwd">',
            '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        ],
    )
    def test_no_document_type_is_taken(self, prologue: str) -> None:
        inside = ONE.format(n=1, kind="Account", id="001a")
        assert self.receiver.hear(self.delivery(inside, prologue=prologue)) == "unreadable"

    def test_depth_and_other_documents(self) -> None:
        deep = b"<a>" * 10_000 + b"</a>" * 10_000
        for body in (deep, b"", b"{}", b"<a/>", b"\x00", b'<?xml version="1.0" encoding="no-such"?><a/>'):
            assert self.receiver.hear(Delivery(PATH, {}, {}, body)) == "unreadable"
