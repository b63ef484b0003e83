"""Every case of the merge: one system after the other says something; what is agreed, journalled, and due?"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge.canonical.values import InvalidValue
from bridge.engine.merge.policy import Clocks, choose, unite
from bridge.engine.plan.due import due_create, due_update
from bridge.mapping.units import Policy
from bridge.ports.work import Intent, Proposal
from support.build import SYSTEMS, Scene, at, entity, field, group


def agreed(*units, systems=SYSTEMS, **more) -> Scene:
    """A scene in which all systems show the value "a" in every unit."""
    scene = Scene(entity(*units, systems=systems), **more)
    for system in systems:
        scene.says(system, {path: "a" for unit in units for path in unit.paths(system)})
    return scene


class TestFirstContact:
    def test_the_first_word_stands(self) -> None:
        scene = Scene(entity(field("name")))
        scene.says("crm", {"name": "a"})
        assert scene.golden.values == {"name": "a"}
        assert scene.golden.provenance["name"].rule == "only value"

    def test_empty_is_filled_and_never_erases(self) -> None:
        scene = Scene(entity(field("name"), field("phone")))
        scene.says("crm", {"name": "a", "phone": None})
        scene.says("erp", {"name": None, "phone": "1"})
        assert scene.golden.values == {"name": "a", "phone": "1"}
        assert scene.conflicts == []

    def test_a_difference_is_held(self) -> None:
        scene = Scene(entity(field("name")))
        scene.says("crm", {"name": "a"})
        scene.says("erp", {"name": "b"})
        assert scene.golden.values == {"name": "a"}
        assert [(c.state, c.rule) for c in scene.conflicts] == [("held", "first contact")]
        assert due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).nothing

    def test_a_third_word_joins_the_held_conflict(self) -> None:
        scene = Scene(entity(field("name")))
        for system, value in (("crm", "a"), ("erp", "b"), ("fin", "c")):
            scene.says(system, {"name": value})
        assert [{p.value for p in c.proposals} for c in scene.conflicts] == [{"a", "b", "c"}]

    def test_a_held_conflict_ends_when_people_agree(self) -> None:
        scene = Scene(entity(field("name")))
        scene.says("crm", {"name": "a"})
        scene.says("erp", {"name": "b"})
        scene.says("crm", {"name": "b"}, 10)
        assert scene.golden.values == {"name": "b"}
        assert [c.state for c in scene.conflicts] == ["resolved"]
        assert not scene.golden.held

    @pytest.mark.parametrize("order", list(permutations(SYSTEMS)))
    def test_prefer_settles_it_in_any_order(self, order) -> None:
        scene = Scene(entity(field("name", policy=Policy("prefer", ("fin", "erp")))))
        for system in order:
            scene.says(system, {"name": f"of {system}"})
        assert scene.golden.values == {"name": "of fin"}
        assert all(c.state == "settled" for c in scene.conflicts)

    def test_the_mapping_may_settle_newest(self) -> None:
        scene = Scene(entity(field("name"), first_contact=Policy("newest")))
        scene.says("crm", {"name": "a"}, 0)
        scene.says("erp", {"name": "b"}, 60)
        assert scene.golden.values == {"name": "b"}


class TestChanges:
    def test_fast_forward(self) -> None:
        scene = agreed(field("name"))
        scene.says("erp", {"name": "b"}, 5)
        assert scene.golden.values == {"name": "b"}
        assert scene.conflicts == []
        assert due_update(scene.form("crm"), scene.golden, scene.shadows["crm"]).values == {"name": "b"}
        assert due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).nothing

    def test_different_fields_flow_together(self) -> None:
        scene = agreed(field("name"), field("phone"))
        scene.says("crm", {"name": "b", "phone": "a"}, 5)
        scene.says("erp", {"name": "a", "phone": "2"}, 6)
        assert scene.golden.values == {"name": "b", "phone": "2"}
        assert scene.conflicts == []

    def test_the_same_change_twice_is_no_conflict(self) -> None:
        scene = agreed(field("name"))
        scene.says("crm", {"name": "b"}, 5)
        scene.says("erp", {"name": "b"}, 6)
        assert scene.conflicts == []

    def test_both_moved_newest_wins_and_the_loser_is_journalled(self) -> None:
        scene = agreed(field("name"))
        scene.says("crm", {"name": "b"}, 100)
        scene.says("erp", {"name": "c"}, 50)
        assert scene.golden.values == {"name": "b"}
        (conflict,) = scene.conflicts
        assert (conflict.base, conflict.winner, conflict.state) == ("a", "crm", "settled")
        assert {(p.system, p.value) for p in conflict.proposals} >= {("crm", "b"), ("erp", "c")}
        assert due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).values == {"name": "b"}

    def test_an_emptied_field_is_a_change(self) -> None:
        scene = agreed(field("name"))
        scene.says("crm", {"name": None}, 5)
        assert scene.golden.values == {"name": None}
        assert due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).values == {"name": None}

    def test_empty_keeps(self) -> None:
        scene = agreed(field("name", empty="keeps"))
        scene.says("crm", {"name": None}, 5)
        assert scene.golden.values == {"name": "a"}
        assert due_update(scene.form("crm"), scene.golden, scene.shadows["crm"]).values == {"name": "a"}

    def test_ask_holds_this_field_alone(self) -> None:
        scene = agreed(field("name", policy=Policy("ask")), field("phone"))
        scene.says("crm", {"name": "b", "phone": "a"}, 5)
        scene.says("erp", {"name": "c", "phone": "2"}, 6)
        assert scene.golden.values["phone"] == "2"
        assert set(scene.golden.held) == {"name"}
        assert due_update(scene.form("crm"), scene.golden, scene.shadows["crm"]).values == {"phone": "2"}

    @pytest.mark.parametrize("order", [("crm", "erp"), ("erp", "crm")])
    def test_while_a_person_is_asked_the_old_value_stands(self, order: tuple[str, str]) -> None:
        """Whoever is read first: neither word is spread, both are on record, and agreeing ends it."""
        scene = agreed(field("name", policy=Policy("ask")))
        said = {"crm": "b", "erp": "c"}
        for system in order:
            scene.says(system, {"name": said[system]}, 5)
        assert scene.golden.values == {"name": "a"}
        (conflict,) = scene.conflicts
        assert (conflict.state, conflict.base) == ("held", "a")
        assert {p.system: p.value for p in conflict.proposals} == said
        assert due_update(scene.form("fin"), scene.golden, scene.shadows["fin"]).nothing
        scene.says("crm", {"name": "c"}, 9)
        assert scene.golden.values == {"name": "c"}
        assert not scene.golden.held
        assert due_update(scene.form("fin"), scene.golden, scene.shadows["fin"]).values == {"name": "c"}

    def test_a_field_that_was_not_observed_says_nothing(self) -> None:
        scene = agreed(field("name"), field("phone"))
        scene.says("crm", {"name": "b"}, 5)
        assert scene.golden.values == {"name": "b", "phone": "a"}

    def test_union_three_way(self) -> None:
        scene = Scene(entity(field("tags", policy=Policy("union"))))
        for system in SYSTEMS:
            scene.says(system, {"tags": ["x", "y"]})
        scene.says("crm", {"tags": ["x", "y", "z"]}, 5)
        scene.says("erp", {"tags": ["y"]}, 6)
        assert scene.golden.values == {"tags": ["y", "z"]}
        assert scene.conflicts == []

    def test_read_only_systems_are_not_written(self) -> None:
        scene = agreed(field("credit", reads=("fin",), writes=("crm",)), systems=("crm", "fin"))
        scene.says("fin", {"credit": "b"}, 5)
        assert due_update(scene.form("crm"), scene.golden, scene.shadows["crm"]).values == {"credit": "b"}
        scene.says("crm", {"credit": "z"}, 6)
        assert scene.golden.values == {"credit": "b"}
        assert due_update(scene.form("crm"), scene.golden, scene.shadows["crm"]).values == {"credit": "b"}

    def test_a_value_nobody_ever_said_is_not_erased(self) -> None:
        """A one-way field whose source is not there yet must not empty the target."""
        scene = Scene(entity(field("name"), field("credit", systems=("crm", "fin"), reads=("fin",), writes=("crm",))))
        scene.says("crm", {"name": "a", "credit": "9"})
        assert due_update(scene.form("crm"), scene.golden, scene.shadows["crm"]).nothing


class TestGroups:
    def test_decided_as_one(self) -> None:
        scene = Scene(entity(group("address", ("street", "city"))))
        scene.says("crm", {"address.street": "1", "address.city": "X"})
        scene.says("erp", {"address.street": "1", "address.city": "X"})
        scene.says("crm", {"address.street": "2", "address.city": "X"}, 100)
        scene.says("erp", {"address.street": "1", "address.city": "Y"}, 50)
        assert scene.golden.values["address"] == {"street": "2", "city": "X"}
        due = due_update(scene.form("erp"), scene.golden, scene.shadows["erp"])
        assert due.values == {"address.street": "2", "address.city": "X"}

    def test_a_system_that_lacks_a_member_does_not_erase_it(self) -> None:
        scene = Scene(entity(group("address", ("city", "region"), has={"erp": ("city",)})))
        scene.says("crm", {"address.city": "X", "address.region": "R"})
        scene.says("erp", {"address.city": "X"})
        scene.says("erp", {"address.city": "Y"}, 5)
        assert scene.golden.values["address"] == {"city": "Y", "region": "R"}

    def test_emptied_as_a_whole(self) -> None:
        scene = Scene(entity(group("address", ("city", "region"), has={"erp": ("city",)})))
        scene.says("crm", {"address.city": "X", "address.region": "R"})
        scene.says("erp", {"address.city": "X"})
        scene.says("erp", {"address.city": None}, 5)
        assert scene.golden.values["address"] is None


class TestLossySystems:
    def test_what_was_normalised_is_in_step(self) -> None:
        scene = Scene(entity(field("name")))
        scene.says("crm", {"name": "Muller"})
        scene.written("erp", {"name": "Muller"}, {"name": "MULLER"}, 1)
        assert scene.golden.values == {"name": "Muller"}
        assert due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).nothing

    def test_a_later_edit_there_is_still_heard(self) -> None:
        scene = Scene(entity(field("name")))
        scene.says("crm", {"name": "Muller"})
        scene.written("erp", {"name": "Muller"}, {"name": "MULLER"}, 1)
        scene.says("erp", {"name": "MAIER"}, 9)
        assert scene.golden.values == {"name": "MAIER"}
        assert scene.conflicts == []

    def test_a_golden_change_is_due_although_the_last_was_normalised(self) -> None:
        scene = Scene(entity(field("name")))
        scene.says("crm", {"name": "Muller"})
        scene.written("erp", {"name": "Muller"}, {"name": "MULLER"}, 1)
        scene.says("crm", {"name": "Maier"}, 9)
        assert due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).values == {"name": "Maier"}

    def test_defaults_of_a_new_record_are_neither_spread_nor_erased(self) -> None:
        scene = Scene(entity(field("name"), field("lang")))
        scene.says("crm", {"name": "a", "lang": None})
        scene.written("erp", {"name": "a"}, {"lang": "en"}, 1)
        assert scene.golden.values.get("lang") is None
        assert due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).nothing


class TestLostAnswers:
    """A write was sent, the answer was lost; what the record shows decides."""

    def scene(self) -> tuple[Scene, Intent]:
        scene = agreed(field("name"), field("phone"))
        scene.says("crm", {"name": "b", "phone": "a"}, 5)
        return scene, Intent("update", "erp-1", {"name": "a"}, {"name": "b"}, scene.shadows["erp"].version)

    def test_it_took_effect(self) -> None:
        scene, intent = self.scene()
        outcome = scene.says("erp", {"name": "b", "phone": "a"}, 9, intent=intent)
        assert outcome.applied is True
        assert due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).nothing

    def test_it_did_not(self) -> None:
        scene, intent = self.scene()
        outcome = scene.says("erp", {"name": "a", "phone": "a"}, 0, intent=intent, version=intent.version_before)
        assert outcome.applied is False
        assert due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).values == {"name": "b"}

    def test_a_user_put_it_back(self) -> None:
        """The ABA case: the old value under a new version is a person's word; what it displaces is journalled."""
        scene, intent = self.scene()
        scene.says("erp", {"name": "a", "phone": "a"}, 9, intent=intent)
        assert scene.golden.values["name"] == "a"
        assert [c.rule for c in scene.conflicts] == ["in doubt"]

    def test_killed_before_its_turn_in_the_batch_and_a_user_changed_something_else(self) -> None:
        """The other field is what moved the version: what was to be written is still to be written, and on record."""
        scene, intent = self.scene()
        outcome = scene.says("erp", {"name": "a", "phone": "7"}, 9, intent=intent)
        assert outcome.applied is False
        assert scene.golden.values == {"name": "b", "phone": "7"}
        assert due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).values == {"name": "b"}
        assert [c.rule for c in scene.conflicts] == ["in doubt"]

    def test_killed_before_its_turn_and_a_user_changed_one_of_two_fields_that_were_to_be_written(self) -> None:
        scene = agreed(field("name"), field("phone"))
        scene.says("crm", {"name": "b", "phone": "b"}, 5)
        before, after = {"name": "a", "phone": "a"}, {"name": "b", "phone": "b"}
        intent = Intent("update", "erp-1", before, after, scene.shadows["erp"].version)
        scene.says("erp", {"name": "a", "phone": "7"}, 9, intent=intent)
        assert scene.golden.values == {"name": "b", "phone": "7"}, "the newer word about each"
        assert due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).values == {"name": "b"}

    @pytest.mark.parametrize(("changed", "winner"), [(5, "b"), (6, "b"), (8, "a"), (9, "a"), (20, "a")])
    def test_what_was_changed_last_before_the_write_was_made_was_not_put_back(self, changed: int, winner: str) -> None:
        """A field that bridge does not see moved the version at second 5; the write was made at second 10. What lies
        nearer to it than the clocks can tell apart (2 seconds) may have been put back."""
        scene, intent = self.scene()
        scene.says("erp", {"name": "a", "phone": "a"}, changed, intent=replace(intent, at=at(10)))
        assert scene.golden.values["name"] == winner
        assert [c.rule for c in scene.conflicts] == ["in doubt"]

    def test_an_edit_that_the_write_would_have_met_is_a_conflict(self) -> None:
        """It was made before the write, so it was never on top of it: who is newer decides, and both are on record."""
        scene, intent = self.scene()
        scene.says("erp", {"name": "zz", "phone": "a"}, 4, intent=replace(intent, at=at(10)))
        assert scene.golden.values["name"] == "b", "said at second 5"
        assert [c.rule for c in scene.conflicts] == ["newest"]

    def test_a_user_edited_on_top(self) -> None:
        scene, intent = self.scene()
        scene.says("erp", {"name": "zz", "phone": "a"}, 9, intent=intent)
        assert scene.golden.values["name"] == "zz"
        assert [c.rule for c in scene.conflicts] == ["in doubt"]

    def test_it_was_cut_off_by_the_system(self) -> None:
        """A lost answer must not turn a system's short field into everybody's short value."""
        scene = agreed(field("name"))
        scene.says("crm", {"name": "a long name"}, 5)
        intent = Intent("update", "erp-1", {"name": "a"}, {"name": "a long name"}, scene.shadows["erp"].version)
        scene.says("erp", {"name": "a long n"}, 9, intent=intent)
        assert scene.golden.values["name"] == "a long name"
        assert due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).nothing
        assert [c.rule for c in scene.conflicts] == ["in doubt"]

    def test_a_create_that_was_made(self) -> None:
        scene = Scene(entity(field("name"), field("phone")))
        scene.says("crm", {"name": "a", "phone": None})
        intent = Intent("create", None, {}, {"name": "a"}, None)
        scene.says("erp", {"name": "a", "phone": "7"}, 9, intent=intent)
        assert scene.golden.values == {"name": "a", "phone": "7"}
        assert due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).nothing


