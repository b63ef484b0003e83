"""A site's own rules for conflicts: Python functions that the configuration names (`strictest: rules.py:strictest`)."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

from bridge.config import Config
from bridge.engine.merge.policy import PolicyFunction
from bridge.mapping.source import suggest
from bridge.ports.errors import ConfigError


def load_policies(config: Config) -> dict[str, PolicyFunction]:
    """The functions under `policies`, by name. Raises ConfigError with every one that cannot be had.

    A relative file is taken from the folder of the configuration. It is run once, as any module is when imported.
    """
    modules: dict[Path, ModuleType | str] = {}
    found: dict[str, PolicyFunction] = {}
    problems: list[str] = []
    for name, written in config.policies.items():
        file, _, function = written.rpartition(":")
        path = config.folder / file
        if path not in modules:
            modules[path] = _run(path, len(modules))
        module = modules[path]
        if isinstance(module, str):
            message = f"{file} {module}"
        else:
            candidate = getattr(module, function, None)
            if callable(candidate):
                found[name] = candidate
                continue
            functions = [key for key, value in vars(module).items() if isinstance(value, Callable)]  # type: ignore[arg-type]  # mypy takes no Callable for a class
            message = f"{file} has no function '{function}'{suggest(function, functions)}"
        problems.append(str(config.source.finding("error", ("policies", name), message, at_value=True)))
    if problems:
        raise ConfigError(problems)
    return found


def _run(path: Path, number: int) -> ModuleType | str:
    """The module in a file; or why there is none."""
    if not path.is_file():
        return "is not there"
    spec = importlib.util.spec_from_file_location(f"bridge_policies_{number}", path)
    if spec is None or spec.loader is None:
        return "is no Python file"
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        return f"is no Python: line {error.lineno}"
    except Exception as error:
        return f"cannot be loaded ({type(error).__name__})"
    return module
