"""Hides secrets, numbers and names in texts that are shown or posted."""

# Strategy
#
# - Of the settings only values that are known to be harmless are shown: a key that is misspelt may hold a password.
#   What is not shown there is then looked for in every other text as well, and hidden there too.
# - Numbers of meters and of delivery points, addresses, URLs and the names of this machine and its users are found by
#   their form, wherever they are. To hide too much does no harm.

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

HIDDEN = "***"
#: The names of users that images of Debian and linkymonitor itself make.
USUAL_USERS = frozenset(["admin", "debian", "linkymonitor", "nobody", "pi", "root", "ubuntu", "user"])
#: The keys whose values are shown: words, numbers and durations.
_HARMLESS = frozenset(
    [
        "acheminement",
        "active_high",
        "address",
        "after",
        "allow_plaintext",
        "base",
        "batch",
        "bind",
        "button",
        "chip",
        "chosen_hours",
        "compress_after",
        "contrast",
        "decimals",
        "discovery",
        "ejp_used",
        "enabled",
        "energised_fail_state_accepted",
        "events",
        "every",
        "fail_state",
        "flip",
        "format",
        "frames_per_record",
        "hc",
        "hcjb",
        "hcjr",
        "hcjw",
        "hn",
        "hp",
        "hpjb",
        "hpjr",
        "hpjw",
        "idx_current",
        "idx_energy",
        "idx_notice",
        "idx_period",
        "idx_red",
        "idx_voltage",
        "idx_white",
        "injection",
        "injection_price",
        "lang",
        "language",
        "lines",
        "mode",
        "night_contrast",
        "night_end",
        "night_start",
        "off_below",
        "off_peak",
        "off_peak_summer",
        "off_peak_winter",
        "offer",
        "oldest",
        "on_above",
        "open",
        "pages",
        "pause",
        "periods",
        "phases",
        "pin",
        "pm",
        "port",
        "power",
        "proration",
        "protocol",
        "raw_values",
        "reading_day",
        "reading_months",
        "red_used",
        "refresh",
        "retention",
        "rotate_every",
        "rows_every",
        "rule",
        "sections",
        "shape",
        "shift_every",
        "shows",
        "silence",
        "silent_after",
        "since",
        "size",
        "speed",
        "split",
        "subscription_month",
        "subscription_paid",
        "surcharges",
        "sync_every",
        "timezone",
        "tls",
        "type",
        "version",
        "white_used",
        *(f"f{number:02}" for number in range(1, 11)),
    ]
)
#: The keys of folders and files that are shown when their value is a path; names of users in it are hidden.
_PATHS = frozenset(["dir", "path", "runtime_dir", "state_dir", "tables", "templates"])
_PATH = re.compile(r"[\w./~%:-]+")
_ROW = re.compile(r"^(?P<lead>[ \t]*[#;]?[ \t]*)(?P<key>[^=:\[\]#;\s][^=:\[\]]*?)[ \t]*[=:](?P<value>.*)$")
_SECTION = re.compile(r"^\[(?P<kind>[^:\]]+)(?P<name>:[^\]]*)?\]")
#: A value that is so short would hide words of other texts.
_SHORTEST = 4
#: Eleven digits and more, also in groups: the number of a meter has 12, that of a delivery point 14.
_NUMBER = re.compile(r"\d(?:[ .,_/\u00a0\u2009\u202f\u2010-\u2014-]{0,3}\d){10,}")
#: A short hash of a meter number, or a salt.
_METER = re.compile(r"\b(compteur|meter)=[^,\s]+")
_HASH = re.compile(r"(?i)\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{12,}\b")
#: Measured energies and powers; a power in kVA is the subscribed one, which is shown.
_MEASURED = re.compile(r"\d+(?:[ .,\u00a0\u202f]\d+)*(?=[ \u00a0\u202f]?(?:[kM]?Wh|[kM]?W|VA)\b)")
#: A field of a record of the log.
_FIELD = re.compile(r"\b((?:Index|Puiss)\w+)=\d+")
_URL = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*)://\S+")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_IP4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_IP6 = re.compile(r"(?i)(?<![\w:])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])")
_HOST = re.compile(r"(?i)[a-z0-9-]*[a-z-][a-z0-9-]*(?:\.[a-z0-9-]+)+")
_MAC = re.compile(r"(?i)\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b")
_HOME = re.compile(r"(/home/|/Users/|/media/|/run/user/)[^/\s:;,»”'\"]+")
#: The words that the supplier sends to a house.
_MESSAGE = re.compile(r"\b(MSG[12])\b.*")


def settings_shown(text: str) -> str:
    """Return the INI *text* without comments and names, and with stars for each value that is not known as harmless."""
    shown, count = [], 0
    for row in text.splitlines():
        section = _SECTION.match(row)
        if section:
            # The name of a section is free, but a date is none.
            dated = re.fullmatch(r":\d{4}-\d\d-\d\d", section["name"] or "")
            count += 1
            name = section["name"] if dated or not section["name"] else f":{count}"
            shown.append(f"[{section['kind']}{name or ''}]")
            continue
        found = None if row.lstrip().startswith(("#", ";")) or row[:1].isspace() else _ROW.match(row)
        if found:
            value = found["value"].strip()
            key = found["key"].lower()
            shown.append(f"{key} = {HIDDEN if value and _may_be_personal(key, value) else value}")
    return "\n".join(shown) + "\n"


