"""The password of the house, as it is kept: a salted hash that is slow to compute, and nothing to read it back from."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import unicodedata
from pathlib import Path

from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.system.json_text import read_json
from linkymonitor.system.storage import Storage
from linkymonitor.web.section import PASSWORD_FILE

#: The fewest and the most characters of a password.
SHORTEST, LONGEST = 8, 128
#: The work of scrypt, n, r and p: n * r * 128 bytes of memory (2 MiB), p times: some 2 s of a Pi Zero (ADR 0044).
_WORK = [2048, 8, 12]
#: The work of passwords that were set earlier: as long, in 8 MiB.
_EARLIER = [8192, 8, 3]
_SALT, _HASH = 16, 32
#: scrypt refuses to take more memory than this.
_MOST_MEMORY = 16 << 20
#: Bytes of the file that are read; ours is shorter.
_LONGEST_FILE = 1024


def _hash(password: str, salt: bytes, work: list[int]) -> bytes:
    # An é that one keyboard sends as two characters is the é of another.
    words = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    n, r, p = work
    return hashlib.scrypt(words, salt=salt, n=n, r=r, p=p, dklen=_HASH, maxmem=_MOST_MEMORY)


def write(folder: Path, password: str, storage: Storage) -> None:
    """Keep *password* in *folder*.

    Raises:
        StorageError: the file cannot be written.
    """
    salt = os.urandom(_SALT)
    record = {"scrypt": _WORK, "salt": salt.hex(), "hash": _hash(password, salt, _WORK).hex()}
    storage.replace(folder / PASSWORD_FILE, json.dumps(record).encode() + b"\n", mode=0o600)


class Password:
    """The password that is kept in a file, as it was when this was made.

    Args:
        folder: has the file.
        storage: reads it.

    Raises:
        FileNotFoundError: no password is set.
        StorageError: the file cannot be read, or is damaged.
    """

    def __init__(self, folder: Path, storage: Storage) -> None:
        path = folder / PASSWORD_FILE
        try:
            record = read_json(storage.part_of(path, 0, _LONGEST_FILE))
            self._salt, self._expected = bytes.fromhex(record["salt"]), bytes.fromhex(record["hash"])
            self._work = record["scrypt"]
            right = self._work in (_WORK, _EARLIER) and len(self._expected) == _HASH
        except (ValueError, TypeError, KeyError):
            right = False
        if not right:
            raise StorageError(
                Text(
                    f"{path} : mot de passe illisible ; mettez-en un nouveau : linkymonitor serve --set-password",
                    f"{path}: the password cannot be read; set a new one: linkymonitor serve --set-password",
                )
            )

    @property
    def mark(self) -> str:
        """Something that changes when the password is set anew, and tells nothing of it."""
        return self._salt.hex()

    def is_right(self, word: str) -> bool:
        """Return whether *word* is the password; this takes as long for any word."""
        return hmac.compare_digest(_hash(word, self._salt, self._work), self._expected)
