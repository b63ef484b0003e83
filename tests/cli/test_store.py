"""`bridge backup`, `restore`, `store check`."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from bridge.store.check import check
from cli.conftest import Company


def sql(path: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


@pytest.fixture
def synced(company: Company) -> Company:
    company.bridge("sync")
    return company


KEPT: dict[str, bytes] = {}


@pytest.fixture
def kept(company: Company) -> Path:
    """A backup of a synced store; made once, since a sync takes longer than most tests here."""
    if not KEPT:
        company.bridge("sync")
        company.bridge("backup", "kept.db")
        KEPT["file"] = (company.folder / "kept.db").read_bytes()
        (company.folder / "bridge.db").unlink()
    return company.write("kept.db", KEPT["file"])


class TestBackup:
    def test_it_is_one_private_file_with_every_row(self, synced: Company) -> None:
        said = synced.bridge("backup", "kept.db", "--json").json
        file = synced.folder / "kept.db"
        assert (said["ok"], said["bytes"], said["problems"]) == (True, file.stat().st_size, [])
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        for table, rows in said["rows"].items():
            assert sql(file, f"SELECT count(*) FROM {table}") == [(rows,)]
        assert said["rows"]["golden"] == 2
        left = {path.name for path in synced.folder.iterdir() if "kept" in path.name}
        assert left == {"kept.db"}

    def test_it_never_takes_the_place_of_a_file(self, synced: Company) -> None:
        kept = synced.write("kept.db", "mine")
        said = synced.bridge("backup", "kept.db", "--json", code=1).json
        assert "there is a file of this name already" in said["error"]["problems"][0]
        assert kept.read_text() == "mine"

    def test_a_place_that_is_not_there_is_said(self, synced: Company) -> None:
        assert "cannot be written" in synced.bridge("backup", "no/where/kept.db", code=2).text


class TestCheck:
    def test_a_sound_store(self, synced: Company) -> None:
        assert synced.bridge("store", "check", "--json").json["ok"] is True

    def test_an_empty_record_is_no_problem(self, company: Company) -> None:
        company.fill("crm", [{"Name": None}])
        company.bridge("sync", code=None)
        assert company.bridge("store", "check", "--json").json["problems"] == []

    @pytest.mark.parametrize(
        ("broken", "table", "what"),
        [
            ("DELETE FROM golden WHERE id IN (SELECT golden_id FROM crosswalk WHERE native_id = 'crm-1')",
             "crosswalk", "linked to a golden record"),
            ("DELETE FROM crosswalk WHERE native_id = 'crm-1'", "shadow", "of a record that is not linked"),
            ("UPDATE shadow SET golden_id = 'other' WHERE native_id = 'crm-1'", "shadow", "not linked to this golden"),
            ("INSERT INTO outbox (system, entity, golden_id, state, rev, created_at) VALUES "
             "('crm', 'customer', 'none', 'pending', 1, 0)", "outbox", "about a golden record"),
            ("INSERT INTO match_key VALUES ('customer', '0', 'k', 'none')", "match_key", "finds a golden record"),
            ("INSERT INTO candidate VALUES ('crm', 'customer', 'crm-1', 'none')", "candidate", "does not wait"),
            ("INSERT INTO alias VALUES ('customer', 'old', 'none', '', 0)", "alias", "leads to a golden record"),
            ("INSERT INTO conflict VALUES ('c', 'customer', 'none', 'u', 'held', 'r', '', X'7B7D', 0, '')",
             "conflict", "about a golden record"),
            ("UPDATE golden SET body = X'00'", "golden", "cannot be read"),
            ("DROP INDEX crosswalk_one_per_system", "crosswalk", "indexes are missing"),
            ("DROP TABLE alias", "alias", "table is missing"),
            ("UPDATE alembic_version SET version_num = '0001'", "alembic_version", "revision 0001"),
        ],
    )  # fmt: skip
    def test_what_is_broken_is_named(self, company: Company, kept: Path, broken: str, table: str, what: str) -> None:
        sql(kept, broken)
        with create_engine(f"sqlite:///{kept}").connect() as connection:  # as it is, without a migration
            problems = check(connection).problems
        assert [p.count > 0 for p in problems if p.table == table and what in p.what] == [True], problems
        if not broken.startswith("UPDATE alembic"):
            said = company.bridge("store", "check", "kept.db", "--json", code=1).json
            assert said["ok"] is False
            assert {problem["to_do"] for problem in said["problems"]}

    def test_two_records_of_one_system_under_one_golden_record(self, company: Company, kept: Path) -> None:
        sql(kept, "DROP INDEX crosswalk_one_per_system")
        sql(kept, "CREATE INDEX crosswalk_one_per_system ON crosswalk (system)")
        columns = "system, entity, golden_id, state, linked_by, reason, fingerprint, at"
        twin = f"INSERT INTO crosswalk (native_id, {columns}) SELECT 'twin', {columns} FROM crosswalk"
        sql(kept, f"{twin} WHERE native_id = 'crm-1'")
        (problem,) = company.bridge("store", "check", "kept.db", "--json", code=1).json["problems"]
        assert problem["what"] == "golden records with several records in one system"

    def test_a_damaged_file_is_said(self, company: Company, kept: Path) -> None:
        content = bytearray(kept.read_bytes())
        content[8192 : len(content) // 2] = b"\xff" * (len(content) // 2 - 8192)
        kept.write_bytes(content)
        assert company.bridge("store", "check", "kept.db", "--json", code=1).json["ok"] is False
        assert company.bridge("restore", "kept.db", "--replace", code=1)


class TestRestore:
    def test_into_an_empty_store(self, synced: Company) -> None:
        before = synced.bridge("backup", "kept.db", "--json").json["rows"]
        (synced.folder / "bridge.db").unlink()
        said = synced.bridge("restore", "kept.db", "--json").json
        assert (said["ok"], said["old_store"]) == (True, None)
        now = synced.bridge("store", "check", "--json").json
        assert {name: rows for name, rows in now["rows"].items() if name != "meta"} == {
            name: rows for name, rows in before.items() if name != "meta"
        }
        assert synced.bridge("sync", "--json").json["totals"]["writes"] == 0

    def test_a_store_that_holds_something_is_not_replaced_unasked(self, synced: Company) -> None:
        synced.bridge("backup", "kept.db")
        synced.edit("crm", "crm-1", Phone="+49309999999")
        synced.bridge("sync")
        said = synced.bridge("restore", "kept.db", "--json", code=1).json
        assert "--replace" in said["error"]["problems"][0]
        old = Path(synced.bridge("restore", "kept.db", "--replace", "--json").json["old_store"])
        assert b"+49309999999" in old.read_bytes()
        assert stat.S_IMODE(old.stat().st_mode) == 0o600
        assert b"+49309999999" not in (synced.folder / "kept.db").read_bytes()
        assert synced.bridge("sync", "--json").json["totals"]["writes"] == 0
        assert synced.rows("erp")["erp-1"]["phone"] == "+49309999999"

    def test_what_is_no_backup_is_refused(self, synced: Company) -> None:
        synced.write("text.db", "hello")
        sql(synced.folder / "other.db", "CREATE TABLE t (a)")
        for name in ("text.db", "other.db", "none.db"):
            said = synced.bridge("restore", name, "--replace", code=1)
            assert "BR-BACKUP" in said.text
        assert synced.bridge("sync", "--json").json["totals"]["writes"] == 0

    def test_a_newer_schema_is_refused(self, synced: Company) -> None:
        synced.bridge("backup", "kept.db")
        sql(synced.folder / "kept.db", "UPDATE alembic_version SET version_num = '9999'")
        assert "another version of bridge" in synced.bridge("restore", "kept.db", "--replace", code=1).text

    def test_an_older_one_is_migrated_and_the_file_stays_as_it_is(self, synced: Company) -> None:
        synced.bridge("backup", "kept.db")
        file = synced.folder / "kept.db"
        sql(file, "DROP TABLE lease")
        sql(file, "DROP TABLE hint")
        sql(file, "DROP INDEX run_started")
        sql(file, "UPDATE alembic_version SET version_num = '0005'")
        content = file.read_bytes()
        synced.bridge("restore", "kept.db", "--replace")
        assert file.read_bytes() == content
        assert synced.bridge("store", "check", "--json").json["ok"] is True
