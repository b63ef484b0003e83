"""No secret and no personal data in anything bridge says or leaves (G10): every command, good and bad days."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import requests
from typer.main import get_command

from bridge.adapters.odoo.adapter import OdooAdapter
from bridge.entrypoints.cli import output
from bridge.entrypoints.cli.app import app
from bridge.ports.errors import Rejected
from bridge.ports.records import WriteResult
from bridge.sandbox import build
from bridge.sandbox.kernel import Server, serve
from e2e.marked import NETRC, PROXY, SECRETS, VENDORS, WRONG, Watched, private_key, started, watched
from support.hook import SECRET as CHAT_SECRET
from support.hook import hook
from support.leaks import Marks, in_files, in_store

APART = {("sandbox",), ("demo",)}
"""Commands that know no secret and no person: they are about servers of their own."""


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Server]]:
    with started() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, servers: dict[str, Server], monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    with watched(tmp_path, servers, monkeypatch) as made:
        yield made
        made.nothing_left()


def commands() -> set[tuple[str, ...]]:
    """Every command there is."""
    found: set[tuple[str, ...]] = set()
    waiting = [((), get_command(app))]
    while waiting:
        words, command = waiting.pop()
        inner = getattr(command, "commands", None)
        if inner is None:
            found.add(words)
        else:
            waiting += [((*words, name), one) for name, one in inner.items()]
    return found - APART


def everything(site: Watched) -> None:
    """Run every command, as a table and as a document."""
    account, another = list(site.control("crm", "GET", "dump")["Account"])[:2]
    one, other = f"crm:customer:{account}", f"crm:customer:{another}"
    entries = json.loads(site.bridge("outbox", "list", "--json"))["entries"]
    entry = str(entries[0]["id"]) if entries else "1"
    last = json.loads(site.bridge("status", "--json"))["runs"][0]["id"]
    journal = json.loads(site.bridge("conflicts", "list", "--json"))["conflicts"]
    conflict = str(journal[0]["id"]) if journal else "00000000"
    kept = str(site.folder / "bridge.db.kept")
    words = [
        ("init", "elsewhere"), ("check",), ("adapters", "list"), ("adapters", "new", "acme", "--into", "elsewhere"),
        *(("setup", system, "--dry-run") for system in VENDORS),
        ("mapping", "lint"), ("mapping", "schema"), ("mapping", "show"), ("mapping", "export", "customer", "sheet.csv"),
        ("mapping", "import", "customer", "sheet.csv"), ("mapping", "changes"), ("plan", "--all"), ("sync",),
        ("status",), ("pause", "customer"), ("status",), ("resume", "customer"),
        ("explain", one), ("explain", "crm:customer:none"), ("conflicts", "list"),
        ("conflicts", "show", conflict), ("conflicts", "assign", conflict, "--to", "Anna"),
        ("conflicts", "resolve", conflict, "--take", "erp"), ("conflicts", "resolve", conflict, "--value", "?"),
        ("outbox", "list"), ("outbox", "list", "--by-cause"), ("outbox", "show", entry), ("links", "list"),
        ("links", "list", "--state", "review"), ("links", "review"), ("links", "split", one, "--dry-run"),
        ("links", "unlink", one, "--dry-run"), ("links", "link", one, "none"), ("links", "link", one, one),
        ("links", "merge", one, other), ("links", "new", one), ("outbox", "replay", "--all"),
        ("outbox", "pause", "fin"), ("outbox", "resume", "fin"), ("outbox", "discard", "999"),
        ("outbox", "discard", entry),
        *(("migrate", stage, "--from", "crm", "--to", "erp") for stage in ("profile", "match", "plan")),
        ("migrate", "load", "--from", "crm", "--to", "erp", "--yes"),
        *(("migrate", stage, "--from", "crm", "--to", "erp") for stage in ("verify", "report")),
        ("migrate", "list"), ("migrate", "undo", "none"),
        ("migrate", "--from", "erp", "--to", "fin", "--entities", "customer", "--full"),
        ("rejects", "list", "crm"), ("rejects", "write", "crm"), ("rejects", "replay", "crm"),
        ("approve", "--list"), ("approve", "4f1d0c2ab9e3"), ("undo", last), ("notify",), ("notify", "--test"),
        ("backup", kept), ("store", "check"), ("store", "check", kept), ("restore", kept),
        ("restore", kept, "--replace"), ("forget", one), ("forget", one, "--apply", "--anyway"),
    ]  # fmt: skip
    for said in words:
        site.bridge(*said)
        site.bridge(*said, "--json")
    daemon(site)
    ran = {said[: len(command)] for said in site.ran for command in commands()}
    assert commands() <= ran, "a command is not looked at"


def soon(what: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until, "it does not come"
        time.sleep(0.2)


def daemon(site: Watched) -> None:
    """The daemon as a process of its own: what it says, its pages, and what it tells a chat."""
    file = site.folder / "bridge.yaml"
    mapping = site.folder / "mappings" / "customer.yaml"
    before, good = file.read_text(encoding="utf-8"), mapping.read_text(encoding="utf-8")
    with hook() as chat:
        told = "notify: {after: 0s, webhook: {url: {env: CHAT_URL}}}"
        file.write_text(f"{before}\nrun: {{every: 1s, listen: 127.0.0.1:0}}\n{told}\n", encoding="utf-8")
        site.secrets.add(CHAT_SECRET)
        process = subprocess.Popen(
            [sys.executable, "-m", "bridge", "run", "--json"],
            env={**os.environ, **site.environment, "CHAT_URL": chat.url},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            started = json.loads(process.stdout.readline())
            assert started["event"] == "started", started
            url = f"http://127.0.0.1:{started['port']}"
            soon(lambda: requests.get(f"{url}/readyz", timeout=10).status_code == 200)
            mapping.write_text(f"{good}\nbroken: entry\n", encoding="utf-8")
            soon(lambda: chat.taken)
            pages = [requests.get(url + page, timeout=10).text for page in ("/status", "/metrics", "/healthz")]
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    file.write_text(before, encoding="utf-8")
    mapping.write_text(good, encoding="utf-8")
    site.ran.add(("run",))
    site.judge(("run",), out + json.dumps(started), err, *pages, json.dumps(chat.taken))


def test_every_command_on_a_good_day(site: Watched) -> None:
    """Also with a conflict, a record that is refused, and a terminal that shows progress."""
    site.fill()
    said = site.bridge("sync", code=1)  # ERPNext takes no name with pointed brackets
    assert "BR-REJECTED" in said
    partners = site.control("erp", "GET", "dump")["res.partner"]
    partner = next(id_ for id_, row in partners.items() if row["name"] == "Zita Zwetschgenbaum 0")
    account = next(iter(site.control("crm", "GET", "dump")["Account"]))
    site.control("erp", "POST", "edit", object="res.partner", id=partner, values={"phone": "+49 151 23456789 1"})
    site.control("crm", "POST", "edit", object="Account", id=account, values={"Phone": "+49 151 23456789 2"})
    site.bridge("sync")
    assert '"conflicts": [\n' in site.bridge("conflicts", "list", "--json"), "there is something to be told"
    everything(site)
    output.stderr._force_terminal = output.console._force_terminal = True
    try:
        for words in (("sync",), ("plan",), ("check",), ("status",)):
            site.bridge(*words)
    finally:
        output.stderr._force_terminal = output.console._force_terminal = None
    assert any(site.secrets.found(heard) for heard in site.echo("fin").heard), "the marks are in use"


def test_every_command_with_wrong_credentials(site: Watched) -> None:
    site.fill()
    site.bridge("sync")
    site.environment |= WRONG
    assert "BR-AUTH" in site.bridge("check", code=1)
    talking = [("setup", "fin"), ("mapping", "lint"), ("plan",), ("sync",), ("status",), ("outbox", "list")]
    for words in talking:
        site.bridge(*words)
        site.bridge(*words, "--json")
    site.environment |= {name: f"{value}\nsecond line" for name, value in SECRETS.items()}  # a careless paste
    for words in (("check",), *talking):
        site.bridge(*words)


def test_files_their_rejects_and_a_migration(site: Watched) -> None:
    """The rows themselves stand in the files that a person asked for, and nowhere else."""
    (site.folder / "data").mkdir()
    listed = site.folder / "data" / "customers.csv"
    listed.write_text(
        "Number,Name,Mail,Phone\n"
        "1,Zita Zwetschgenbaum,zita.zwetschge@privat.example,+49 151 23456789\n"
        "2,,otto@privat.example,+49 151 23456789\n"
        f"3,{'Zwetschgenbaum' * 20},long@privat.example,\n",
        encoding="utf-8",
    )
    files = (
        "  desk: {adapter: files, folder: data, files: {customers: {id: Number, columns: {Name: {required: yes}}}}}\n"
    )
    site.configure(("systems:\n", "systems:\n" + files))
    mapping = site.folder / "mappings" / "customer.yaml"
    text = mapping.read_text(encoding="utf-8")
    for old, new in (
        ("systems:\n", "systems:\n  desk: {object: customers}\n"),
        ("key: {", "key: {desk: bridge_id, "),
        ("{crm: Name,", "{desk: Name, crm: Name,"),
        ("{crm: Email__c,", "{desk: Mail, crm: Email__c,"),
        ("{crm: Phone,", "{desk: Phone, crm: Phone,"),
    ):
        assert old in text
        text = text.replace(old, new)
    mapping.write_text(text, encoding="utf-8")
    assert "customers.csv" in site.bridge("setup", "desk", code=0)
    for words in (
        ("rejects", "list", "desk"), ("rejects", "write", "desk"), ("rejects", "replay", "desk"),
        *(("migrate", stage, "--from", "desk", "--to", "crm") for stage in ("profile", "match", "plan")),
        ("migrate", "--from", "desk", "--to", "crm", "--yes", "--out", "report"), ("rejects", "write", "desk"),
        ("migrate", "list"), ("sync",), ("status",), ("outbox", "list"),
    ):  # fmt: skip
        site.bridge(*words)
        site.bridge(*words, "--json")
    run = json.loads(site.bridge("migrate", "list", "--json"))["migrations"][0]["run"]
    site.bridge("migrate", "undo", run)
    site.bridge("migrate", "undo", run, "--apply")
    written = site.folder / "rejects" / "desk" / "customer.csv"
    assert "otto@privat.example" in written.read_text(encoding="utf-8"), "there was something to be told"
    for asked in (listed, written):
        asked.unlink()


@pytest.mark.parametrize("version", ["18", "19"])
def test_odoo_by_key_and_by_password(site: Watched, version: str) -> None:
    """Both protocols, with the right key and a wrong one, one with a line end, and one in letters no header takes."""
    database, key = SECRETS["MARK_ERP_DATABASE"], SECRETS["MARK_ERP_KEY"]
    login = "integration-login@mark.example"
    application = build("odoo", version=version, database=database, login=login, password="x" * 9, api_key=key)
    with serve(application) as server:
        old = "    password: {env: MARK_ERP_PASSWORD}"
        url = (site.servers["erp"].url, server.url)
        site.configure(url, (old, "    api_key: {env: MARK_ERP_KEY}"))
        site.bridge("check")
        for wrong in (key, f"wrong-{key}", f"{key}\n", f"ключ-{key}", ""):
            site.environment["MARK_ERP_KEY"] = wrong
            for words in (("check",), ("sync",), ("mapping", "lint"), ("setup", "erp")):
                site.bridge(*words)
        site.environment["MARK_ERP_KEY"] = key
        site.configure(url, (old, "    api_key: {env: MARK_ERP_KEY}\n    protocol: jsonrpc"))
        site.bridge("check")


@pytest.mark.parametrize("good", [True, False])
def test_salesforce_by_key_and_by_token(site: Watched, good: bool) -> None:
    private, public = private_key()
    lines = [line for line in private.splitlines() if not line.startswith("-----")]
    for line in lines:
        site.secrets.add(line) if len(line) > 8 else None
    (site.folder / "secret.txt").write_text(private if good else private.replace(lines[3], "ä" * 5), encoding="utf-8")
    options = {"client_id": SECRETS["MARK_CRM_ID"], "username": "integration@mark.example", "public_key": public}
    with serve(build("salesforce", **options, key_field=True)) as server:
        url = (site.servers["crm"].url, server.url)
        secret = "    client_secret: {env: MARK_CRM_SECRET}\n"
        key = "    username: integration@mark.example\n    private_key: {file: secret.txt}\n"
        site.configure(url, ("client_credentials", "jwt_bearer"), (secret, key))
        said = site.bridge("check")
        assert ("is not an RSA private key" in said) is not good
        site.bridge("sync")
        site.configure(url, ("client_credentials", "token"), (secret, "    access_token: {env: MARK_CRM_TOKEN}\n"))
        for words in (("check",), ("sync",), ("plan",)):
            site.bridge(*words)


@pytest.mark.parametrize(
    "address",
    [
        "https://user:{0}@127.0.0.1:{port}", "http://user:{0}@127.0.0.1:{port}", "https://127.0.0.1:{port}/?token={0}",
        "http://127.0.0.1:{port}/{0}", "https://user:{0}", "https://[{0}]", "https://user:{0}℀@host", "{0}",
        "http://{0}.example", "https://user:x#{0}@host", "https://user:x/{0}@host", "ftp://{0}@127.0.0.1",
        "https://127.0.0.1:1/#{0}", "https://user:[{0}]@host",
    ],
)  # fmt: skip
def test_addresses_with_a_secret_in_them(site: Watched, address: str) -> None:
    """Written into the file, where nothing hides it: an address is refused without a word of it."""
    secret = "Mark-in-an-address-3b9c"
    site.secrets.add(secret)
    for system in VENDORS:
        port = site.servers[system].port
        site.configure((site.servers[system].url, json.dumps(address.format(secret, port=port), ensure_ascii=False)))
        for words in (("check",), ("sync", "--json"), ("setup", system)):
            assert "unexpected" not in site.bridge(*words, code=2)
    (site.folder / "bridge.yaml").unlink()


def test_tls_that_is_refused(site: Watched) -> None:
    with serve(build("erpnext"), tls=True) as server:
        site.configure((site.servers["fin"].url, server.url))
        assert "certificate could not be verified" in site.bridge("check", code=1)
        site.bridge("sync", "--json")


def test_secrets_in_the_file_itself_and_in_broken_yaml(site: Watched) -> None:
    secret = "Mark-in-the-file-77d2"
    site.secrets.add(secret)
    old = "password: {env: MARK_ERP_PASSWORD}"
    for new in (f"password: {secret}", f"password: *{secret}", f"pasword: {secret}", f"password: [{secret}]",
                f"password: '{secret}", f"password: !{secret} x", f'password: "\\{secret}"', f"password: &{secret}",
                f"password: {{env: [{secret}]}}", f"password: {{vault: {secret}}}",
                f"password: @{secret}"):  # fmt: skip
        site.configure((old, new))
        for words in (("check",), ("sync", "--json"), ("status",)):
            site.bridge(*words)
    (site.folder / "bridge.yaml").unlink()


@pytest.mark.parametrize("trouble", ["", "locked"])
def test_a_keyring(site: Watched, monkeypatch: pytest.MonkeyPatch, trouble: str) -> None:
    class KeyringError(Exception):
        pass

    def get_password(service: str, user: str) -> str | None:
        if trouble:
            raise KeyringError(SECRETS["MARK_ERP_PASSWORD"])
        return SECRETS["MARK_ERP_PASSWORD"] if (service, user) == ("bridge", "erp") else None

    keyring = ModuleType("keyring")
    keyring.errors = SimpleNamespace(KeyringError=KeyringError)  # type: ignore[attr-defined]
    keyring.get_password = get_password  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    del site.environment["MARK_ERP_PASSWORD"]
    site.configure(("{env: MARK_ERP_PASSWORD}", "{keyring: bridge/erp}"))
    said = site.bridge("check", code=2 if trouble else None)
    assert ("the keyring holds nothing under bridge/erp" in said) is bool(trouble)
    site.bridge("sync")


@pytest.mark.parametrize(
    "proxy",
    ["http://user:{0}@127.0.0.1:9", "http://user:{0}@[", "ftp://user:{0}@x", "{0}", "http://user:{0}ä@127.0.0.1:9"],
)
def test_a_proxy_with_a_password(site: Watched, proxy: str) -> None:
    proxy = proxy.format(PROXY)
    site.environment |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy)
    site.environment |= {"NO_PROXY": "", "no_proxy": ""}
    for words in (("check",), ("sync",), ("sync", "--json"), ("mapping", "lint")):
        assert "unexpected" not in site.bridge(*words)


def test_a_netrc_is_neither_told_nor_sent(site: Watched) -> None:
    file = site.folder / "netrc"
    file.write_text(f"machine 127.0.0.1 login someone password {NETRC}\ndefault login someone password {NETRC}\n")
    file.chmod(0o600)
    site.environment["NETRC"] = str(file)
    site.fill()
    site.bridge("check")
    site.bridge("sync")
    heard = [line for system in VENDORS for line in site.echo(system).heard]
    assert heard
    assert [line for line in heard if Marks([NETRC]).found(line)] == []


@pytest.mark.parametrize("step", [pytest.param(1, marks=pytest.mark.long), 4])
def test_every_fault_of_the_sandboxes(site: Watched, step: int) -> None:
    """Of the network and of the vendors, in all three at once: in a writing call, and then in all calls."""
    every_secret = " ".join([*SECRETS.values(), *site.secrets.all()])
    options = {
        "status": {"status": 500, "body": json.dumps({"error": every_secret}), "headers": {"X-Error": NETRC}},
        "redirect": {"location": f"https://elsewhere.example/?token={SECRETS['MARK_FIN_SECRET']}"},
        "delay": {"seconds": 0.02},
        "slow_drip": {"seconds": 0.02},
        "late_commit": {"seconds": 1},
    }
    kinds = {system: sorted(site.servers[system].control.faults.kinds) for system in VENDORS}
    assert all({"reset", "drop_answer", "status", "html", "redirect", "truncate"} <= set(one) for one in kinds.values())
    writes = {"crm": "create *", "erp": "load *", "fin": "insert*"}
    for number, round_ in enumerate([*zip_longest(*kinds.values())][::step]):
        site.fill(1, first=10 * number)
        for system, kind in zip(VENDORS, round_, strict=True):
            given = {"kind": kind, **options.get(str(kind), {})}
            if kind is not None:
                site.control(system, "POST", "faults", operation=writes[system], times=1, **given)
                site.control(system, "POST", "faults", after=8, times=0, **given)
        site.let_in_again(site.bridge("sync", "--json"))
        site.let_in_again(site.bridge(*(("sync",), ("check",), ("mapping", "lint"))[number % 3]))
        for system in VENDORS:
            site.control(system, "DELETE", "faults")
    site.bridge("outbox", "list", "--json")


def test_the_store_of_a_postgresql(site: Watched, postgres: object) -> None:
    """A role with a password; a wrong one; one that no URL can hold unquoted; and a store that does not answer."""
    password = "Mark-postgres-password-51d8"
    site.secrets.add(password)
    url = postgres.with_password(postgres.new_database(), "marked", password)  # type: ignore[attr-defined]
    site.secrets.add(password.replace("-", ""))
    site.configure(store="{env: MARK_STORE}")
    site.environment["MARK_STORE"] = url
    site.fill()
    site.bridge("sync", "--json")
    assert "Zwetschgenbaum" in site.bridge("plan", "--all") + site.bridge("links", "list")
    site.bridge("status", code=None)
    assert in_store(url.replace("postgresql://", "postgresql+psycopg://"), site.secrets, site.people) == []
    bad = {
        url.replace(password, f"{password}x"): "refuses user or password",
        f"postgresql://user:p@{password}/db": "host name is unknown",
        f"postgresql://user:p/{password}@localhost:9/db": "nobody answers",
        f"postgresql://user:{password}@127.0.0.1:9/db": "nobody answers",
        f"postgresql://user@127.0.0.1:9/db?password={password}": "nobody answers",
        f"postgresql://user:{password}@127.0.0.1:9x/db": "not a database URL",
        f"oracle://user:{password}@db/x": "is not supported",
        f"postgresql+{password.replace('-', '')}://db/x": "no such driver",
        password: "not a database URL",
    }
    for wrong, words in bad.items():
        site.environment["MARK_STORE"] = wrong
        assert words in site.bridge("status", code=2), wrong
        site.bridge("sync", "--json", code=2)


class TestTheGrepItself:
    """A planted leak of each kind is found: else the tests above prove nothing."""

    def test_a_password_in_an_error(self, site: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
        def check(self: OdooAdapter) -> None:
            spelled = " ".join(SECRETS["MARK_ERP_PASSWORD"]).replace(" ", "")[:-1]
            raise Rejected(f"refuses {spelled}{SECRETS['MARK_ERP_PASSWORD'][-1]}", system="erp")

        monkeypatch.setattr(OdooAdapter, "check", check)
        monkeypatch.setattr("bridge.wiring.silenced", lambda adapter, secrets: adapter)
        with pytest.raises(AssertionError, match="told a secret"):
            site.bridge("check")

    def test_a_session_in_a_log_line(self, site: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
        def check(self: OdooAdapter) -> None:
            with requests.Session() as session:
                url, secret = site.servers["crm"].url, SECRETS["MARK_CRM_SECRET"]
                form = {
                    "grant_type": "client_credentials",
                    "client_id": SECRETS["MARK_CRM_ID"],
                    "client_secret": secret,
                }
                token = session.post(f"{url}/services/oauth2/token", data=form).json()["access_token"]
            logging.getLogger("somebody").debug("Authorization: Bearer %s", token)
            raise Rejected("refuses", system="erp")

        monkeypatch.setattr(OdooAdapter, "check", check)
        with pytest.raises(AssertionError, match="told a secret"):
            site.bridge("check")

    def test_an_address_of_a_customer_in_an_outbox_error(self, site: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
        def create(self: OdooAdapter, spec: object, items: list[object]) -> list[WriteResult]:
            error = Rejected("refuses zita.zwetschge@privat.example", system="erp")
            return [WriteResult("failed", error=error) for _ in items]

        monkeypatch.setattr(OdooAdapter, "create", create)
        site.fill(1)
        with pytest.raises(AssertionError, match="told of a person"):
            site.bridge("sync", "--json")
        found = in_store(site.store, site.secrets, site.people)
        assert {line.partition(":")[0] for line in found} == {"outbox.error", "run.report"}
        for path in site.folder.glob("bridge.db*"):
            path.unlink()

    @pytest.mark.parametrize("spelling", [
        "Basic bWFyazBlcnBuZXh0MGtleTBhNzE6bWFyazBlcnBuZXh0MHNlY3JldDBiODI=",
        "?secret=Mark-crm-secret-81b7%2F%2B%26%25%3Dx", r'"Mark odoo \"password\" 4d1f/+&%\\\u00e4"',
        "MARK-CRM-SECRET-81B7/+&%=X", "Mark-crm-secret-\n  81b7/+&%=x", "Mark-crm-secret-81b7/+&amp;%=x",
    ])  # fmt: skip
    def test_every_spelling(self, spelling: str) -> None:
        assert Marks(SECRETS.values()).found(f"before {spelling} after")
        assert not Marks(SECRETS.values()).found("before Mark-crm-sec and after")

    def test_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "core").write_bytes(b"\0\0" + SECRETS["MARK_FIN_SECRET"].encode() + b"\0")
        assert in_files(tmp_path, Marks(SECRETS.values()), Marks([])) == ["core: mark0erpnext0secret0b82"]
