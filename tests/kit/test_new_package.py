"""A package of `bridge adapters new`, installed into a fresh environment beside bridge, appears, lints, syncs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.entrypoints.kit import files_of
from bridge.sandbox.kernel import Server, serve
from bridge.sandbox.rest import build
from kit.fresh import Fresh, make_fresh

TOKEN = "token-of-the-shop"
pytestmark = pytest.mark.timeout(1800)
CONFIG = """\
version: "1"
store: sqlite:///bridge.db
mappings: mappings
systems:
  shop: {{adapter: my_shop, url: "{url}", token: {{file: token.txt}}}}
  crm: {{adapter: memory, file: crm.json}}
"""
MAPPING = """\
version: "1"
entity: customer
systems:
  shop: {object: customers}
  crm: {object: Account}
identity:
  key: {shop: external_id, crm: bridge_id}
  match:
    - same: [email]
defaults: {direction: from shop}
fields:
  name:  {shop: name, crm: Name, required: yes}
  email: {shop: email, crm: Email}
"""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """With the package installed."""
    made = make_fresh(tmp_path_factory.mktemp("fresh") / "venv")
    work = made.folder.parent
    made.run("bridge", "adapters", "new", "my_shop", "--into", str(work), cwd=work)
    made.run("pip", "install", str(work / "bridge-my-shop"), cwd=work)
    return made


@pytest.fixture
def package(fresh: Fresh) -> Path:
    return fresh.folder.parent / "bridge-my-shop"


def test_it_is_installed_in_the_fresh_environment_and_nowhere_else(fresh: Fresh) -> None:
    assert (fresh.packages / "bridge_my_shop" / "adapter.py").is_file()
    assert (fresh.packages / "bridge_my_shop" / "columns" / "customer.yaml").is_file()


def test_it_appears(fresh: Fresh, tmp_path: Path) -> None:
    listed = json.loads(fresh.run("bridge", "adapters", "list", "--json", cwd=tmp_path).stdout)
    (found,) = [one for one in listed["adapters"] if one["name"] == "my_shop"]
    assert (found["distribution"], found["version"], found["level"]) == ("bridge-my-shop", "0.1.0", "reads")
    assert found["support"]["customer"]["read"] == "native"
    assert found["support"]["customer"]["create"] == "unsupported"
    assert found["settings"] == ["page", "token", "url"]
    assert found["problem"] is None


def test_it_lints(fresh: Fresh, package: Path) -> None:
    fresh.run("ruff", "check", "--no-cache", ".", cwd=package)
    fresh.run("ruff", "format", "--no-cache", "--check", ".", cwd=package)


def test_it_passes_its_own_contract_test(fresh: Fresh, package: Path) -> None:
    said = fresh.run("pytest", "-q", cwd=package).stdout
    assert "TestCustomers: passes reads (declared reads)" in said
    assert len((package / "tests" / "test_contract.py").read_text().splitlines()) <= 25


def test_its_contract_test_can_fail(fresh: Fresh, package: Path) -> None:
    """The overlap that catches late commits is taken out."""
    adapter = package / "src" / "bridge_my_shop" / "adapter.py"
    right = adapter.read_text()
    assert "timedelta(seconds=15)" in right
    adapter.write_text(right.replace("timedelta(seconds=15)", "timedelta(seconds=0)"))
    try:
        said = fresh.run("pytest", "-q", "-k", "late_commit or idle", cwd=package, code=1).stdout
    finally:
        adapter.write_text(right)
    assert "test_late_commit_with_an_older_stamp" in said


@pytest.fixture
def shop() -> Iterator[Server]:
    server = serve(build(token=TOKEN)).start()
    for number in range(3):
        server.app.user_insert("customers", {"name": f"Acme {number}", "email": f"acme{number}@example.com"})
    yield server
    server.stop()


def test_it_syncs(fresh: Fresh, shop: Server, tmp_path: Path) -> None:
    (tmp_path / "bridge.yaml").write_text(CONFIG.format(url=shop.url))
    (tmp_path / "token.txt").write_text(TOKEN)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "customer.yaml").write_text(MAPPING)
    fresh.run("bridge", "check", cwd=tmp_path)
    fresh.run("bridge", "mapping", "lint", cwd=tmp_path)
    first = json.loads(fresh.run("bridge", "sync", "--json", cwd=tmp_path).stdout)
    assert first["ok"]
    assert names(tmp_path) == ["Acme 0", "Acme 1", "Acme 2"]
    shop.app.user_edit("customers", "2", {"name": "Acme Two"})
    fresh.run("bridge", "sync", cwd=tmp_path)
    assert names(tmp_path) == ["Acme 0", "Acme 2", "Acme Two"]
    quiet = json.loads(fresh.run("bridge", "sync", "--json", cwd=tmp_path).stdout)
    assert (quiet["ok"], quiet["outbox"]) == (True, {})
    shown = fresh.run("bridge", "plan", cwd=tmp_path).stdout
    assert "nothing to write" in shown


def names(folder: Path) -> list[str]:
    held = json.loads((folder / "crm.json").read_text())
    return sorted(row["values"]["Name"] for row in held["objects"]["Account"])


@pytest.mark.parametrize("name", ["a", "tryton", "zoo_of_many_things", "x" * 41])
def test_it_lints_whatever_its_name(name: str, tmp_path: Path) -> None:
    for place, text in files_of(name).items():
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        assert not re.search(r"@\w+@", text), "a mark was left"
    ruff = str(Path(sys.executable).parent / "ruff")
    for words in (("check",), ("format", "--check")):
        done = subprocess.run(
            [ruff, *words, "--no-cache", "."], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout


def test_what_it_is_made_of_is_in_the_wheel_of_bridge(tmp_path: Path) -> None:
    """Templates and columns are no Python: a wheel without them would lose both commands."""
    root = Path(__file__).resolve().parents[2]
    words = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*words, "--wheel-dir", str(tmp_path), str(root)], check=True, timeout=600)
    (wheel,) = tmp_path.glob("bridge_sync-*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    needed = [*(root / "src/bridge/entrypoints/kit/template").rglob("*.tmpl"), *(root / "src").rglob("columns/*.yaml")]
    assert len(needed) > 20
    assert {path.relative_to(root / "src").as_posix() for path in needed} <= inside
