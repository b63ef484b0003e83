"""A company whose every credential and every person is a mark, and the command line under watch."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from typer.main import get_command

from bridge.entrypoints.cli import output
from bridge.entrypoints.cli.app import app
from bridge.sandbox import build
from bridge.sandbox.kernel import Server, serve
from bridge.sandbox.salesforce.auth import Sessions
from support.command import invoke
from support.echo import Echo
from support.leaks import Marks, in_files, in_store

VENDORS = {"crm": "salesforce", "erp": "odoo", "fin": "erpnext"}
LOGIN = "integration-login@mark.example"
"""Who bridge is in Odoo. `bridge check` says it, on purpose; it is no mark."""

SECRETS = {
    "MARK_CRM_ID": "Mark-crm-id-5f0c2e",
    "MARK_CRM_SECRET": "Mark-crm-secret-81b7/+&%=x",
    "MARK_CRM_TOKEN": "00Dmark00000001!Mark.access.token.77aa",
    "MARK_ERP_DATABASE": "mark-database-90be",
    "MARK_ERP_PASSWORD": 'Mark odoo "password" 4d1f/+&%\\ä',
    "MARK_ERP_KEY": "mark0odoo0api0key0c3d9e",
    "MARK_FIN_KEY": "mark0erpnext0key0a71",
    "MARK_FIN_SECRET": "mark0erpnext0secret0b82",
    "MARK_FIN_SITE": "mark-site-7c3.internal",
}
WRONG = {name: f"wrong-{value}" for name, value in SECRETS.items() if name != "MARK_FIN_SITE"}
NETRC, PROXY = "mark-netrc-password-2e7d", "mark-proxy-password-6b1a"
PEOPLE = ("Zwetschgenbaum", "zita.zwetschge@privat.example", "+49 151 23456789", "4915123456789", "DE811907980")
CONFIGURATION = """version: "1"
store: {store}
mappings: mappings
sync: {{wait: 0s}}
systems:
  crm:
    adapter: salesforce
    instance_url: {crm}
    grant: client_credentials
    client_id: {{env: MARK_CRM_ID}}
    client_secret: {{env: MARK_CRM_SECRET}}
    read_timeout: 5
  erp:
    adapter: odoo
    url: {erp}
    database: {{env: MARK_ERP_DATABASE}}
    login: {login}
    password: {{env: MARK_ERP_PASSWORD}}
    read_timeout: 5
  fin:
    adapter: erpnext
    url: {fin}
    api_key: {{env: MARK_FIN_KEY}}
    api_secret: {{env: MARK_FIN_SECRET}}
    site: {{env: MARK_FIN_SITE}}
    read_timeout: 5
"""
MAPPING = """version: "1"
entity: customer
systems:
  crm: {object: Account}
  erp: {object: res.partner, where: "is_company = true and ref_company_ids is not set"}
  fin: {object: Customer}
identity:
  key: {crm: Bridge_Id__c, erp: external id, fin: bridge_external_id}
  match:
    - same: [tax_id]
    - same: [email]
    - {similar: [name], above: "0.92", then: review}
defaults: {direction: both, conflict: newest}
fields:
  name:   {crm: Name, erp: name, fin: customer_name, required: yes}
  tax_id: {crm: VAT__c, erp: vat, fin: tax_id}
  email:  {crm: Email__c, erp: email}
  phone:  {crm: Phone, erp: phone, conflict: ask}
  notes:  {crm: Description, erp: comment, fin: customer_details, transform: {erp: html_text}}
"""
SHOWS_VALUES = (("plan",), ("explain",), ("conflicts",), ("outbox", "show"), ("links",))
"""Commands that show records on standard output: that is what they are for."""


def private_key() -> tuple[str, str]:
    """A new RSA key and its public half, both PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


