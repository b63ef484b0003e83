"""The beginning of an adapter: the files of a package of its own, from the templates beside this module.

In a template `@name@` is the adapter, `@folder@` its distribution, `@module@` its Python package, `@class@` the
beginning of its classes' names, `@version@` the bridge it was made with.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

from bridge import __version__

WRONG_NAME: Final = "it is made of small letters, digits and _, and begins with a letter, as in acme or my_shop"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,40}")
_PLACES: Final = {
    "pyproject.toml.tmpl": "pyproject.toml",
    "README.md.tmpl": "README.md",
    "src/__init__.py.tmpl": "src/@module@/__init__.py",
    "src/adapter.py.tmpl": "src/@module@/adapter.py",
    "src/errors.py.tmpl": "src/@module@/errors.py",
    "src/objects.py.tmpl": "src/@module@/objects.py",
    "src/settings.py.tmpl": "src/@module@/settings.py",
    "src/py.typed.tmpl": "src/@module@/py.typed",
    "src/columns-customer.yaml.tmpl": "src/@module@/columns/customer.yaml",
    "tests-test_contract.py.tmpl": "tests/test_contract.py",
}


def good_name(name: str) -> bool:
    """Whether this can be the name of an adapter, and its package be imported."""
    return _NAME.fullmatch(name) is not None


def folder_of(name: str) -> str:
    """The folder, and the distribution, of the package."""
    return f"bridge-{name.replace('_', '-')}"


def files_of(name: str) -> dict[str, str]:
    """Place inside the package's folder -> text."""
    words = {
        "@name@": name,
        "@folder@": folder_of(name),
        "@module@": f"bridge_{name}",
        "@class@": "".join(part.capitalize() for part in name.split("_")),
        "@version@": __version__,
    }
    template = files(__name__) / "template"
    return {
        _filled(place, words): _filled(template.joinpath(source).read_text(encoding="utf-8"), words)
        for source, place in _PLACES.items()
    }


def _filled(text: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
