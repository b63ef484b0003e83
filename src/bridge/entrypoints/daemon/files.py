"""The daemon's files: whether they say something else than what is in force, and whether that can be so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bridge.entrypoints.daemon.site import Site, changed_fields, changed_files, load_site, stamps_of
from bridge.ports.errors import ConfigError

ANEW: Final = timedelta(hours=1)
"""After so long the systems are asked again how their objects look: fields come and go."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at the files came to. site: to be in force from now on. problems: why what the files say is not; then
    the site is the same as before. fields: entity -> fields whose lines say something else now."""

    site: Site
    problems: tuple[str, ...] = ()
    fields: dict[str, list[str]] | None = None


class Files:
    """The configuration and what it names. log: told what was taken into force, or refused."""

    def __init__(self, file: Path, log: Any, clock: Callable[[], datetime]) -> None:
        self._file, self._log, self._clock = file, log, clock
        self._opened = clock()

    def look(self, site: Site, asked: bool) -> Looked | None:
        """Read them, where they look different than those in force, or somebody asked for it; None: nothing to do.

        Where they are broken, what is in force stays so.
        """
        stamps = stamps_of(site.config)
        if not asked and stamps == site.stamps and self._clock() - self._opened < ANEW:
            return None
        files = changed_files(site.stamps, stamps)
        self._opened = self._clock()
        try:
            new = self._loaded(site)
        except ConfigError as error:
            to_do = "Correct the file; it is looked at again when it changes. What was in force stays so."
            self._log.error("reload refused", files=files, problems=list(error.problems), to_do=to_do)
            return Looked(replace(site, stamps=stamps), tuple(error.problems))  # told once, not every second
        fields = changed_fields(site.maps, new.maps)
        site.close()
        if asked or files:
            self._log.info("reloaded", files=files, fields=fields)
        return Looked(new, fields=fields)

    def _loaded(self, site: Site) -> Site:
        new = load_site(self._file)
        if new.config.store != site.config.store:
            new.close()
            raise ConfigError(f"{self._file}: the store was changed; stop the daemon and start it again for that")
        return new
