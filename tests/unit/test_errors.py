"""Every error says what happened, what was not done and what to do, under a code of its own."""

import pytest

import bridge.entrypoints.cli.run
import bridge.entrypoints.demo.story  # noqa: F401 (both bring errors of their own)
from bridge.ports.errors import BridgeError, ConfigError, Transient, all_errors


@pytest.mark.parametrize("cls", all_errors(), ids=lambda cls: cls.__name__)
def test_an_error_is_for_people(cls: type[BridgeError]) -> None:
    assert cls.code.startswith("BR-")
    assert cls.__doc__
    assert cls.not_done.endswith(".")
    assert cls.to_do.endswith(".")


def test_codes_are_distinct() -> None:
    ours = [cls for cls in all_errors() if cls.__module__.startswith("bridge.")]  # a plug-in's may be loaded too
    codes = {f"{cls.__module__}.{cls.__qualname__}": cls.code for cls in ours}  # some tests load a module twice
    assert sorted(codes.values()) == sorted(set(codes.values()))


def test_the_text_names_the_system_and_the_vendors_code() -> None:
    assert str(Transient("did not answer", system="crm", vendor_code="503")) == "crm: did not answer [503]"


def test_a_configuration_error_carries_every_problem() -> None:
    assert ConfigError(["a", "b"]).problems == ["a", "b"]
