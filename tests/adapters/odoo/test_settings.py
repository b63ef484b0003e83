"""What a configuration may say about an Odoo, and how each mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.adapters.odoo import Settings, make
from bridge.adapters.odoo.settings import load
from bridge.ports.errors import ConfigError

GOOD = {
    "url": "https://odoo.example.com",
    "database": "acme",
    "login": "bridge",
    "password": "hush-hush-hush",
}


def problems(**changes: object) -> list[str]:
    """The sentences told; None takes a setting away."""
    given = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    with pytest.raises(ConfigError) as caught:
        load("erp", given)
    assert "hush" not in str(caught.value)
    return caught.value.problems


def test_the_limits_have_good_defaults() -> None:
    found = load("erp", GOOD)
    assert found.read_timeout > 40  # the server tries again for that long when transactions collide
    assert (found.batch, found.module, found.protocol) == (500, "__bridge__", "auto")
    assert found.verify is True


def test_the_address_loses_its_slash() -> None:
    assert load("erp", {**GOOD, "url": "https://odoo.example.com:8443/"}).url == "https://odoo.example.com:8443"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_plain_http_is_for_this_machine(host: str) -> None:
    assert load("erp", {**GOOD, "url": f"http://{host}:8069"}).url == f"http://{host}:8069"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://odoo.example.com", "must begin with https://"),
        ("http://10.0.0.1", "must begin with https://"),
        ("https://jane:hush@odoo.example.com", "holds credentials"),
        ("odoo.example.com", "is not an address"),
        ("ftp://odoo.example.com", "is not an address"),
        ("https://odoo.example.com/web", "without a path"),
        ("https://odoo.example.com?db=acme", "without a path"),
    ],
)
def test_a_wrong_address_is_told_in_words(url: str, words: str) -> None:
    (told,) = problems(url=url)
    assert told.startswith("systems.erp.url: ")
    assert words in told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"database": None}, "systems.erp.database: is needed."),
        ({"login": None}, "systems.erp: login and password (or api_key) are needed."),
        ({"password": None}, "systems.erp: login and password (or api_key) are needed."),
        ({"password": ""}, "systems.erp.password: is empty."),
        ({"protocol": "json2"}, "systems.erp: protocol json2 needs api_key."),
        ({"ca_file": "/no/such/file.pem"}, "systems.erp.ca_file: names no file."),
    ],
)
def test_what_is_lacking_is_told(changes: dict[str, object], words: str) -> None:
    assert problems(**changes) == [words]


def test_every_problem_is_told_at_once() -> None:
    told = problems(batch=0, page=20_000, protocol="xmlrpc", module="a.b", passwort="hush-again")
    places = {one.partition(":")[0] for one in told}
    assert places == {f"systems.erp.{name}" for name in ("batch", "page", "protocol", "module", "passwort")}
    assert any("there is no such setting, did you mean" in one for one in told)


def test_secrets_are_in_no_text() -> None:
    found = load("erp", {**GOOD, "api_key": "hush-key"})
    adapter = make("erp", {**GOOD, "api_key": "hush-key"})
    for text in (repr(found), str(found), found.model_dump_json(), repr(adapter), str(vars(adapter))):
        assert "hush" not in text


def test_an_api_key_stands_in_for_the_password() -> None:
    with_key = Settings(url="https://odoo.example.com", database="acme", login="bridge", api_key="key")  # type: ignore[arg-type]
    assert with_key.secret == "key"
    both = load("erp", {**GOOD, "api_key": "key"})
    assert both.secret == GOOD["password"]


def test_a_private_authority_is_used(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\n")
    assert load("erp", {**GOOD, "ca_file": str(file)}).verify == str(file)
