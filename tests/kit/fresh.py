"""A fresh environment beside bridge, without a registry: what this one has is seen from there, nothing is fetched."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import bridge

TOOLS = ("pytest", "ruff")


@dataclass(frozen=True, slots=True)
class Fresh:
    """A virtual environment in which bridge is there and no plug-in is."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """Where its packages are installed."""
        return Path(sysconfig.get_path("purelib", "venv", {"base": str(self.folder), "platbase": str(self.folder)}))

    def environment(self) -> dict[str, str]:
        """For its processes: its programs first, nothing of the tests' own, and pip as one without a registry."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST", "BRIDGE"))
        }
        return {
            **kept,
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{kept['PATH']}",
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # pip reads the value of this one as that of the option it negates
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_QUIET": "1",
        }

    def run(self, *words: str, cwd: Path, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """A program of the environment; its exit code is looked at."""
        done = subprocess.run(
            words, cwd=cwd, env=self.environment(), capture_output=True, text=True, timeout=600, check=False
        )
        said = f"{' '.join(words)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert code is None or done.returncode == code, said
        assert "Traceback" not in done.stdout + done.stderr, said
        return done


def make_fresh(folder: Path) -> Fresh:
    """Make one. bridge is seen where these tests see it; `pip`, `bridge`, `pytest` and `ruff` are programs of it."""
    venv.create(folder, with_pip=False, symlinks=True)
    fresh = Fresh(folder)
    source = Path(bridge.__file__).parents[1]
    beside = [path for path in sys.path if path.endswith("site-packages")]
    seen = [
        str(source),
        *(f"import site; site.addsitedir({path!r})" for path in beside),
    ]  # with what is installed editable
    (fresh.packages / "beside.pth").write_text("\n".join(seen) + "\n", encoding="utf-8")
    _program(fresh, "bridge", f'exec "{fresh.python}" -m bridge "$@"')
    _program(fresh, "pytest", f'exec "{fresh.python}" -m pytest -p no:cacheprovider "$@"')
    _program(fresh, "pip", f'exec "{fresh.python}" -m pip "$@"')
    _program(fresh, "ruff", f'exec "{Path(sys.executable).parent / "ruff"}" "$@"')
    return fresh


def _program(fresh: Fresh, name: str, line: str) -> None:
    path = fresh.folder / "bin" / name
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)
