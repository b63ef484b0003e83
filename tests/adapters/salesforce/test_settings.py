"""Settings: what is refused, in which words, and that nothing secret is told."""

from __future__ import annotations

import pytest

from bridge.adapters.salesforce import make
from bridge.adapters.salesforce.settings import load
from bridge.ports.adapter import Adapter
from bridge.ports.errors import ConfigError

SECRET = "s3cr3t-of-the-app"
GOOD = {"instance_url": "https://acme.my.salesforce.com", "client_id": "the-app-0001", "client_secret": SECRET}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"instance_url": "http://acme.my.salesforce.com"}, "https://"),
        ({"instance_url": "acme.my.salesforce.com"}, "not an address"),
        ({"instance_url": "https://me:pw-in-url@acme.my.salesforce.com"}, "credentials"),
        ({"instance_url": "https://acme.my.salesforce.com/services"}, "without a path"),
        ({"login_url": "http://login.salesforce.com"}, "https://"),
        ({"client_secret": "a b"}, "without blanks"),
        ({"client_secret": None}, "needs client_secret"),
        ({"grant": "jwt_bearer"}, "needs username and private_key"),
        ({"grant": "token"}, "needs access_token"),
        ({"grant": "password"}, "client_credentials"),
        ({"api_version": "45.0"}, "46.0"),
        ({"api_version": "latest"}, "pattern"),
        ({"ca_file": "/does/not/exist.pem"}, "names no file"),
        ({"batch": 201}, "200"),
        ({"page": 2001}, "2000"),
        ({"read_timeout": 0}, "greater than 0"),
        ({"pagesize": 7}, "no such setting"),
    ],
)
def test_a_bad_setting_is_named_without_its_value(change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load("crm", {**GOOD, **change})
    told = str(refused.value)
    assert words in told
    assert "systems.crm" in told
    assert SECRET not in told
    assert "pw-in-url" not in told


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        load("crm", {**GOOD, "batch": 0, "page": 0, "colour": "red"})
    assert len(refused.value.problems) == 3


def test_a_good_one_makes_an_adapter_that_shows_no_secret() -> None:
    adapter = make("crm", GOOD)
    assert isinstance(adapter, Adapter)
    assert adapter.calls == 0
    assert SECRET not in repr(adapter)
    assert SECRET not in repr(load("crm", GOOD))


def test_http_is_for_this_machine() -> None:
    for host in ("http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:8080"):
        assert load("crm", {**GOOD, "instance_url": host}).token_url == f"{host}/services/oauth2/token"


@pytest.mark.parametrize(
    ("change", "audience"),
    [
        ({}, "https://login.salesforce.com"),
        ({"instance_url": "https://acme--dev.sandbox.my.salesforce.com"}, "https://test.salesforce.com"),
        ({"instance_url": "http://127.0.0.1:8080"}, "http://127.0.0.1:8080"),
        ({"login_url": "https://site.example.com"}, "https://site.example.com"),
        ({"audience": "https://other.example.com"}, "https://other.example.com"),
    ],
)
def test_a_jwt_is_meant_for_the_log_in_server_of_the_org_s_kind(change: dict[str, object], audience: str) -> None:
    assert load("crm", {**GOOD, **change}).jwt_audience == audience
