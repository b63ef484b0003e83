"""The contract of an adapter as tests: derive from AdapterContract and give it a fixture `h` (see `bridge.testing`)."""

from __future__ import annotations

from typing import ClassVar

from bridge.ports.kind import AdapterKind, Level
from bridge.testing.declaring import Declaring
from bridge.testing.drift import Drifting
from bridge.testing.edited import EditedSince
from bridge.testing.faults import Answers, Discretion, LostAnswers
from bridge.testing.levels import leave_out_above
from bridge.testing.reading import Changes, Looking
from bridge.testing.schema import Describing, Preparing
from bridge.testing.writing import Creating, Deleting, Refusing, Updating


class AdapterContract(
    Changes,
    Looking,
    Refusing,
    Creating,
    Updating,
    EditedSince,
    Deleting,
    Drifting,
    LostAnswers,
    Answers,
    Discretion,
    Describing,
    Preparing,
    Declaring,
):
    """Every promise of `bridge.ports.adapter`. Each test gets a harness of an empty, prepared system as `h`.

    kind: what the adapter's entry point names; what it says of itself is tested too, and its level is the suite's.
    level: where there is no kind, or to try another level: the tests of higher ones are left out.
    """

    kind: ClassVar[AdapterKind | None] = None
    level: ClassVar[Level] = "deletes"

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.kind is not None and "level" not in cls.__dict__:
            cls.level = cls.kind.level
        leave_out_above(cls, cls.level)