def _may_be_personal(key: str, value: str) -> bool:
    """Return whether *value* is not known as harmless: a remark behind a value is read as a part of it."""
    return not _is_harmless(key, value) or re.search(r"\s[#;]", value) is not None


def _is_harmless(key: str, value: str) -> bool:
    return key in _HARMLESS or (key in _PATHS and _PATH.fullmatch(value) is not None)


def values_hidden(text: str) -> set[str]:
    """Return the values of the INI *text* that are not shown, those of comments and of continued lines too."""
    hidden: set[str] = set()
    for row in text.splitlines():
        section = _SECTION.match(row)
        if section:
            hidden.add((section["name"] or "").removeprefix(":"))
            continue
        found = _ROW.match(row)
        if found is None or (row[:1].isspace() and not found["lead"].strip()):
            hidden.add(row.strip(" \t#;"))
        elif not _is_harmless(found["key"].lower(), found["value"].strip()):
            hidden.update((found["value"].strip(), found["key"].strip() if found["lead"].strip() else ""))
        elif remark := re.search(r"\s[#;](.*)", found["value"]):
            hidden.add(remark[1].strip(" \t#;"))
    return hidden | {part for value in hidden for part in _parts(value)}


def _parts(value: str) -> Iterator[str]:
    """Yield what messages name of *value*: user, password, host and path of a URL, a host without its domain."""
    try:
        url = urlsplit(value)
        host = url.hostname or (value if _HOST.fullmatch(value) else "")
    except ValueError:  # brackets that hold no address
        return
    if url.netloc:
        yield from (unquote(word) for word in (url.username, url.password, url.path.strip("/")) if word)
    if host:
        yield from (host, host.partition(".")[0])


def without_values(text: str) -> str:
    """Return the INI *text* for a diff on the owner's own terminal: with stars for values that look like secrets."""
    return _MAY_HAVE_SECRET.sub(lambda row: f"{row['key']} {HIDDEN}" if _has_value(row) else row[0], text)


def has_secret(text: str) -> bool:
    """Return whether a setting of the INI *text* is a secret."""
    rows = _SECRET.finditer(text)
    return any(_has_value(row) and not row["key"].lstrip().startswith(("#", ";")) for row in rows)


def _row_of(words: str) -> re.Pattern[str]:
    """Return the pattern of a setting, with its continued lines, whose key has one of *words*."""
    key = rf"(?P<key>[ \t]*[#;]?[ \t]*[^=:\n]*(?:{words})[^=:\n]*?[ \t]*[=:])"
    return re.compile(rf"(?im)^{key}(?P<value>.*(?:\n[ \t]+\S.*)*)$")


_WORDS = "pass|mdp|token|jeton|secret|api_?key"
#: A setting whose value is a secret, and one whose value may contain one, as a URL does.
_SECRET, _MAY_HAVE_SECRET = _row_of(_WORDS), _row_of(f"{_WORDS}|chat|url|user|argv")


def _has_value(row: re.Match[str]) -> bool:
    """Return whether the setting *row* has a value, and one that is not the name of a file with the secret."""
    return bool(row["value"].strip()) and not re.search(r"_file[ \t]*[=:]$", row["key"])


class Scrubber:
    """Hides what is personal in a text.

    Args:
        secrets: texts that must not appear in any case, such as passwords and the name of the machine; short ones are
            hidden as whole words.
        users: names of users of the machine, which are hidden as whole words in the case of the system; those that
            images of Debian have from the start say nothing of the owner, and are shown.
    """

    def __init__(self, secrets: Iterable[str], users: Iterable[str] = ()) -> None:
        parts = [
            re.escape(secret) if len(secret) >= 2 * _SHORTEST else _whole(secret)
            for secret in _longest_first(secrets)
        ]
        parts += [f"(?-i:{_whole(user)})" for user in _longest_first(set(users) - USUAL_USERS)]
        self._secrets = re.compile("|".join(parts), re.IGNORECASE) if parts else None

    def __call__(self, text: str) -> str:
        """Return *text* with stars in place of what is personal."""
        if self._secrets is not None:
            text = self._secrets.sub(HIDDEN, text)
        text = _URL.sub(rf"\1://{HIDDEN}", text)
        text = _METER.sub(rf"\1={HIDDEN}", text)
        text = _FIELD.sub(rf"\1={HIDDEN}", text)
        text = _MESSAGE.sub(rf"\1 {HIDDEN}", text)
        for pattern in (_MAIL, _MAC, _IP4, _HASH, _MEASURED):
            text = pattern.sub(HIDDEN, text)
        text = _HOME.sub(rf"\1{HIDDEN}", text)
        text = _IP6.sub(_without_ip6, text)
        return _NUMBER.sub(HIDDEN, text)


def _longest_first(texts: Iterable[str]) -> list[str]:
    """Return *texts* without the empty ones and the single letters."""
    return sorted({text for text in texts if len(text) > 1}, key=len, reverse=True)


def _whole(text: str) -> str:
    """Return the pattern of *text* as a whole word."""
    return rf"(?<!\w){re.escape(text)}(?!\w)"


def _without_ip6(found: re.Match[str]) -> str:
    try:
        ipaddress.ip_address(found[0])
    except ValueError:  # a time of day
        return found[0]
    return HIDDEN
