"""French or English: which one a person is spoken to in."""

from __future__ import annotations

import os
from collections.abc import Mapping

#: What everything speaks unless told otherwise.
DEFAULT = "fr"
LANGUAGES = ("fr", "en")


def of_terminal(environ: Mapping[str, str] = os.environ) -> str:
    """Return the language of a person's terminal: English when the locale says so, else French."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environ.get(name):
            return "en" if environ[name].lower().startswith("en") else DEFAULT
    return DEFAULT


def pick(lang: str, fr: str, en: str) -> str:
    """Return the sentence of the two that *lang* asks for."""
    return en if lang == "en" else fr
