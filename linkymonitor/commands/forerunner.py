"""Recognises LinkyAcq.conf, the configuration of LinkyMonitor's LinkyAcq.pl, and writes it as one of ours."""

# Strategy
#
# - The file has lines ``KEY value``; a # begins a comment line; the value is the rest of the line, with its quotes.
# - What has no counterpart is named in a comment, so that nothing is lost without a word.

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from linkymonitor.errors import ConfigError
from linkymonitor.ini_file import content
from linkymonitor.language import Text, escape_controls

#: The keys that need no counterpart, or that an option replaces.
_DROPPED: Mapping[str, Text] = {
    "READ_TIMEOUT": Text("sans objet : le port est lu sans fin", "not needed: the port is read without end"),
    "WAIT_BETWEEN_READ_FAILURE": Text("voir [meter] pause", "see [meter] pause"),
    "WAIT_BETWEEN_READ": Text("sans objet", "not needed"),
    "WAIT_BETWEEN_FRAMES": Text("sans objet", "not needed"),
    "MAX_TIME": Text("voir acquire -t", "see acquire -t"),
    "LED_INIT_CMD": Text(
        "sans objet : la broche est réglée au démarrage", "not needed: the pin is set at the start"
    ),
}
_TAKEN = {
    "INPUT_DEV",
    "FRAME_LENGTH",
    "LINKY_MODE",
    "OLED_DISPLAY_TYPE",
    "OLED_ADDRESS",
    "OLED_FLIPPED",
    "LED_ON_CMD",
    "LED_OFF_CMD",
}
#: A panel as HiPi names it, such as SSD1306_128_X_32_I2C.
_PANEL = re.compile(r"(SSD1306|SH1106)_(128)_X_(32|64)_I2C", re.IGNORECASE)
#: A command for a pin, such as ``raspi-gpio set 25 dh``.
_PIN = re.compile(r"(?:raspi-gpio|pinctrl)\s+set\s+(\d+)\s+(?:op\s+)?(d[hl])")


def settings_of(path: Path) -> dict[str, str] | None:
    """Return key → value of the file *path* when it is a LinkyAcq.conf, else None."""
    try:
        lines = content(path).decode("utf-8", "replace").splitlines()
    except ConfigError:
        return None
    pairs: dict[str, str] = {}
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key, value = (*line.split(maxsplit=1), "")[:2]
        pairs[key] = value.strip().strip("\"'").strip()
    known = pairs.keys() & (_TAKEN | _DROPPED.keys())
    return pairs if known and len(known) == len(pairs) else None


def written_as_ours(pairs: Mapping[str, str]) -> str:
    """Return an INI file of ours with the settings *pairs* of a LinkyAcq.conf."""
    sections: dict[str, list[str]] = {"meter": [], "log": [], "display": [], "lamp:ejp": []}
    left = [f"{key} = {pairs[key]} : {why}" for key, why in _DROPPED.items() if key in pairs]

    port = pairs.get("INPUT_DEV", "")
    if port == "stdin":
        left.append("INPUT_DEV = stdin : " + str(Text("écrivez acquire -i stdin", "write acquire -i stdin")))
    elif port:
        sections["meter"].append(f"port = {port}")
    mode = pairs.get("LINKY_MODE", "")[:1].lower()
    if mode in ("h", "s"):
        sections["meter"].append(f"mode = {'historique' if mode == 'h' else 'standard'}")
    if pairs.get("FRAME_LENGTH"):
        sections["log"].append(f"frames_per_record = {pairs['FRAME_LENGTH']}")

    if panel := pairs.get("OLED_DISPLAY_TYPE"):
        if match := _PANEL.fullmatch(panel):
            chip, width, height = match.groups()
            sections["display"] += [f"type = {chip.lower()}", f"size = {width}x{height}"]
        else:
            left.append(
                f"OLED_DISPLAY_TYPE = {panel} : " + str(Text("voir [display] type", "see [display] type"))
            )
    if pairs.get("OLED_ADDRESS"):
        sections["display"].append(f"address = {pairs['OLED_ADDRESS']}")
    if pairs.get("OLED_FLIPPED"):
        sections["display"].append(
            f"flip = {Text('non', 'no') if pairs['OLED_FLIPPED'] == '0' else Text('oui', 'yes')}"
        )

    lamp = _PIN.search(pairs.get("LED_ON_CMD", ""))
    if lamp:
        high = Text("oui", "yes") if lamp[2] == "dh" else Text("non", "no")
        sections["lamp:ejp"] += [f"pin = {lamp[1]}", f"active_high = {high}"]
    else:
        no_pin = Text(
            "pas de broche ici ; un programme à vous se branche par [callbacks] ou [output:NOM]",
            "no pin here; code of your own is called by [callbacks] or [output:NAME]",
        )
        left += [
            f"{key} = {pairs[key]} : {no_pin}" for key in ("LED_ON_CMD", "LED_OFF_CMD") if pairs.get(key)
        ]

    lines = [str(Text("# Réglages repris de LinkyAcq.conf.", "# Settings taken from LinkyAcq.conf."))]
    for name, keys in sections.items():
        if keys:
            lines += ["", f"[{name}]", *keys]
    if left:
        lines += ["", str(Text("# Non repris :", "# Not taken:")), *(f"# {line}" for line in left)]
    return "\n".join(map(escape_controls, lines)) + "\n"
