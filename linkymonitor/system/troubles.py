"""Turns an error of the operating system into a sentence with the file, the fault and the remedy."""

from __future__ import annotations

import errno
from pathlib import Path

from linkymonitor.errors import StorageError
from linkymonitor.language import Text, cause

_FORBIDDEN = Text(
    "accès refusé ; donnez-en le droit à l'utilisateur de linkymonitor",
    "permission denied; give the user that runs linkymonitor the right to it",
)

#: errno → the fault and its remedy.
_TROUBLES = {
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.ENOSPC: Text("plus de place ; faites-en", "no space left; free some"),
    errno.EDQUOT: Text(
        "quota atteint ; faites de la place ou relevez-le",
        "quota reached; free some space or raise it",
    ),
    errno.EROFS: Text(
        "carte montée en lecture seule ; vérifiez-la, puis remontez-la",
        "the card is mounted read-only; check it, then mount it again",
    ),
    errno.EIO: Text(
        "la carte ne répond pas ; vérifiez-la, il faut peut-être la remplacer",
        "the card does not answer; check it, it may have to be replaced",
    ),
    errno.ENOENT: Text(
        "absent ; créez-le, ou corrigez le réglage qui le nomme",
        "not there; create it, or mend the setting that names it",
    ),
    errno.ENOTDIR: Text(
        "un fichier tient la place d'un dossier ; corrigez le réglage qui le nomme",
        "a file stands where a folder is expected; mend the setting that names it",
    ),
    errno.EEXIST: Text(
        "un fichier tient la place d'un dossier ; donnez un autre nom, ou supprimez-le",
        "a file stands where a folder is expected; give another name, or remove it",
    ),
    errno.ELOOP: Text(
        "un lien symbolique tient sa place ; supprimez-le",
        "a symbolic link stands in its place; remove it",
    ),
}


def trouble(path: Path | str, error: OSError) -> StorageError:
    """Return a StorageError for *error*; its sentence names *path*, the fault and the remedy."""
    why = cause(error) + Text(" ; vérifiez le dossier et la carte", "; check the folder and the card")
    return StorageError(str(path) + Text(" : ", ": ") + _TROUBLES.get(error.errno or 0, why))
