"""A measurement in a process of its own: nothing that was done before is in its time or its memory."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any


def measured(module: str, *words: str) -> dict[str, Any]:
    """Run `python -m module words`, and answer the JSON of its last line. Raises RuntimeError where it fails."""
    done = subprocess.run([sys.executable, "-m", module, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return dict(json.loads(done.stdout.splitlines()[-1]))
