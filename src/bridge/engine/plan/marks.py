"""The words by which links, the journal and the history say what becomes of a record as a whole."""

from __future__ import annotations

from typing import Final

RECORD: Final = "(record)"
"""The record as a whole, where journal and history name a unit: whether it is there is a field like any other."""

EDITED: Final = "edited"
DELETED: Final = "deleted"
KEPT: Final = "kept"

UNDONE: Final = "undo"
"""Marks the link of a record that is to be deleted because the run that made it is undone; and the rule of a value that
went back."""

RESTORE: Final = "restore"
"""Marks the link of a record that is gone and is to be made again under the same golden id."""

ARCHIVED: Final = "archive"
"""Marks the link of a record that bridge archives. Its values are those of the archive's fields from before."""

RESTORED: Final = "restored"
"""Marks what RESTORE and ARCHIVED marked, once it is done."""
