"""How a person is spoken to: in French or English, and in characters that no terminal obeys."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping

#: What everything speaks unless told otherwise.
DEFAULT = "fr"
LANGUAGES = ("fr", "en")

#: Characters that a terminal obeys or cannot be sent: C0, DEL and C1 controls, line separators, marks that turn the
#: direction of writing, and surrogates, which Python makes of the undecodable bytes of a file name.
CONTROLS = r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"

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


#: Longer words than this are cut in the middle where a person reads them: nobody reads 5,000 characters.
_LONGEST_WORD = 120


def legible(text: str) -> str:
    """Return *text* as one line for a terminal: its control characters escaped, its longest words cut short."""
    escaped = escape_controls(text)
    if len(escaped) <= _LONGEST_WORD:
        return escaped
    return re.sub(rf"\S{{{_LONGEST_WORD},}}", lambda found: f"{found[0][:60]}…{found[0][-30:]}", escaped)


def escape_controls(text: str, keep: str = "") -> str:
    """Return *text* with each control character as ``\\u001b``, so that no terminal obeys it.

    Text from outside (a meter, a file name, a setting) passes here before it reaches a terminal. What is valid
    JSON stays valid JSON with the same meaning: JSON writes control characters so too.

    Args:
        text: anything.
        keep: control characters that stay as they are, such as the line ends of a text of several lines.
    """
    if text.isprintable():
        return text
    return re.sub(CONTROLS, lambda found: found[0] if found[0] in keep else f"\\u{ord(found[0]):04x}", text)
