"""The lens laws: the shipped mappings keep them, and each planted breach is caught."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.canonical.values import InvalidValue
from bridge.mapping.laws import check_laws
from bridge.mapping.pairs import Transform
from mapping.mapping_text import TEXT, changed, compiled, shipped


@pytest.mark.parametrize("entity", ["customer", "contact"])
def test_the_shipped_mappings_keep_the_laws(entity: str) -> None:
    assert [str(one) for one in check_laws(shipped()[entity], samples=150)] == []


def test_the_small_mapping_keeps_them_too() -> None:
    assert check_laws(compiled()) == []


def _with(transform: Transform) -> list[str]:
    """The findings for a mapping whose e-mail, in erp, goes through a transform."""
    text = changed(("erp: email}", "erp: email, transform: {erp: planted}}"), text=TEXT)
    return [str(one) for one in check_laws(compiled(text, transforms={"planted": lambda paths, arguments: transform}))]


def _refuse(_value: object) -> list[str]:
    raise InvalidValue("transform", "never")


def _same(value: object) -> object:
    return value


BREACHES: list[tuple[str, Callable[..., object], Callable[..., object], bool]] = [
    ("what is written is not what is read", _same, lambda v: [v and v.split("@")[0] + "@example.net"], False),
    ("it never comes to rest", _same, lambda v: [v and "x" + v], True),
    ("an empty value is not written as empty", _same, lambda v: [v or "none@example.com"], False),
    ("the transform writes 2 values for 1 native fields", _same, lambda v: [v, v], False),
    ("can express only 0 of", _same, _refuse, False),
    ("the transform failed with AttributeError", _same, lambda v: [v.nothing], False),
    (
        "writing back what was read changes it",
        lambda v: v if v == v.strip().lower() else "odd@example.com",
        lambda v: [v and "fixed@example.com"],
        True,
    ),
]


@pytest.mark.parametrize(("said", "read", "write", "lossy"), BREACHES, ids=[b[0][:30] for b in BREACHES])
def test_a_breach_is_caught_at_its_line(
    said: str, read: Callable[..., object], write: Callable[..., object], lossy: bool
) -> None:
    found = _with(Transform(read, write, lossy))  # type: ignore[arg-type]
    assert any(said in one for one in found), found
    assert all(one.startswith("mappings/customer.yaml:13:") for one in found)


def test_a_good_pair_and_a_declared_lossy_one_pass() -> None:
    assert _with(Transform(lambda v: v and v[::-1], lambda v: [v and v[::-1]])) == []  # type: ignore[index]
    assert _with(Transform(_same, lambda v: [v and "info@" + v.split("@")[1]], lossy=True)) == []  # type: ignore[arg-type,union-attr]


def test_a_transform_for_reading_only_must_not_be_written() -> None:
    planted = {"planted": lambda paths, arguments: Transform(_same, None)}  # type: ignore[arg-type]
    text = changed(("erp: email}", "erp: email, transform: {erp: planted}, direction: from erp}"))
    assert check_laws(compiled(text, transforms=planted)) == []
    with pytest.raises(AssertionError, match="it serves reading only, but 'erp' is written"):
        compiled(changed(("erp: email}", "erp: email, transform: {erp: planted}}")), transforms=planted)


def test_the_same_seed_draws_the_same_samples() -> None:
    first, second = (_with(Transform(_same, lambda v: [v and "x" + v])) for _ in range(2))  # type: ignore[arg-type]
    assert first == second != []
