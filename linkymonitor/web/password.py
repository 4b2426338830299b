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
from linkymonitor.system.storage import Storage

#: The folder of `serve`, in that of the state, and the file in it.
FOLDER, FILE = "serve", "password.json"
#: The fewest and the most characters of a password.
SHORTEST, LONGEST = 8, 128
#: The work of scrypt: n * r * 128 bytes of memory (8 MiB), p times: some 2 s of a Pi Zero (ADR 0044).
_N, _R, _P = 8192, 8, 3
_SALT, _HASH = 16, 32
#: scrypt refuses to take more memory than this.
_MOST_MEMORY = 16 << 20


def _hash(password: str, salt: bytes) -> bytes:
    # An é that one keyboard sends as two characters is the é of another.
    words = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(words, salt=salt, n=_N, r=_R, p=_P, dklen=_HASH, maxmem=_MOST_MEMORY)


def write(folder: Path, password: str, storage: Storage) -> None:
    """Keep *password* in *folder*.

    Raises:
        StorageError: the file cannot be written.
    """
    salt = os.urandom(_SALT)
    record = {"scrypt": [_N, _R, _P], "salt": salt.hex(), "hash": _hash(password, salt).hex()}
    storage.replace(folder / FILE, json.dumps(record).encode() + b"\n", mode=0o600)


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
        path = folder / FILE
        try:
            record = json.loads(b"".join(storage.blocks(path)))
            self._salt, self._expected = bytes.fromhex(record["salt"]), bytes.fromhex(record["hash"])
            right = record["scrypt"] == [_N, _R, _P] and len(self._expected) == _HASH
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
        return hmac.compare_digest(_hash(word, self._salt), self._expected)
