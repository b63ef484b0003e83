"""`notify:` and `bridge notify`: real mail and chat servers, and what is said when they do not take a message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.config import load_config
from bridge.engine.plan.notices import KINDS
from cli.conftest import Company
from support.hook import SECRET, Hook, hook
from support.smtp import PASSWORD, USER, MailServer, mail_server

SECTION = """
notify:
  after: 0s
  mail:
    host: 127.0.0.1
    port: {port}
    user: {user}
    password: {{env: MAIL_PASSWORD}}
    from: bridge@example.com
    to: [ops@example.com, night@example.com]
    ca_file: {ca}
  webhook: {{url: {{env: CHAT_URL}}}}
"""
BAD = """
notify:
  intervall: 1h
  remind: often
  events: [dead, helt]
  mail:
    host: "smtp server"
    tls: "yes"
    user: bridge
    password: hunter2-hunter2
    from: "bridge@example.com\\nBcc: all@example.com"
    to: ops
  webhook: {url: "https://hooks.example.com/T0KEN-5b1e77aa"}
"""


@pytest.fixture
def mails(tmp_path: Path) -> Iterator[MailServer]:
    folder = tmp_path / "mail"
    folder.mkdir()
    with mail_server(folder) as server:
        yield server


@pytest.fixture
def chat() -> Iterator[Hook]:
    with hook() as server:
        yield server


@pytest.fixture
def told(company: Company, mails: MailServer, chat: Hook, monkeypatch: pytest.MonkeyPatch) -> Company:
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    monkeypatch.setenv("CHAT_URL", chat.url)
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + SECTION.format(port=mails.port, user=USER, ca=mails.certificate))
    return company


def silent_about_secrets(text: str) -> None:
    assert SECRET not in text
    assert PASSWORD not in text


def test_a_test_message_arrives_by_both_ways(told: Company, mails: MailServer, chat: Hook) -> None:
    said = told.bridge("notify", "--test", "--json")
    assert said.json["ok"] is True
    assert [(row["by"], row["sent"]) for row in said.json["sent"]] == [("mail", True), ("webhook", True)]
    (mail,) = mails.mails
    assert (mail["From"], mail["To"]) == ("bridge@example.com", "ops@example.com, night@example.com")
    assert "This is a test" in mail.get_content()
    assert {line.partition(" ")[0].strip() for line in mails.in_plain} <= {"ehlo", "EHLO", "STARTTLS"}, "all after TLS"
    assert "This is a test" in chat.taken[0]["text"]
    silent_about_secrets(said.out + said.err)


def test_what_needs_a_person_is_shown_without_sending_it(told: Company, mails: MailServer, chat: Hook) -> None:
    assert "Nothing needs a person." in told.bridge("notify").text
    told.bridge("sync")
    told.edit("crm", "crm-1", Description="pays early")
    told.edit("erp", "erp-1", comment="pays never")
    told.bridge("sync")
    said = told.bridge("notify", code=1)
    assert "held conflicts: customer 1" in said.text
    assert "bridge conflicts list --state held" in said.text
    assert "pays" not in said.text, "no value of a record"
    assert "by mail and webhook" in said.text
    document = told.bridge("notify", "--json", code=1).json
    assert document["needs"] == [{"kind": "held", "system": "", "entity": "customer", "number": 1, "told": True}]
    assert not mails.mails
    assert not chat.asked


@pytest.mark.parametrize(
    ("status", "words"), [(302, "a redirect, which is not followed (302)"), (404, "a refusal (404)"), (500, "(500)")]
)
def test_a_chat_that_does_not_take_it(told: Company, chat: Hook, status: int, words: str) -> None:
    chat.status = status
    said = told.bridge("notify", "--test", code=1)
    assert words in said.text
    assert len(chat.asked) == 1
    silent_about_secrets(said.text)


def test_a_mail_server_that_does_not_take_it(told: Company, mails: MailServer, monkeypatch: pytest.MonkeyPatch) -> None:
    def says(words: str, code: int = 1) -> None:
        said = told.bridge("notify", "--test", code=code)
        assert words in said.text
        silent_about_secrets(said.text)

    mails.refused = {"ops@example.com"}
    says("refuses 1 of 2 receivers", code=0)
    assert len(mails.mails) == 1
    mails.refused = {"ops@example.com", "night@example.com"}
    says("refuses every receiver")
    monkeypatch.setenv("MAIL_PASSWORD", "wrong-password")
    says("refuses the log-in (535)")
    monkeypatch.setenv("MAIL_PASSWORD", "pässwort")
    says("letters that SMTP cannot carry")
    monkeypatch.setenv("MAIL_PASSWORD", PASSWORD)
    mails.starttls = False
    says("offers no STARTTLS")
    mails.broken = True
    says("the mail server ")
    mails.broken, mails.starttls = False, True
    told.change("bridge.yaml", f"    ca_file: {mails.certificate}\n", "")
    says("certificate of the mail server could not be verified")
    told.change("bridge.yaml", f"port: {mails.port}", "port: 1")
    says("does not answer (ConnectionRefusedError)")
    assert len(mails.mails) == 1


def test_a_netrc_is_not_asked(told: Company, chat: Hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret-of-another\n")
    monkeypatch.setenv("NETRC", str(netrc))
    told.bridge("notify", "--test")
    assert "Authorization" not in chat.headers[0]


def test_what_is_missing_is_told_with_its_line(told: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAIL_PASSWORD")
    monkeypatch.setenv("CHAT_URL", f"http://chat.example/{SECRET}")
    for words in (("notify",), ("notify", "--test"), ("run",)):
        said = told.bridge(*words, code=2)
        assert "the secret env MAIL_PASSWORD is not there" in said.text
        assert "no address that begins with https://" in said.text
        silent_about_secrets(said.text)


def test_nobody_is_told(company: Company) -> None:
    assert "Nobody is told" in company.bridge("notify").text
    assert "names neither `mail` nor `webhook`" in company.bridge("notify", "--test", code=2).text


def test_it_is_read(told: Company) -> None:
    notify = load_config(told.folder / "bridge.yaml").notify
    assert notify.terms.kinds == tuple(KINDS)
    assert (notify.terms.interval, notify.terms.after) == (timedelta(hours=1), timedelta(0))
    assert notify.mail is not None
    assert notify.mail.tls == "starttls"


def test_what_is_wrong_with_it(company: Company) -> None:
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + BAD)
    said = company.bridge("status", code=2)
    assert "hunter2" not in said.text
    silent_about_secrets(said.text)
    first = file.read_text().splitlines().index("  intervall: 1h") + 1
    for line, words in (
        (first, "unknown entry, did you mean 'interval'?"),
        (first + 1, "expected a time like"),
        (first + 2, "there is no such event, did you mean 'held'?"),
        (first + 4, "name the mail server here"),
        (first + 5, "expected starttls, on or off"),
        (first + 7, "expected the place of the secret here"),
        (first + 8, "expected an address like"),
        (first + 9, "expected an address like"),
        (first + 10, "expected the place of the secret here"),
    ):
        assert any(f"bridge.yaml:{line}:" in row and words in row for row in said.text.splitlines()) or (
            f"bridge.yaml:{line}:" in said.text and words in said.text
        ), (line, words)


def test_mail_without_tls_is_for_this_machine_only(company: Company) -> None:
    file = company.folder / "bridge.yaml"
    mail = "mail: {host: mail.example.com, tls: off, from: a@example.com, to: b@example.com}"
    file.write_text(file.read_text() + f"\nnotify: {{{mail}}}\n")
    assert "off is for a mail server on this machine only" in company.bridge("status", code=2).text
