"""The adapter of a folder of files: every file is an object, every line of it a record."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from bridge.adapters.files.describing import described
from bridge.adapters.files.feed import bad_row, page, record_of
from bridge.adapters.files.index import Index
from bridge.adapters.files.layout import Layout, layout
from bridge.adapters.files.mirror import Mirror
from bridge.adapters.files.preparing import prepared
from bridge.adapters.files.rejects import replayed, written_rejects
from bridge.adapters.files.settings import Settings
from bridge.adapters.files.writing import Writer
from bridge.ports.adapter import Capabilities, Gate, Health, NativeSchema, SetupStep
from bridge.ports.errors import Transient, Unsupported
from bridge.ports.mending import Replayed
from bridge.ports.records import (
    BadRow,
    ChangePage,
    CreateItem,
    DeleteItem,
    NativeRecord,
    ObjectSpec,
    UpdateItem,
    WriteResult,
)

PAGE: Final = 1000
_LOG = logging.getLogger(__name__)


class FilesAdapter:
    """One folder. Used by one thread at a time."""

    def __init__(
        self,
        system: str,
        settings: Settings,
        clock: Callable[[], float] = time.time,
        point: Callable[[str], None] = lambda name: None,
    ) -> None:
        self._system, self._settings, self._clock = system, settings, clock
        self._index = Index(settings.memory / "files.db")
        self._mirror = Mirror(system, self._index, clock, point)
        self._calls = 0
        self._gate: Gate | None = None
        self._used: dict[str, Layout] = {}

    def __repr__(self) -> str:
        return f"FilesAdapter({self._system!r})"

    @property
    def system(self) -> str:
        """The name of the system in the configuration."""
        return self._system

    @property
    def calls(self) -> int:
        """Times that the files were asked for something."""
        return self._calls

    @property
    def clock_skew(self) -> float | None:
        """Its clock is ours."""
        return None

    def capabilities(self, spec: ObjectSpec) -> Capabilities:
        """A file that does not hold everything is only read, and says nothing of deletes."""
        whole = self._settings.of(spec.object).complete
        return Capabilities(
            create="native" if whole else "unsupported",
            update="native" if whole else "unsupported",
            delete="native" if whole else "unsupported",
            conditional_update="emulated" if whole else "unsupported",
            deletes_feed="native" if whole else "unsupported",
            batch_create=PAGE,
            batch_update=PAGE,
            page=2 * PAGE,
            clock_grain=timedelta(microseconds=1),
            calls_per_batch=2.0,
        )

    def metered(self, gate: Gate) -> None:
        """What the files are asked for passes this gate."""
        self._gate = gate

    def open(self, specs: Sequence[ObjectSpec]) -> None:
        """Write to the files what an earlier process did not come to write. Raises Transient."""
        self._there()
        for spec in specs:
            with self._mirror.troubles():
                if self._index.file(spec.object) is not None:
                    self._call()
                    self._mirror.flush(self._layout(spec))

    def check(self) -> Health:
        """Look whether the folder is there. Raises Transient."""
        self._call()
        self._there()
        problems = []
        with self._mirror.troubles():
            for (obj,) in self._index.db.execute("select object from file order by object").fetchall():
                number, file = self._index.count_bad(obj), self._index.file(obj)
                problems += file.notes if file else []
                if number:
                    problems.append(
                        f"{number} lines of {obj} cannot be taken in: `bridge rejects write {self._system}` writes them"
                        " to a file with the reasons, to be mended and replayed"
                    )
        return Health("files 1", str(self._settings.folder.name or "."), None, tuple(problems))

    def schema(self, spec: ObjectSpec) -> NativeSchema:
        """The columns of the file, as declared or as the mapping takes them. Raises NotFound."""
        self._call()
        plan = self._layout(spec)
        with self._mirror.troubles():
            return described(self._system, plan, spec, self._mirror.current(plan))

    def setup(self, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
        """Make the file where there is none, and add the columns for bridge's keys."""
        self._call()
        with self._mirror.troubles():
            return prepared(self._mirror, self._layout(spec), spec, apply=apply)

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        """The next page of records that are new or other, of those that are gone, and of lines that are bad."""
        self._call()
        plan = self._layout(spec)
        with self._mirror.troubles():
            self._mirror.flush(plan)
            file = self._mirror.current(plan)
            return page(self._system, self._index, (plan, spec, file), cursor, limit)

    def amended(self, spec: ObjectSpec, cursor: str, records: Sequence[NativeRecord]) -> str:
        """As it is."""
        return cursor

    def refs(self, spec: ObjectSpec) -> Iterator[Sequence[str]]:
        """Every id, in pages."""
        plan, after = self._layout(spec), ""
        while True:
            self._call()
            with self._mirror.troubles():
                if not after:
                    self._mirror.current(plan)
                found = self._index.db.execute(
                    "select id from record where object = ? and not gone and id > ? order by id limit ?",
                    (spec.object, after, 2 * PAGE),
                ).fetchall()
            yield [id_ for (id_,) in found]
            if len(found) < 2 * PAGE:
                return
            after = found[-1][0]

    def fetch(self, spec: ObjectSpec, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        """These records as they are now."""
        self._call()
        plan = self._layout(spec)
        with self._mirror.troubles():
            self._mirror.current(plan)
            found = self._index.records(spec.object, list(native_ids))
        return {id_: record_of(self._system, plan, spec, one) for id_, one in found.items() if not one.gone}

    def find(self, spec: ObjectSpec, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        """The records with these golden ids."""
        self._call()
        plan = self._layout(spec)
        with self._mirror.troubles():
            self._mirror.current(plan)
            found = self._index.with_keys(spec.object, list(keys))
        return {key: [record_of(self._system, plan, spec, one) for one in ones] for key, ones in found.items()}

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        """New lines."""
        return self._write(spec, items, lambda writer: writer.creates(items))

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        """Other cells."""
        return self._write(spec, items, lambda writer: writer.batch(items, writer.update))

    def delete(self, spec: ObjectSpec, items: Sequence[DeleteItem]) -> list[WriteResult]:
        """Lines taken out."""
        return self._write(spec, items, lambda writer: writer.batch(items, writer.delete))

    def booked(self, spec: ObjectSpec, references: Sequence[str]) -> set[str]:
        """Files book no movements."""
        raise Unsupported("files book no movements", system=self._system)

    def close(self) -> None:
        """Write to the files what is not written yet, and let go of them."""
        try:
            for plan in self._used.values():
                with self._mirror.troubles():
                    self._mirror.flush(plan)
        except Exception as error:
            _said(error)  # it is kept in the index: the next run writes it, or says why it cannot
        self._used.clear()
        self._index.close()

    # bad lines: `bridge.ports.mending.Mends`

    def bad_rows(self, spec: ObjectSpec) -> Iterator[BadRow]:
        """Every line that could not be taken in."""
        plan = self._layout(spec)
        with self._mirror.troubles():
            self._mirror.current(plan)
        for one in self._index.bad(spec.object):
            yield bad_row(plan, one)

    def write_rejects(self, spec: ObjectSpec, path: Path, refused: Mapping[str, str] | None = None) -> int:
        """The bad lines, and the records that others refused (id -> why), to a CSV file. How many there are."""
        plan = self._layout(spec)
        with self._mirror.troubles():
            self._mirror.flush(plan)
            return written_rejects(self._index, plan, self._mirror.current(plan), path, refused or {})

    def replay(self, spec: ObjectSpec, path: Path) -> Replayed:
        """Put the mended lines of such a file in the place of the bad ones."""
        self._call()
        plan = self._layout(spec)
        with self._mirror.troubles(), self._index.writing():
            self._mirror.flush(plan)
            return replayed(self._system, self._mirror, plan, path)

    # inside

    def _write(
        self, spec: ObjectSpec, items: Sequence[object], act: Callable[[Writer], list[WriteResult]]
    ) -> list[WriteResult]:
        if not self._settings.of(spec.object).complete:
            raise Unsupported(
                "the file does not hold everything (`complete: no`), so it is only read", system=self._system
            )
        if not items:
            return []
        self._call()
        plan = self._layout(spec)
        with self._mirror.troubles(), self._index.writing():
            file = self._mirror.current(plan)
            writer = Writer(self._system, self._index, plan, file, spec, self._clock())
            writer.allowed()
            results = act(writer)
        self._used[spec.object] = plan
        try:
            with self._mirror.troubles():
                self._mirror.flush(plan, small=True)
        except Transient as error:
            _said(error)  # it is kept in the index, and written later
        return results

    def _layout(self, spec: ObjectSpec) -> Layout:
        return layout(self._settings, spec)

    def _there(self) -> None:
        if not self._settings.folder.is_dir():
            words = f"the folder {self._settings.folder} is not there; make it, or mend `folder`"
            raise Transient(words, system=self._system)

    def _call(self) -> None:
        if self._gate is not None:
            self._gate.enter()
        self._calls += 1


def _said(error: Exception) -> None:
    """What could not be written to a file now; it is kept, and written later."""
    _LOG.warning("a file was not written: %s; the changes are kept and will be", error)
