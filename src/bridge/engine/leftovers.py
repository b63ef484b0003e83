"""What pages leave behind in cycles: let go page by page, so that memory does not grow with the records."""

from __future__ import annotations

import gc


def let_go() -> None:
    """Free what is held by nothing but cycles among young objects.

    A statement of SQLAlchemy's is such a cycle and holds the thousands of ids that it asked for. The interpreter counts
    objects, not their size, and those of a page go by themselves: left to it, a hundred statements would stay.
    """
    gc.collect(1)
