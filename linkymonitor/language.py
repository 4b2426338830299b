"""French or English: which one a person is spoken to in."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping

#: What everything speaks unless told otherwise.
DEFAULT = "fr"
LANGUAGES = ("fr", "en")

#: What the system says in English only: errno → French.
_CAUSES = {
    errno.EACCES: "accès refusé",
    errno.EPERM: "opération interdite",
    errno.ENOENT: "fichier absent",
    errno.ENOTDIR: "un fichier tient la place d'un dossier",
    errno.EISDIR: "c'est un dossier",
    errno.EEXIST: "existe déjà",
    errno.ELOOP: "liens symboliques en boucle",
    errno.ENAMETOOLONG: "nom trop long",
    errno.ENODEV: "appareil absent",
    errno.ENXIO: "appareil absent",
    errno.EBUSY: "occupé",
    errno.EIO: "erreur d'entrée-sortie",
    errno.ENOSPC: "plus de place",
    errno.EDQUOT: "quota atteint",
    errno.EFBIG: "fichier trop gros",
    errno.EROFS: "lecture seule",
    errno.ECONNREFUSED: "connexion refusée",
    errno.ECONNRESET: "connexion coupée",
    errno.EPIPE: "connexion coupée",
    errno.ETIMEDOUT: "pas de réponse à temps",
    errno.EHOSTUNREACH: "machine injoignable",
    errno.ENETUNREACH: "réseau injoignable",
    # EAI_NONAME, EAI_AGAIN and EAI_NODATA, which only socket has names for.
    -2: "nom de machine inconnu",
    -3: "nom de machine introuvable pour l'instant",
    -5: "nom de machine sans adresse",
}


def of_terminal(environ: Mapping[str, str] = os.environ) -> str:
    """Return the language of a person's terminal: English when the locale says so, else French."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "en" if environ[name].lower().startswith("en") else DEFAULT
    return DEFAULT


def pick(lang: str, fr: str, en: str) -> str:
    """Return the sentence of the two that *lang* asks for."""
    return en if lang == "en" else fr


def cause(error: BaseException, lang: str) -> str:
    """Return what the system says in *error*, in a few words: in French where we know how to say it."""
    number: int = getattr(error, "errno", None) or 0
    own: str = getattr(error, "strerror", None) or str(error)
    return pick(lang, _CAUSES.get(number, own), own)
