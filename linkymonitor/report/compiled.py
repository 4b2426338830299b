"""Keeps compiled templates in a cache folder: compiling them takes longer than computing the figures of a day."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket

from linkymonitor.errors import StorageError
from linkymonitor.system.storage import Storage


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path | None:
    """Return our cache folder: the one that systemd gives, else one of the user; None for a user without a home."""
    given = environ.get("CACHE_DIRECTORY")
    if given:
        return Path(given.partition(":")[0])
    shared = environ.get("XDG_CACHE_HOME", "")
    if Path(shared).is_absolute():
        return Path(shared) / "linkymonitor"
    try:
        return Path.home() / ".cache" / "linkymonitor"
    except RuntimeError:
        return None


class Compiled(jinja2.BytecodeCache):
    """The compiled templates of a folder; a template that cannot be kept or read back is compiled each time.

    Args:
        folder: where they are kept.
        storage: reads and writes them.
    """

    def __init__(self, folder: Path, storage: Storage) -> None:
        self._folder = folder
        self._storage = storage

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill *bucket* with the compiled template that was kept, if any; Jinja checks that it is not outdated."""
        with suppress(FileNotFoundError, StorageError):
            bucket.bytecode_from_string(b"".join(self._storage.blocks(self._folder / bucket.key)))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep the compiled template in *bucket*."""
        with suppress(StorageError):
            self._storage.make_directory(self._folder)
            self._storage.replace(self._folder / bucket.key, bucket.bytecode_to_string(), sync=False)
