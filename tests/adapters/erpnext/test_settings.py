"""Settings: what is refused, in which words, and that nothing secret is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.adapters.erpnext import make
from bridge.adapters.erpnext.settings import load
from bridge.ports.adapter import Adapter
from bridge.ports.errors import ConfigError

SECRET = "s3cr3t-of-the-api"
GOOD = {"url": "https://erp.example.com", "api_key": "the-key-0001", "api_secret": SECRET}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": "http://erp.example.com"}, "https://"),
        ({"url": "erp.example.com"}, "not an address"),
        ({"url": "https://me:pw-in-url@erp.example.com"}, "credentials"),
        ({"url": "https://erp.example.com/app"}, "without a path"),
        ({"api_secret": "a b"}, "plain key"),
        ({"api_secret": ""}, "plain key"),
        ({"time_zone": "Mars/Olympus"}, "time zone"),
        ({"ca_file": "/does/not/exist.pem"}, "names no file"),
        ({"batch": 201}, "200"),
        ({"read_timeout": 0}, "greater than 0"),
        ({"pagesize": 7}, "no such setting"),
    ],
)
def test_a_bad_setting_is_named_without_its_value(change: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load("fin", {**GOOD, **change})
    told = str(refused.value)
    assert words in told
    assert "systems.fin." in told
    assert SECRET not in told
    assert "pw-in-url" not in told


def test_all_problems_at_once() -> None:
    with pytest.raises(ConfigError) as refused:
        load("fin", {"page": 0})
    assert len(refused.value.problems) == 4


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:8000/", "http://[::1]:8000"])
def test_plain_http_is_for_this_machine(url: str) -> None:
    assert load("fin", {**GOOD, "url": url}).url.startswith("http://")


def test_a_private_authority_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("x")
    assert load("fin", {**GOOD, "ca_file": str(file)}).ca_file == file


def test_no_repr_shows_the_secret() -> None:
    adapter = make("fin", GOOD)
    assert isinstance(adapter, Adapter)
    parts = [adapter, adapter.__dict__, load("fin", GOOD)]
    parts += [value.__dict__ for value in adapter.__dict__.values() if hasattr(value, "__dict__")]
    told = "".join(f"{part!r}{part!s}" for part in parts)
    assert SECRET not in told
    assert "the-key-0001" not in told
    adapter.close()
