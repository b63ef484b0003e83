"""The asserts of the suite are told with their values, as those of a test file are."""

import pytest

for name in ("faults", "reading", "schema", "steps", "writing"):
    pytest.register_assert_rewrite(f"bridge.testing.{name}")
