"""The store on real SQLite and PostgreSQL: it says what it was told, its indexes keep the promises of the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import IntegrityError

from bridge.ports.errors import ConfigError
from bridge.ports.storage import CursorRow, Settlement
from bridge.ports.work import (
    AGAIN,
    Alias,
    Conflict,
    Golden,
    HistoryRow,
    Intent,
    Link,
    Proposal,
    Provenance,
    Separated,
    Shadow,
)
from bridge.store import Database, migrate, open_store
from bridge.store.schema import METADATA

NOW = datetime(2026, 1, 31, 8, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'bridge.db'}"
    else:
        url = request.getfixturevalue("postgres").new_database()
    found = open_store(url)
    yield found
    found.close()


def test_migrations_build_the_declared_tables(store: Database) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = compare_metadata(context, METADATA)
    assert differences == []


def test_head_is_the_newest_script() -> None:
    folder = Path(migrate.__file__).parent / "migrations"
    assert ScriptDirectory(str(folder)).get_current_head() == migrate.HEAD


def test_opening_again_keeps_everything(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bridge.db'}"
    with open_store(url).begin() as uow:
        uow.set_flag("armed:customer", "crm,erp")
    with open_store(url).begin() as uow:
        assert uow.flag("armed:customer") == "crm,erp"


def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'bridge.db'}"
    with open_store(url).engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ConfigError, match="another version of bridge"):
        open_store(url)


@pytest.mark.parametrize("url", ["not a url", "mysql://x/y", "sqlite:////proc/nowhere/bridge.db"])
def test_a_url_that_cannot_be_used(url: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.url"):
        open_store(url)


def golden(golden_id: str = "g1") -> Golden:
    words = (Proposal("crm", "A", NOW), Proposal("erp", None, None))
    return Golden(
        "customer",
        golden_id,
        3,
        {"name": "Ä\n", "tags": ["a", "b"], "address": {"city": "X", "street": None}, "n": 2, "off": False, "no": None},
        {"name": Provenance("crm", NOW, "newest", words)},
        {"tags": "c1"},
    )


def test_records_come_back_as_they_went_in(store: Database) -> None:
    shadow = Shadow(
        system="crm", entity="customer", native_id="1", golden_id="g1", values={"Name": "A", "Tags": ["x"], "N": None},
        version="v", fingerprint="f", modified=NOW, echo={"Name": "AA"}, stopped=("status",), waiting_for="customer:9",
        seen_at=NOW,
    )  # fmt: skip
    link = Link("crm", "customer", "1", "g1", "linked", "match", "same email")
    review = Link("erp", "customer", "7", None, "review", "match", "similar name", ("g1", "g2"), "f7")
    with store.begin() as uow:
        uow.save_goldens([golden()], NOW)
        uow.save_shadows([shadow])
        uow.save_links([link, review], NOW)
        uow.save_match_keys("customer", {"g1": [("0:email", "a"), ("0:email", "a"), ("1:name", "w:abc")]})
        uow.save_cursor(CursorRow("crm", "customer", "at", complete=True), NOW)
    with store.begin() as uow:
        assert uow.goldens("customer", ["g1", "g2"]) == {"g1": golden()}
        assert uow.shadows("crm", "customer", ["1", "2"]) == {"1": shadow}
        assert uow.shadows_of("customer", ["g1"]) == [shadow]
        assert uow.links("erp", "customer", ["7"]) == {"7": review}
        assert uow.links_of("customer", ["g1"]) == [link]
        assert uow.reviewed("customer", ["g1", "g2", "g3"]) == {("erp", "g1"), ("erp", "g2")}
        assert uow.fingerprints("crm", "customer", ["1", "2"]) == {"1": "f"}
        assert uow.fingerprints("erp", "customer", ["7"]) == {"7": "f7"}
        assert uow.waiting("crm", "customer") == [("1", "customer:9")]
        assert uow.match("customer", [("0:email", "a"), ("0:email", "z")], 5) == {("0:email", "a"): ["g1"]}
        assert uow.cursor("crm", "customer") == CursorRow("crm", "customer", "at", complete=True)
        assert uow.cursor("fin", "customer") == CursorRow("fin", "customer", None, complete=False)


def test_a_crowd_is_not_counted_to_its_end(store: Database) -> None:
    with store.begin() as uow:
        keys = {f"g{n}": [("0:name", "w:firma"), ("0:name", f"w:{n}"), ("1:mail", "w:firma")] for n in range(9)}
        uow.save_match_keys("customer", keys)
        uow.save_match_keys("contact", keys)
        found = uow.match(
            "customer", [("0:name", "w:firma"), ("0:name", "w:3"), ("0:name", "'"), ("1:mail", "w:firma")], 4
        )
        assert {key: len(ids) for key, ids in found.items()} == {
            ("0:name", "w:firma"): 4,
            ("0:name", "w:3"): 1,
            ("1:mail", "w:firma"): 4,
        }
        assert found["0:name", "w:3"] == ["g3"]
        assert set(found["0:name", "w:firma"]) <= set(keys)


def test_what_guards_ask_for(store: Database) -> None:
    """Facts by the beginning of their names, linked records, deletes that are due."""
    with store.begin() as uow:
        for name, value in (("guard:a_b:x", "1"), ("guard:b:x", ""), ("guardian", "2"), ("other", "3")):
            uow.set_flag(name, value)
        links = [Link("crm", "customer", n, f"g{n}", "linked", "new") for n in ("1", "2")]
        gone = Link("crm", "customer", "3", "g3", "gone", "new")
        uow.save_links([*links, gone, Link("erp", "customer", "1", "g1", "linked", "new")], NOW)
        uow.save_goldens([replace(golden("g1"), alive=False), golden("g2")], NOW)
        uow.enqueue("customer", [("erp", "g1", 1), ("erp", "g2", 1), ("fin", "g1", 1)], NOW)
    with store.begin() as uow:
        assert uow.flags("guard:") == {"guard:a_b:x": "1"}
        assert uow.flags("guard:a%") == uow.flags("guard:axb") == {}
        assert uow.linked_count("crm", "customer") == 2
        assert uow.linked_count("crm", "customer", among=["1", "1", "3", "4"]) == 1
        assert uow.linked_count("crm", "customer", among=[]) == 0
        assert uow.deletes_due("erp", "customer") == ["g1"]


def test_one_record_of_a_system_for_one_golden_record(store: Database) -> None:
    with pytest.raises(IntegrityError), store.begin() as uow:
        uow.save_links([Link("crm", "customer", n, "g1", "linked", "key") for n in ("1", "2")], NOW)


def test_a_failed_transaction_leaves_nothing(store: Database) -> None:
    def half() -> None:
        with store.begin() as uow:
            uow.save_goldens([golden()], NOW)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    with store.begin() as uow:
        assert uow.goldens("customer", ["g1"]) == {}


def test_journal_and_history(store: Database) -> None:
    words = (Proposal("crm", {"a": "1"}, NOW), Proposal("erp", None, None))
    held = Conflict("c1", "customer", "g1", "email", "held", "ask", "", ["x"], words, NOW, "r1")
    change = HistoryRow("customer", "g1", "email", None, {"a": 1}, "crm", NOW, "changed", "r1")
    with store.begin() as uow:
        uow.save_conflicts([held])
        uow.add_history([change])
    with store.begin() as uow:
        assert uow.held_conflicts("customer", ["g1"]) == {("g1", "email"): held}
        assert uow.conflicts(state="held") == [held]
        assert uow.conflicts(state="settled") == []
        assert uow.history("customer", "g1") == [change]
        assert uow.conflict_counts() == {("customer", "held"): 1}


class TestOutbox:
    @pytest.fixture(autouse=True)
    def _filled(self, store: Database) -> None:
        self.store = store
        with store.begin() as uow:
            uow.enqueue("customer", [("crm", "g1", 1), ("crm", "g2", 1), ("erp", "g1", 1)], NOW)

    def claim(self, limit: int = 10, *, now: datetime = NOW, owner: str = "me"):
        with self.store.begin() as uow:
            return uow.claim("crm", "customer", limit, now=now, lease_until=LATER, owner=owner)

    def states(self) -> dict[tuple[str, str], list[str]]:
        found: dict[tuple[str, str], list[str]] = {}
        with self.store.begin() as uow:
            for entry in uow.entries(None, 100):
                found.setdefault((entry.system, entry.golden_id), []).append(entry.state)
        return found

    def test_an_entry_is_claimed_once(self) -> None:
        assert [entry.golden_id for entry in self.claim()] == ["g1", "g2"]
        assert self.claim() == []

    def test_a_record_under_way_is_not_claimed_again(self) -> None:
        self.claim()
        with self.store.begin() as uow:
            uow.enqueue("customer", [("crm", "g1", 2)], NOW)
        assert self.claim() == []
        assert self.states()["crm", "g1"] == ["leased", "pending"]

    def test_done_goes_and_the_newer_entry_stays(self) -> None:
        first, *_ = self.claim(1)
        with self.store.begin() as uow:
            uow.enqueue("customer", [("crm", "g1", 2)], NOW)
            uow.settle([Settlement(first, None)])
        assert self.states()["crm", "g1"] == ["pending"]

    def test_a_failure_is_superseded_by_a_newer_entry(self) -> None:
        first, *_ = self.claim(1)
        with self.store.begin() as uow:
            uow.enqueue("customer", [("crm", "g1", 2)], NOW)
            uow.settle([Settlement(first, "waiting", LATER)])
        assert self.states()["crm", "g1"] == ["pending"]

    def test_waiting_is_left_alone_until_its_time(self) -> None:
        entries = self.claim()
        with self.store.begin() as uow:
            uow.settle([Settlement(entry, "waiting", LATER, count_attempt=True) for entry in entries])
        assert self.claim() == []
        again = self.claim(now=LATER)
        assert [entry.attempts for entry in again] == [1, 1]

    def test_an_old_fence_changes_nothing(self) -> None:
        old, *_ = self.claim(1)
        with self.store.begin() as uow:
            uow.reclaim(LATER + timedelta(seconds=1))
        new = self.claim(1)
        with self.store.begin() as uow:
            uow.settle([Settlement(old, None)])
        assert self.states()["crm", "g1"] == ["leased"]
        assert new[0].fence == old.fence + 1

    def test_a_lease_that_ran_out(self) -> None:
        """Not sent: pending again. Sent: in doubt, with what was sent."""
        sent, unsent = self.claim()
        intent = Intent("update", "1", {"Name": "A"}, {"Name": "B"}, "v")
        with self.store.begin() as uow:
            uow.save_intents([(sent, intent)])
        with self.store.begin() as uow:
            assert uow.reclaim(NOW) == 0
            assert uow.reclaim(LATER + timedelta(seconds=1)) == 2
            assert uow.open_entries("crm", "customer", ["g1", "g2"])["g1"].intent == intent
            doubts = uow.claim_in_doubt("crm", "customer", 9, now=LATER, lease_until=LATER, owner="me")
        assert [entry.golden_id for entry in doubts] == ["g1"]
        assert self.states()["crm", unsent.golden_id] == ["pending"]

    def test_leases_of_a_dead_process_are_freed_at_once(self) -> None:
        self.claim(owner="dead")
        with self.store.begin() as uow:
            assert uow.reclaim(NOW, owner="me") == 2
        assert len(self.claim()) == 2

    def test_new_work_replaces_a_dead_entry(self) -> None:
        entries = self.claim()
        with self.store.begin() as uow:
            uow.settle([Settlement(entry, "dead", error_code="X", error="no") for entry in entries])
            uow.enqueue("customer", [("crm", "g1", 5)], NOW)
        assert self.states()["crm", "g1"] == ["pending"]
        assert self.states()["crm", "g2"] == ["dead"]

    def test_what_waits_for_another_record_is_woken(self) -> None:
        entries = self.claim()
        with self.store.begin() as uow:
            uow.settle([Settlement(entry, "held") for entry in entries])
        assert self.claim() == []
        with self.store.begin() as uow:
            assert uow.wake("crm", "customer") == 2
        assert len(self.claim()) == 2

    def test_in_step_again(self) -> None:
        with self.store.begin() as uow:
            uow.unqueue("customer", [("crm", "g1"), ("crm", "g2")])
        assert self.states() == {("erp", "g1"): ["pending"]}


def test_a_copy_is_complete_and_apart(store: Database, tmp_path: Path) -> None:
    with store.begin() as uow:
        uow.save_goldens([golden()], NOW)
    copy = store.copy_to(tmp_path / "copy.db")
    with copy.begin() as uow:
        uow.save_goldens([golden("g2")], NOW)
        assert set(uow.goldens("customer", ["g1", "g2"])) == {"g1", "g2"}
    with store.begin() as uow:
        assert set(uow.goldens("customer", ["g1", "g2"])) == {"g1"}


def test_one_program_at_a_time_works_with_a_postgresql_store(postgres) -> None:
    url = postgres.new_database()
    one, other = open_store(url), open_store(url)
    with one.locked() as got, other.locked(patience=0.2) as too:
        assert (got, too) == (True, False)
    with other.locked() as got:
        assert got
    one.close()
    other.close()


def test_pairs_that_were_parted_and_old_ids(store: Database) -> None:
    parted = Separated("crm", "customer", "1", "g1")
    with store.begin() as uow:
        uow.separate([parted, parted], NOW)
        uow.save_aliases([Alias("customer", "old", "g1"), Alias("customer", "k1", "g1", "crm")], NOW)
        uow.save_aliases([Alias("customer", "k2", "g1", "crm")], LATER)
        assert uow.separated("crm", "customer", ["1", "2"]) == {("1", "g1")}
        assert uow.aliases("customer", ["old", "k1", "g1"]) == {"old": "g1", "k1": "g1"}
        assert uow.keys_in_systems("customer", ["g1", "g2"]) == {("crm", "g1"): "k2"}
        uow.unseparate([parted])
        assert uow.separated("crm", "customer", ["1"]) == set()


def test_what_is_to_be_looked_at_again(store: Database) -> None:
    with store.begin() as uow:
        uow.save_links([Link("crm", "customer", "1", "g1", "linked", "person", fingerprint=AGAIN)], NOW)
        uow.save_links([Link("crm", "customer", "2", "g2", "linked", "person")], NOW)
        assert uow.again("crm", "customer") == ["1"]
        assert uow.again("erp", "customer") == []


def test_a_golden_record_is_found_by_what_it_names(store: Database) -> None:
    with store.begin() as uow:
        of = [("a", "g1"), ("b", "g11"), ("c", "x g1 y"), ("d", None)]
        uow.save_goldens([Golden("contact", name, 1, {"customer": value}, {}) for name, value in of], NOW)
        uow.save_goldens([Golden("order", "a", 1, {"customer": "g1"}, {})], NOW)
        assert uow.mentioning("contact", ["g1"]) == ["a"]
        assert uow.mentioning("contact", ["g1", "g11", "g3"]) == ["a", "b"]


def test_what_was_said_of_a_loser_is_said_of_the_winner(store: Database) -> None:
    review = Link("erp", "customer", "7", None, "review", "match", "similar name", ("lost", "won"), "f7", {"name": "A"})
    other = Link("erp", "customer", "8", None, "review", "match", "similar name", ("lost",), "f8")
    said = HistoryRow("customer", "lost", "name", "A", "B", "crm", NOW, "changed", "run")
    conflict = Conflict("c1", "customer", "lost", "name", "settled", "newest", "crm", None, (), NOW)
    with store.begin() as uow:
        uow.save_goldens([golden("lost"), golden("won")], NOW)
        uow.save_links([review, other], NOW)
        uow.add_history([said])
        uow.save_conflicts([conflict])
        uow.enqueue("customer", [("crm", "lost", 1), ("erp", "lost", 1)], NOW)
        (entry,) = uow.claim("crm", "customer", 9, now=LATER, lease_until=LATER, owner="a")
        uow.save_match_keys("customer", {"lost": [("0:email", "a")]})
        uow.save_aliases([Alias("customer", "older", "lost"), Alias("customer", "k", "lost", "crm")], NOW)
        uow.separate([Separated("crm", "customer", "1", "lost"), Separated("crm", "customer", "1", "won")], NOW)
        uow.succeed("customer", {"lost": "won"}, LATER)
        assert [one.golden_id for one in uow.under_way("customer", ["lost", "won"])] == ["lost"]
        uow.move_entry(entry, "won")
    with store.begin() as uow:
        assert list(uow.goldens("customer", ["lost", "won"])) == ["won"]
        assert uow.links("erp", "customer", ["7"])["7"].candidates == ("won",)
        assert uow.links("erp", "customer", ["7"])["7"].values == {"name": "A"}
        assert uow.links("erp", "customer", ["8"])["8"].candidates == ("won",)
        assert [row.unit for row in uow.history("customer", "won")] == ["name"]
        assert [row.id for row in uow.conflicts(golden_id="won")] == ["c1"]
        assert [(one.golden_id, one.state) for one in uow.entries(None, 9)] == [("won", "leased")]
        assert uow.match("customer", [("0:email", "a")], 5) == {}
        assert uow.aliases("customer", ["lost", "older", "k"]) == dict.fromkeys(("lost", "older", "k"), "won")
        assert uow.keys_in_systems("customer", ["won", "lost"]) == {}
        assert uow.separated("crm", "customer", ["1"]) == {("1", "won")}


def test_duplicates_are_counted(store: Database) -> None:
    def waits(system: str, native_id: str, *candidates: str) -> Link:
        return Link(system, "customer", native_id, None, "review", "match", "similar name", candidates)

    with store.begin() as uow:
        uow.save_links([Link("crm", "customer", "1", "g1", "linked", "key"), waits("crm", "2", "g1", "g2")], NOW)
        uow.save_links([waits("erp", "1", "g1"), waits("erp", "2", "g2")], NOW)
        assert uow.review_counts() == {("customer", "crm"): (1, 1), ("customer", "erp"): (2, 0)}


def test_the_age_of_a_review_does_not_start_again(store: Database) -> None:
    link = Link("erp", "customer", "7", None, "review", "match", "similar name", ("g1",))
    with store.begin() as uow:
        uow.save_links([link], NOW)
        known = uow.links("erp", "customer", ["7"])["7"]
        uow.save_links([known], LATER)
        assert uow.links("erp", "customer", ["7"])["7"].since == NOW
