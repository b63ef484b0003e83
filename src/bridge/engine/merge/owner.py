"""Owner by status: while an order is a draft the sales people's word counts, afterwards that of the ERP.

Who owns is judged by the status that the *editing* system showed before: that is what its user had before his eyes. So
the result does not depend on which system is read first.
"""

from __future__ import annotations

from collections.abc import Mapping

from bridge.engine.merge.draft import Circumstances, Draft, all_words, journal
from bridge.engine.merge.form import Form
from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import Policy, Unit
from bridge.ports.records import NativeValue
from bridge.ports.work import Golden, Proposal


def owners(form: Form, values: Mapping[str, NativeValue]) -> tuple[str, ...]:
    """The systems whose word counts under the status that stands in these native values; empty: everybody's."""
    status = form.emap.status
    if status is None or not all(path in values for path in status.paths(form.system)):
        return ()
    shown = form.read_unit(status, values).values.get(status.name)
    return status.owners.get(str(shown), ()) if shown is not None else ()


def refused(form: Form, unit: Unit, base: Mapping[str, NativeValue]) -> bool:
    """Whether a change of this unit by this system does not count, as another system owns it."""
    if unit.policy.kind != "owner":
        return False
    who = owners(form, base)
    return bool(who) and form.system not in who


def refuse(
    form: Form,
    unit: Unit,
    base: Mapping[str, NativeValue],
    proposal: Proposal,
    draft: Draft,
    around: Circumstances,
) -> None:
    """What stands is left standing and is due to be written back; the edit is in the journal."""
    agreed = draft.values.get(unit.name)
    if proposal.value == agreed:
        return
    known = draft.provenance.get(unit.name)
    words = all_words(draft, unit, proposal)
    journal(unit, agreed, words, str(unit.policy), known.system if known else "", "settled", draft, around)


def settled_by(emap: EntityMap, policy: Policy, golden: Golden) -> Policy:
    """`owner by status` as a plain rule: the owners of the golden status are preferred, in their order."""
    if policy.kind != "owner" or emap.status is None:
        return policy
    who = emap.status.owners.get(str(golden.values.get(emap.status.name)), ())
    return Policy("prefer", who) if who else Policy("newest")
