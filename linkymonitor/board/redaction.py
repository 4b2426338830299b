"""Hides secrets, numbers and names in texts that are shown or posted."""

from __future__ import annotations

import re

_HIDDEN = "***"
#: Keys of the INI file whose value is a secret or may contain one: a URL may have a password or a token.
_SECRET = re.compile(
    r"(?im)^(?P<key>[ \t]*[#;]?[ \t]*[^=:\n]*(?:pass|mot_de_passe|token|jeton|secret|api_?key|chat|url|user|host|argv)"
    r"[^=:\n]*?[ \t]*[=:])(?P<value>.*(?:\n[ \t]+\S.*)*)$"
)


def without_values(text: str) -> str:
    """Return the INI *text* with stars in place of values that are secrets; a file or an empty value stays."""
    return _SECRET.sub(_starred, text)


def _starred(found: re.Match[str]) -> str:
    value = found["value"].strip()
    if not value or re.search(r"_file[ \t]*[=:]$", found["key"]):
        return found[0]
    return f"{found['key']} {_HIDDEN}"