class TestHalfWrittenRecords:
    """One record, several transactions: killed between the record itself and what hangs on it."""

    BEFORE = {"name": "a", "delivery.city": "a", "delivery.zip": "a", "tags": None}
    SENT = {"name": "b", "delivery.city": "b", "delivery.zip": "b"}

    def scene(self, sent: dict[str, str]) -> tuple[Scene, Intent]:
        scene = Scene(entity(*(field(path) for path in self.BEFORE)), apart={"erp": ("delivery.", "tags")})
        for system in SYSTEMS:
            scene.says(system, self.BEFORE)
        scene.says("crm", {**self.BEFORE, **sent}, 5)
        before = {path: self.BEFORE[path] for path in sent}
        return scene, Intent("update", "erp-1", before, sent, scene.shadows["erp"].version)

    def due(self, scene: Scene) -> object:
        return due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).values

    def test_the_record_is_written_and_the_address_is_not(self) -> None:
        scene, intent = self.scene(self.SENT)
        outcome = scene.says("erp", {**self.BEFORE, "name": "b"}, 9, intent=intent)
        assert outcome.applied is True
        assert scene.golden.values["delivery.city"] == "b"
        assert self.due(scene) == {"delivery.city": "b", "delivery.zip": "b"}

    def test_the_address_is_written_and_the_record_is_not(self) -> None:
        scene, intent = self.scene(self.SENT)
        scene.says("erp", {**self.BEFORE, "delivery.city": "b", "delivery.zip": "b"}, 9, intent=intent)
        assert scene.golden.values["name"] == "b"
        assert self.due(scene) == {"name": "b"}

    def test_only_the_version_moved(self) -> None:
        """The key field was written, with a new version, and then the process died."""
        scene, intent = self.scene({"delivery.city": "b"})
        outcome = scene.says("erp", self.BEFORE, 9, intent=intent)
        assert outcome.applied is False
        assert scene.golden.values["delivery.city"] == "b"
        assert self.due(scene) == {"delivery.city": "b"}
        assert [c.rule for c in scene.conflicts] == ["in doubt"]  # somebody may have put it back: it is on record

    def test_a_user_edited_the_address_after_it_was_written(self) -> None:
        scene, intent = self.scene(self.SENT)
        scene.says("erp", {**self.SENT, "delivery.city": "zz", "tags": None}, 9, intent=intent)
        assert scene.golden.values["delivery.city"] == "zz"
        assert scene.golden.values["delivery.zip"] == "b"

    def test_a_create_without_its_address(self) -> None:
        """What is missing is due, and not a user's wish to have it empty."""
        scene = Scene(entity(*(field(path) for path in self.BEFORE)), apart={"erp": ("delivery.", "tags")})
        scene.says("crm", {**self.BEFORE, **self.SENT})
        intent = Intent("create", None, {}, self.SENT, None)
        scene.says("erp", {**dict.fromkeys(self.BEFORE), "name": "b"}, 9, intent=intent)
        assert scene.golden.values == self.SENT
        assert self.due(scene) == {"delivery.city": "b", "delivery.zip": "b"}


