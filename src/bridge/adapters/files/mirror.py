"""The files and what is remembered of them, kept the same in both directions.

Reading: a file that has not changed is not read again; one that has is taken in whole, in one transaction. Writing: a
batch is committed to the index, which is what makes it durable, and the file is written anew from it, at once where it
is small and else at the end: to a file beside it, forced to the disk, put in its place in one step. A process that is
killed leaves the old file or the new one, and the next one writes what is missing.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from heapq import merge
from pathlib import Path
from typing import Final

from bridge.adapters.files.documents import Document
from bridge.adapters.files.index import File, Index
from bridge.adapters.files.layout import Layout, Table
from bridge.adapters.files.scan import Scan
from bridge.adapters.files.sheets import Out, Unusable
from bridge.ports.errors import NoSuchObject, PermissionDenied, Transient

AT_ONCE: Final = 1000
"""A file of at most so many records is written after each batch; a larger one when bridge is done with it."""
_SETTLED: Final = 2.0
"""Seconds after which a change of a file surely shows in its stamp."""


class Mirror:
    """The files of one folder. point: called with the name of a moment, for tests that end the process there."""

    def __init__(
        self,
        system: str,
        index: Index,
        clock: Callable[[], float] = time.time,
        point: Callable[[str], None] = lambda name: None,
    ) -> None:
        self.system, self.index, self._clock, self._point = system, index, clock, point

    @contextmanager
    def troubles(self) -> Iterator[None]:
        """Only bridge's errors leave."""
        try:
            yield
        except Unusable as error:
            said: Exception = Transient(str(error), system=self.system)
        except PermissionError as error:
            name = Path(str(error.filename or "")).name
            said = PermissionDenied(f"may not open {name}: its rights do not let bridge", system=self.system)
        except FileNotFoundError as error:
            name = Path(str(error.filename or "")).name
            said = NoSuchObject(f"there is no {name} in the folder", system=self.system)
        except OSError as error:
            said = Transient(f"a file cannot be read or written: {error.strerror}", system=self.system)
        except sqlite3.Error:
            said = Transient(
                "what bridge remembers of the files (`state`) cannot be read or written", system=self.system
            )
        else:
            return
        raise said from None

    def current(self, layout: Layout) -> File:
        """What is known of an object's files, after looking whether they have changed."""
        for path in layout.files:
            if not path.is_file():
                raise NoSuchObject(
                    f"there is no file {path.name} in the folder; `bridge setup {self.system}` makes one",
                    system=self.system,
                )
        stat = _stats(layout)
        file = self.index.file(layout.object)
        if file is not None and file.digest == layout.digest:
            if file.stat == stat and file.trusted:
                return file
            if file.hash == (digest := _hash(layout)):
                trusted = self._settled(stat)
                if file.stat != stat or trusted:
                    file.stat, file.trusted = stat, trusted
                    with self.index.writing():
                        self.index.save(file)
                return file
        else:
            digest = _hash(layout)
        with self.index.writing():
            return self._scanned(layout, stat, digest)

    def _scanned(self, layout: Layout, stat: list[list[int]], digest: str) -> File:
        file = self.index.file(layout.object) or File(layout.object, uuid.uuid4().hex[:12])
        if file.digest and file.digest != layout.digest:  # the same text may mean something else now
            file.generation = uuid.uuid4().hex[:12]
        file.digest, file.stat, file.hash, file.trusted = layout.digest, stat, digest, self._settled(stat)
        Scan(self.index, layout, file, stat[0][0] / 1e9).run()
        if _stats(layout) != stat:
            raise Unusable(f"{layout.path.name} is being written just now")
        self.index.save(file)
        return file

    def _settled(self, stat: list[list[int]]) -> bool:
        return all(self._clock() - one[0] / 1e9 > _SETTLED for one in stat)

    def flush(self, layout: Layout, *, small: bool = False) -> None:
        """Write to the file what is still to be written. small: only where it is a small file."""
        with self.index.writing():
            file = self.current(layout)
            if not self.index.dirty(file) or (small and self.index.count(layout.object) > AT_ONCE):
                return
            self._write(layout, file)
        self._point("after flush")

    def rewritten(self, layout: Layout, file: File) -> None:
        """Write the file as it is remembered, and take it in again whole: its columns or its bad lines are others."""
        self._write(layout, file)
        file.hash = ""
        self.index.save(file)

    def _write(self, layout: Layout, file: File) -> None:
        places = [Path(os.path.realpath(path)) for path in layout.files]
        fresh = [place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}.tmp") for place in places]
        try:
            layout.format.write(
                fresh[0], file.names[""], file.heads[""], file.dialect[""], layout.manners, self._lines(layout, file)
            )
            own = [table for table in layout.tables.values() if table.path is not None]
            for table, path in zip(own, fresh[1:], strict=True):
                part = table.name
                table.format.write(
                    path, file.names[part], file.heads[part], file.dialect[part], table.manners, self._rows(table, file)
                )
            self._point("before rename")
            if _stats(layout) != file.stat:
                raise Unusable(f"{layout.path.name} was changed by somebody just now")
            for path, place in zip(fresh, places, strict=True):
                shutil.copymode(place, path)
                path.replace(place)
                self._point("after rename")
            for folder in {place.parent for place in places}:
                _force(folder)
        finally:
            for path in fresh:
                with suppress(OSError):
                    path.unlink(missing_ok=True)
        self.index.written(file)
        file.stat, file.hash, file.trusted = _stats(layout), _hash(layout), False
        self.index.save(file)

    def _lines(self, layout: Layout, file: File) -> Iterator[Out]:
        shared = layout.shared
        bad = self.index.db.execute(
            "select ord, raw from bad where object = ? and part = '' order by ord, seq", (file.object,)
        )
        records = ((place, 1, doc) for place, _, doc in self.index.lines(file))
        for _, kind, text in merge(records, ((place, 0, raw) for place, raw in bad), key=lambda one: one[0]):
            if kind == 0:
                yield Out(raw=_raw(text))
                continue
            document = Document.parse(text)
            rows = document.rows.get(shared.name, []) if shared else []
            for row in rows or [{}]:
                yield Out({**document.cells, **row}, {} if shared else document.rows)

    def _rows(self, table: Table, file: File) -> Iterator[Out]:
        for _, id_, doc in self.index.lines(file):
            for row in Document.parse(doc).rows.get(table.name, []):
                yield Out({**row, table.parent: row.get(table.parent) or id_})
        bad = self.index.db.execute(
            "select raw from bad where object = ? and part = ? order by ord", (file.object, table.name)
        )
        for (raw,) in bad:
            yield Out(raw=_raw(raw))


def _raw(text: str) -> list[str]:

    return list(json.loads(text))


def _stats(layout: Layout) -> list[list[int]]:
    found = [path.stat() for path in layout.files]
    return [[one.st_mtime_ns, one.st_size, one.st_ino] for one in found]


def _hash(layout: Layout) -> str:
    digest = blake2b(digest_size=16)
    for path in layout.files:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        digest.update(b"\x00")
    return digest.hexdigest()


def _force(folder: Path) -> None:
    """Have the change of a name on the disk."""
    with suppress(OSError):  # not every system lets a folder be opened
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
