"""The same machine where each system has its own way with deletes: one takes them back, one archives, one deletes."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import rule

from bridge.mapping.deletes import Deletes
from model.machine import MAILS, SYSTEMS, Machine

POLICIES = {
    "crm": Deletes("restore"),
    "erp": Deletes("count", "archive", {"frozen": True}),
    "fin": Deletes("count", "delete"),
}


class PolicyMachine(Machine):
    """crm makes its deleted records again, erp archives what was deleted elsewhere, fin deletes it."""

    deletes: ClassVar[dict[str, Deletes]] = POLICIES  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.frozen_by_hand: set[str] = set()

    @rule(mail=st.sampled_from(MAILS), frozen=st.booleans())
    def freeze(self, mail: str, frozen: bool) -> None:
        """Somebody archives a customer in the ERP, or sets it active again."""
        for row in self.systems["erp"].rows.values():
            if row.values.get("mail") == mail and not row.deleted:
                self.systems["erp"].edit(row.id, "frozen", frozen)
                self.frozen_by_hand.add(row.id)

    def is_frozen(self, mail: str) -> bool:
        rows = self.systems["erp"].rows.values()
        return any(row.values.get("frozen") is True for row in rows if row.values["mail"] == mail and not row.deleted)

    def _check_deletes(self, uow) -> None:
        """A living record is in every system that takes part in deletes, and active; a dead one in none or archived.

        Who was edited when the delete had been carried out already may be gone somewhere for good (`late`).
        """
        goldens = uow.goldens("customer", sorted(self._golden_ids(uow)))
        lonely = {s.golden_id for s in uow.shadows_of("customer", list(goldens)) if s.waiting_for}
        reviewed = {golden_id for _, golden_id in uow.reviewed("customer", list(goldens))}
        for golden in goldens.values():
            linked = {x.system: x for x in uow.links_of("customer", [golden.id]) if x.state == "linked"}
            row = self.systems["erp"].rows[linked["erp"].native_id] if "erp" in linked else None
            if not golden.alive:
                assert "fin" not in linked, f"{golden.id} is dead, and still in fin"
                assert row is None or row.values["frozen"], f"{golden.id} is dead, and active in erp"
                continue
            rows = uow.history("customer", golden.id, 1000)
            late = any(one.unit == "(record)" and one.new == "edited" for one in rows)
            if golden.id not in lonely | reviewed and not late:
                assert set(linked) == set(SYSTEMS), f"{golden.id} lives, and is not in {set(SYSTEMS) - set(linked)}"
            if row is not None and row.id not in self.frozen_by_hand:
                assert not row.values.get("frozen"), f"{golden.id} lives, and is archived by nobody"