class Watched:
    """The site, and everything it has said."""

    def __init__(self, folder: Path, servers: Mapping[str, Server], secrets: Marks, log: StringIO) -> None:
        self.folder, self.servers, self.secrets, self.log = folder, servers, secrets, log
        self.people = Marks(PEOPLE)
        self.environment = {**SECRETS, "BRIDGE_CONFIG": str(folder / "bridge.yaml"), "NO_COLOR": "1"}
        self.store = f"sqlite:///{folder / 'bridge.db'}"
        self.ran: set[tuple[str, ...]] = set()
        self.configure()
        (folder / "mappings").mkdir()
        (folder / "mappings" / "customer.yaml").write_text(MAPPING, encoding="utf-8")

    def echo(self, system: str) -> Echo:
        found = self.servers[system].app
        assert isinstance(found, Echo)
        return found

    def configure(self, *changes: tuple[str, str], store: str = "sqlite:///bridge.db") -> None:
        """Write the configuration, with these parts replaced."""
        addresses = {system: server.url for system, server in self.servers.items()}
        text = CONFIGURATION.format(**addresses, store=store, login=LOGIN)
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        (self.folder / "bridge.yaml").write_text(text, encoding="utf-8")

    def control(self, system: str, method: str, path: str, **given: Any) -> Any:
        url = f"{self.servers[system].url}/__sandbox__/{path}"
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, url, json=given or None, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def bridge(self, *words: str, code: int | None = None) -> str:
        """Run a command and look at all it said: output, errors, log at level DEBUG, crash notes, the store."""
        self.log.truncate(0)
        self.log.seek(0)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            said = invoke(words, env=self.environment)
        assert code is None or said.exit_code == code, f"{words} ended with {said.exit_code}: {said.output}"
        self.ran.add(words)
        self.judge(words, said.stdout, said.stderr, self.log.getvalue(), " ".join(str(one.message) for one in warned))
        return said.stdout + said.stderr

    def judge(self, words: tuple[str, ...], out: str, *quiet: str) -> None:
        """No secret anywhere; no person but on standard output of the commands that show records."""
        shows = any(words[: len(shown)] == shown for shown in SHOWS_VALUES)
        told = [] if shows else self.people.found(out)
        for text in (out, *quiet):
            assert "Traceback (most recent call last)" not in text, f"{words}: {text}"
            assert self.secrets.found(text) == [], f"{words} told a secret: {text}"
        for text in quiet:
            told += self.people.found(text)
        assert told == [], f"{words} told of a person: {out} {quiet}"

    def nothing_left(self) -> None:
        """Neither the store nor any file of the folder holds what it must not."""
        if (self.folder / "bridge.db").exists():
            assert in_store(self.store, self.secrets, self.people) == []
        assert in_files(self.folder, self.secrets, self.people, but=("secret.txt", "netrc")) == []

    def let_in_again(self, said: str) -> None:
        """End the pauses of systems that refused a log-in."""
        for system in VENDORS:
            if "BR-AUTH" in said:
                self.bridge("outbox", "resume", system)

    def fill(self, number: int = 2, first: int = 0) -> None:
        """Customers in the CRM that the others lack, the last of which ERPNext takes offence at; and one in Odoo."""
        accounts = []
        for n in range(first, first + number):
            values = {
                "Name": f"Zita Zwetschgenbaum {n}" + (" <x>" if n == first + number - 1 else ""),
                "Email__c": f"{n}.zita.zwetschge@privat.example",
                "Phone": "+49 151 23456789",
                "VAT__c": "DE811907980" if n == 0 else None,
                "Description": "Zita Zwetschgenbaum pays late",
            }
            accounts.append({"object": "Account", "values": {k: v for k, v in values.items() if v}})
        self.control("crm", "POST", "seed", records=accounts)
        partner = {"name": f"Otto Zwetschgenbaum {first}", "email": f"{first}.otto@privat.example", "is_company": True}
        self.control("erp", "POST", "seed", records=[{"object": "res.partner", "values": partner}])


@contextmanager
def started() -> Iterator[dict[str, Server]]:
    """The three sandboxes, each wanting its mark, each able to echo."""
    options = {
        "crm": {"client_id": SECRETS["MARK_CRM_ID"], "client_secret": SECRETS["MARK_CRM_SECRET"], "key_field": True},
        "erp": {
            "database": SECRETS["MARK_ERP_DATABASE"],
            "login": LOGIN,
            "password": SECRETS["MARK_ERP_PASSWORD"],
            "api_key": SECRETS["MARK_ERP_KEY"],
        },
        "fin": {
            "api_key": SECRETS["MARK_FIN_KEY"],
            "api_secret": SECRETS["MARK_FIN_SECRET"],
            "key_field": True,
            "site": SECRETS["MARK_FIN_SITE"],
        },
    }
    with ExitStack() as stack:
        servers = {}
        for system, vendor in VENDORS.items():
            server = stack.enter_context(serve(build(vendor, **options[system])))
            server.app = Echo(server.app)
            servers[system] = server
        yield servers


@contextmanager
def watched(folder: Path, servers: Mapping[str, Server], monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    """The site under watch: every logger at DEBUG, crash notes in the folder, each session a mark."""
    secrets = Marks([*SECRETS.values(), *WRONG.values(), NETRC, PROXY])
    log = StringIO()
    handler = logging.StreamHandler(log)
    root = logging.getLogger()
    levels = {root: root.level}
    root.addHandler(handler)
    for name in ("", "sqlalchemy", "sqlalchemy.engine", "sqlalchemy.engine.Engine", "sqlalchemy.pool", "odoorpc",
                 "urllib3", "requests", "simple_salesforce", "alembic", "psycopg", "keyring"):  # fmt: skip
        logger = logging.getLogger(name)
        levels.setdefault(logger, logger.level)
        logger.setLevel(logging.DEBUG)
    opened = Sessions.open

    def marked(self: Sessions) -> str:
        token = opened(self)
        secrets.add(token)
        secrets.add(token.partition("!")[2])
        return token

    monkeypatch.setattr(Sessions, "open", marked)
    notes = folder / "notes"
    notes.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(notes))
    monkeypatch.setattr("typer.testing._get_command", lambda app: _COMMAND)
    monkeypatch.setattr(output.console, "width", 400)
    monkeypatch.chdir(folder)
    try:
        site = Watched(folder, servers, secrets, log)
        for system in VENDORS:
            site.echo(system).answer = None
            site.control(system, "POST", "reset")
            site.echo(system).heard.clear()
        yield site
    finally:
        root.removeHandler(handler)
        for logger, level in levels.items():
            logger.setLevel(level)


_COMMAND = get_command(app)