class TestMended:
    """A value that cannot be read is nobody's word; mended, it is the only one."""

    @staticmethod
    def number(value: object) -> object:
        if value == "many":
            raise InvalidValue("number", "not a number")
        return value

    def scene(self) -> Scene:
        scene = Scene(entity(field("limit", codecs={"crm": (self.number, lambda value: value)}), field("name")))
        assert scene.says("crm", {"limit": "many", "name": "a"}).problems
        scene.written("erp", {"name": "a"}, {"limit": None})
        return scene

    def test_is_taken_without_a_conflict(self) -> None:
        scene = self.scene()
        scene.says("crm", {"limit": "5", "name": "a"}, 10)
        assert scene.golden.values == {"limit": "5", "name": "a"}
        assert scene.conflicts == []
        assert due_update(scene.form("erp"), scene.golden, scene.shadows["erp"]).values == {"limit": "5"}

    def test_is_in_conflict_with_what_another_has_said_meanwhile(self) -> None:
        scene = self.scene()
        scene.says("erp", {"limit": "7", "name": "a"}, 5)
        assert scene.golden.values["limit"] == "7"
        scene.says("crm", {"limit": "5", "name": "a"}, 10)
        assert [(c.state, {p.value for p in c.proposals}) for c in scene.conflicts] == [("settled", {"5", "7"})]


