"""Texts for people: in French and English, rendered where somebody reads them, without control characters."""

# Strategy
#
# - The code that makes a text makes a Text with both languages. The code that shows it renders it: the log, the
#   screens and the pages in the language of the settings, a terminal in the language of its user.
# - str(text) is in the language of the terminal, so text that is printed, logged to stderr or raised needs no
#   argument with the language.

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

#: The language of everything unless a setting or a terminal asks for another one.
DEFAULT = "fr"
LANGUAGES = ("fr", "en")

#: Characters that control a terminal or cannot be sent to one: C0, DEL and C1 controls, line separators, marks that
#: change the direction of writing, and surrogates, which Python makes of the undecodable bytes of a file name.
CONTROLS = r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"

#: errno → its cause in French; the operating system has the cause in English only.
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
    # EAI_NONAME, EAI_AGAIN and EAI_NODATA; only the module socket has names for them.
    -2: "nom de machine inconnu",
    -3: "nom de machine introuvable pour l'instant",
    -5: "nom de machine sans adresse",
}


#: The language of this process on its terminal, set by [general] lang; None: the language of the terminal.
_spoken: str | None = None


def of_terminal(environ: Mapping[str, str] = os.environ) -> str:
    """Return the language of the terminal: ``en`` for an English locale, else ``fr``."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "en" if environ[name].lower().startswith("en") else DEFAULT
    return DEFAULT


def speak(lang: str | None) -> None:
    """Print and log to stderr in *lang* from now on; None: in the language of the terminal."""
    global _spoken  # noqa: PLW0603 -- a process has one terminal
    _spoken = lang


def spoken() -> str:
    """Return the language of this process on its terminal, ``fr`` or ``en``."""
    return _spoken or of_terminal()


class Text:
    """A text for people in both languages; ``str()`` renders it in the language of the terminal.

    A Text is a value, and never changes.
    """

    # Not a dataclass: each command has texts, and importing dataclasses would take a quarter of the start of `decode`.

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
    """Return *words* as a Text; a plain string is the same in both languages."""
    return words if isinstance(words, Text) else Text(words, words)


def cause(error: BaseException) -> Text:
    """Return the cause of *error* in a few words; its French is the system's English when there is no translation."""
    number: int = getattr(error, "errno", None) or 0
    own: str = getattr(error, "strerror", None) or str(error)
    return Text(_CAUSES.get(number, own), own)


#: A word that is longer, in characters, is cut in the middle when it is shown to a person.
_LONGEST_WORD = 120


def legible(words: str) -> str:
    """Return *words* as one line for a terminal: control characters are escaped, and very long words cut."""
    escaped = escape_controls(words)
    if len(escaped) <= _LONGEST_WORD:
        return escaped
    return re.sub(rf"\S{{{_LONGEST_WORD},}}", lambda word: f"{word[0][:60]}…{word[0][-30:]}", escaped)


def escape_controls(words: str, keep: str = "") -> str:
    r"""Return *words* with each control character written like ``\u001b``, so that it cannot control a terminal.

    Text from outside (a meter, a file name, a setting) is escaped before it reaches a terminal. Valid JSON stays
    valid and keeps its meaning, because JSON writes control characters in the same form.

    Args:
        words: any text.
        keep: control characters that stay as they are, such as the line ends of a text of several lines.
    """
    plain = words
    for letter in keep:
        plain = plain.replace(letter, "")
    if plain.isprintable():
        return words  # as most texts are: the pattern takes longer to compile than to be found
    return re.sub(
        CONTROLS, lambda letter: letter[0] if letter[0] in keep else f"\\u{ord(letter[0]):04x}", words
    )


MONTHS = (
    Text("janvier", "January"),
    Text("février", "February"),
    Text("mars", "March"),
    Text("avril", "April"),
    Text("mai", "May"),
    Text("juin", "June"),
    Text("juillet", "July"),
    Text("août", "August"),
    Text("septembre", "September"),
    Text("octobre", "October"),
    Text("novembre", "November"),
    Text("décembre", "December"),
)
#: The months in five letters at most, where there is no room for their names.
SHORT_MONTHS = (
    Text("janv.", "Jan"),
    Text("févr.", "Feb"),
    Text("mars", "Mar"),
    Text("avr.", "Apr"),
    Text("mai", "May"),
    Text("juin", "Jun"),
    Text("juil.", "Jul"),
    Text("août", "Aug"),
    Text("sept.", "Sep"),
    Text("oct.", "Oct"),
    Text("nov.", "Nov"),
    Text("déc.", "Dec"),
)

#: In the order of date.weekday(): Monday first.
WEEKDAYS = (
    Text("lundi", "Monday"),
    Text("mardi", "Tuesday"),
    Text("mercredi", "Wednesday"),
    Text("jeudi", "Thursday"),
    Text("vendredi", "Friday"),
    Text("samedi", "Saturday"),
    Text("dimanche", "Sunday"),
)


def written_date(day: date) -> Text:
    """Return *day* as it stands in a sentence: ``1er août 2026`` or ``1 August 2026``."""
    month = MONTHS[day.month - 1]
    number = "1er" if day.day == 1 else str(day.day)
    return Text(f"{number} {month.fr} {day.year}", f"{day.day} {month.en} {day.year}")


def written_days(first: date, last: date) -> Text:
    """Return the days from *first* to *last*, both included, as they stand in a sentence."""
    begin, end = written_date(first), written_date(last)
    if first == last:
        return Text(f"du {begin.fr}", f"of {begin.en}")
    return Text(f"du {begin.fr} au {end.fr}", f"from {begin.en} to {end.en}")


def counted(number: int, one: Text, many: Text) -> Text:
    """Return *number* and the words that agree with it: *one*, which French also has for 0, or *many*."""
    french, english = one.fr if number < 2 else many.fr, one.en if number == 1 else many.en
    return Text(f"{number} {french}", f"{number} {english}")
