"""A month of the archive as a file: CSV, compressed, with a manifest beside it; read back to the last
byte before anybody relies on it."""

import contextlib
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from brimful.db.transaction import Database
from brimful.ledger.archive import ArchivedMonth, copy_archived, read_archived_span


class DifferentFile(OSError):
    """A folder has a file of a month's name already, with other entries in it."""


async def write_month(db: Database, month: ArchivedMonth, folder: Path) -> tuple[str, str]:
    """Write a kept month to ``entry_YYYY_MM.csv.gz`` and its manifest, and compare what can be read back
    with the entries, byte by byte; the file's path and the SHA-256 of its text. A file of an earlier
    try is compared instead of written. Raises DifferentFile, OSError."""
    name = f"entry_{month.starts_at:%Y_%m}"
    file, manifest = folder / f"{name}.csv.gz", folder / f"{name}.json"
    if not file.exists():
        half = folder / f"{name}.csv.gz.part"
        await _write(db, month, half)
        half.replace(file)
    sha256, size, rows = await _compare(db, month, file)
    told = {**await _span(db, month), "rows": rows, "bytes": size, "sha256": sha256}
    half = folder / f"{name}.json.part"
    with half.open("w", encoding="utf-8") as out:
        json.dump({"month": f"{month.starts_at:%Y-%m}", "file": file.name, **told}, out, indent=2)
        out.write("\n")
        out.flush()
        os.fsync(out.fileno())
    half.replace(manifest)
    _sync_folder(folder)
    return str(file.resolve()), sha256


async def _span(db: Database, month: ArchivedMonth) -> dict[str, Any]:
    async with db.transaction() as tx:
        first, last = await read_archived_span(tx, month)
    return {
        "first_at": None if first is None else first.isoformat(),
        "last_at": None if last is None else last.isoformat(),
    }


class _Taker:
    """Takes the entries as they come. What is wrong with a file is kept until they have ended: raised in
    the middle, it would be the end of the connection that they come by."""

    def __init__(self, take: Callable[[bytes], object]) -> None:
        self._take = take
        self.problem: Exception | None = None

    async def took(self, data: bytes) -> None:
        """The next part of the entries."""
        if self.problem is None:
            try:
                self._take(data)
            except (OSError, EOFError, zlib.error) as problem:
                self.problem = problem


async def _write(db: Database, month: ArchivedMonth, path: Path) -> None:
    """Write, and have it on the disk when this returns. The same entries are the same file."""
    with path.open("wb") as raw:
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
            taker = _Taker(packed.write)
            async with db.transaction() as tx:
                await copy_archived(tx, month, taker.took)
            if taker.problem is not None:
                raise taker.problem
        raw.flush()
        os.fsync(raw.fileno())


class _Comparison:
    """What is read from a file, against what the database says it holds."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0
        self.same = True

    def take(self, data: bytes) -> None:
        """The next part of the entries."""
        if self.same:
            self.same = self._file.read(len(data)) == data
            self.digest.update(data)
            self.size += len(data)

    def end(self) -> None:
        """There are no more."""
        self.same = self.same and not self._file.read(1)


async def _compare(db: Database, month: ArchivedMonth, path: Path) -> tuple[str, int, int]:
    """The SHA-256 and the size of a file's text, and its rows. Raises DifferentFile unless it is what
    the database holds."""
    with gzip.open(path, "rb") as packed:
        comparison = _Comparison(cast(BinaryIO, packed))
        taker = _Taker(comparison.take)
        async with db.transaction() as tx:
            rows = await copy_archived(tx, month, taker.took)
        with contextlib.suppress(OSError, EOFError, zlib.error):
            comparison.end()
            if taker.problem is None and comparison.same and rows == month.entries:
                return comparison.digest.hexdigest(), comparison.size, rows
    raise DifferentFile(
        f"{path} has not the entries of {month.starts_at:%Y-%m} in this database; it is left as it is"
    )


def _sync_folder(folder: Path) -> None:
    """The names of new files are on the disk, too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
