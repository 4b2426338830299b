"""Texts for people: in French and English, rendered where somebody reads them, in characters that no terminal obeys."""

# Strategy
#
# - Whoever has something to say makes a Text and does not ask who will read it. The reader's side renders it: the
#   writer of the log, a screen and a page in the language of the settings, a terminal in that of its user.
# - str(text) is the terminal's: what is printed, logged to stderr or raised needs no language handed down to it.

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Mapping

#: The language of everything unless a setting or a terminal asks for another one.
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
    errno.ENOTEMPTY: "dossier pas vide",
    errno.EMFILE: "trop de fichiers ouverts",
    errno.ENFILE: "trop de fichiers ouverts sur la machine",
    errno.ESTALE: "le partage réseau ne le connaît plus",
    errno.EREMOTEIO: "l'appareil ne répond pas",
    errno.EINVAL: "valeur refusée par le système",
    errno.ENOTTY: "pas un port série",
    errno.ETXTBSY: "programme en cours d'exécution",
    errno.ENOMEM: "plus de mémoire",
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


#: The language that [general] lang asks for on this process's terminal; None leaves it to the terminal.
_spoken: str | None = None


def of_terminal(environ: Mapping[str, str] = os.environ) -> str:
    """Return the language of a person's terminal: English when the locale says so, else French."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "en" if environ[name].lower().startswith("en") else DEFAULT
    return DEFAULT


def speak(lang: str | None) -> None:
    """Print and log to stderr in *lang* from now on; None: in the language of the terminal."""
    global _spoken  # noqa: PLW0603 -- a process has one terminal
    _spoken = lang


def spoken() -> str:
    """Return the language in which this process speaks on its terminal."""
    return _spoken or of_terminal()


class Text:
    """A text for people in both languages; ``str()`` of it is in the language of the terminal.

    It is a value: nothing changes one. It is no dataclass, as each command has texts: to import dataclasses would take
    a quarter of the start of `decode`.
    """

    __slots__ = ("en", "fr")

    def __init__(self, fr: str, en: str) -> None:
        self.fr = fr
        self.en = en

    def render(self, lang: str) -> str:
        """Return the text in *lang*, ``fr`` or ``en``."""
        return self.en if lang == "en" else self.fr

    def map(self, change: Callable[[str], str]) -> Text:
        """Return the text with *change* applied to both languages."""
        return Text(change(self.fr), change(self.en))

    def filled(self, values: Mapping[str, object]) -> Text:
        """Return the text with *values* in the places of ``%(name)s``; a value may be a Text, too."""
        french = {name: value.fr if isinstance(value, Text) else value for name, value in values.items()}
        english = {name: value.en if isinstance(value, Text) else value for name, value in values.items()}
        return Text(self.fr % french, self.en % english)

    def __str__(self) -> str:
        return self.render(spoken())

    def __repr__(self) -> str:
        return f"Text({self.fr!r}, {self.en!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.fr, self.en) == (other.fr, other.en)

    def __hash__(self) -> int:
        return hash((self.fr, self.en))

    def __add__(self, other: Text | str) -> Text:
        after = as_text(other)
        return Text(self.fr + after.fr, self.en + after.en)

    def __radd__(self, other: str) -> Text:
        return Text(other + self.fr, other + self.en)


def as_text(words: Text | str) -> Text:
    """Return *words* as a Text: words that are the same in both languages may be plain."""
    return words if isinstance(words, Text) else Text(words, words)


def cause(error: BaseException) -> Text:
    """Return the cause that the system gives in *error*, in a few words: in French where there is a translation."""
    number: int = getattr(error, "errno", None) or 0
    own: str = getattr(error, "strerror", None) or str(error)
    return Text(_CAUSES.get(number, own), own)


#: Longer words than this are cut in the middle where a person reads them: nobody reads 5,000 characters.
_LONGEST_WORD = 120


def legible(words: str) -> str:
    """Return *words* as one line for a terminal: its control characters escaped, its longest words cut short."""
    escaped = escape_controls(words)
    if len(escaped) <= _LONGEST_WORD:
        return escaped
    return re.sub(rf"\S{{{_LONGEST_WORD},}}", lambda word: f"{word[0][:60]}…{word[0][-30:]}", escaped)


def escape_controls(words: str, keep: str = "") -> str:
    r"""Return *words* with each control character as ``\u001b``, so that no terminal obeys it.

    Text from outside (a meter, a file name, a setting) passes here before it reaches a terminal. What is valid
    JSON stays valid JSON with the same meaning: JSON writes control characters so too.

    Args:
        words: anything.
        keep: control characters that stay as they are, such as the line ends of a text of several lines.
    """
    if words.isprintable():
        return words
    return re.sub(
        CONTROLS, lambda letter: letter[0] if letter[0] in keep else f"\\u{ord(letter[0]):04x}", words
    )