class TestCreates:
    def test_only_what_is_there_is_sent(self) -> None:
        scene = Scene(entity(field("name"), field("phone"), field("kind", default="company")))
        scene.says("crm", {"name": "a", "phone": None, "kind": None})
        assert due_create(scene.form("erp"), scene.golden).values == {"name": "a", "kind": "company"}

    def test_a_required_value_that_is_empty_is_a_problem(self) -> None:
        scene = Scene(entity(field("name", required=True), field("phone")))
        scene.says("crm", {"name": None, "phone": "1"})
        assert due_create(scene.form("erp"), scene.golden).problems == ("name is required and empty",)

    def test_a_missing_parent(self) -> None:
        emap = entity(field("name"), field("parent", ref="customer"), field("owner", ref="customer", required=True))
        scene = Scene(emap)
        scene.says("crm", {"name": "a", "parent": None, "owner": None})
        scene.golden = scene.golden.__class__(
            "customer",
            "g1",
            1,
            {"name": "a", "parent": "g2"},
            dict.fromkeys(("name", "parent"), scene.golden.provenance["name"]),
        )
        due = due_create(scene.form("erp"), scene.golden)
        assert (due.values, due.missing, due.blocked) == ({"name": "a"}, ("parent",), False)


class TestPolicies:
    WORDS = (Proposal("crm", "10", at(0)), Proposal("erp", "9", at(5)), Proposal("fin", None, at(90)))

    @pytest.mark.parametrize(
        ("policy", "winner"),
        [
            (Policy("newest"), "fin"),
            (Policy("highest"), "crm"),
            (Policy("lowest"), "erp"),
            (Policy("prefer", ("erp", "crm")), "erp"),
            (Policy("ask"), None),
        ],
    )
    def test_choice(self, policy: Policy, winner: str | None) -> None:
        chosen = choose(policy, self.WORDS, Clocks(SYSTEMS, timedelta(seconds=2)))
        assert (chosen.system if chosen else None) == winner

    def test_inside_the_tolerance_the_order_of_the_columns_decides(self) -> None:
        words = (Proposal("erp", "1", at(1)), Proposal("crm", "2", at(0)))
        assert choose(Policy("newest"), words, Clocks(SYSTEMS, timedelta(seconds=2))).system == "crm"

    words = st.lists(
        st.builds(
            Proposal,
            st.sampled_from(SYSTEMS),
            st.sampled_from(["1", "2", None, "x"]),
            st.one_of(st.none(), st.integers(0, 6).map(at)),
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda p: p.system,
    )

    @given(words, st.sampled_from(["newest", "highest", "lowest", "prefer"]))
    def test_the_order_of_reading_does_not_matter(self, words: list[Proposal], kind: str) -> None:
        policy = Policy(kind, ("fin",))
        winners = {choose(policy, order, Clocks(SYSTEMS, timedelta(seconds=2))) for order in permutations(words)}
        assert len(winners) == 1

    tags = st.lists(st.sampled_from("abcd"), unique=True).map(sorted)

    @given(tags, tags, tags)
    def test_union_from_three_sides_commutes(self, base: list[str], one: list[str], other: list[str]) -> None:
        assert unite(unite(base, base, one), base, other) == unite(unite(base, base, other), base, one)


edits = st.lists(
    st.tuples(st.sampled_from(SYSTEMS), st.sampled_from(["a", "b", "c", None]), st.integers(0, 8)),
    min_size=2,
    max_size=3,
    unique_by=lambda edit: edit[0],
)


@given(edits, st.sampled_from(["newest", "prefer", "highest", "lowest"]))
@example([("crm", "b", 0), ("erp", "c", 1), ("fin", "b", 3)], "newest")
def test_the_golden_value_does_not_depend_on_the_order_of_reading(edits, kind: str) -> None:
    """All systems were in step; several were edited in the same round."""
    results = set()
    for order in permutations(edits):
        scene = agreed(field("name", policy=Policy(kind, ("erp", "fin"))))
        for system, value, seconds in order:
            scene.says(system, {"name": value}, 100 + seconds)
        results.add(scene.golden.values["name"])
    assert len(results) == 1
