"""Reads the configuration again for an acquire that runs: what is wrong is told, and the settings of before stay."""

# Strategy
#
# - The new configuration is checked whole before anything changes: its text, its pins, its price tables, its callbacks.
# - Outputs and prices change at once, between two frames. Only an output whose own section has changed is made anew.
#   The energy of the day is then counted from the log with the new prices, as after a restart.
# - Everything else belongs to the port, the log or another process, and counts from the next start: no frame is lost
#   by a reload.

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from linkymonitor.config import values_of
from linkymonitor.errors import ConfigError
from linkymonitor.language import Text, speak

if TYPE_CHECKING:
    from linkymonitor.commands.driven import Driven
    from linkymonitor.settings import Settings

log = logging.getLogger(__name__)

_OUTPUTS = ("relay", "output")
_WITH_DISPLAY = ("lamp", "display")
_PRICES = ("tariff", "tariffs", "contract", "contracts", "calendar")
#: Read at each run of `report`.
_PAGES = ("report",)

REFUSED = Text(
    "Réglages refusés : ceux d'avant restent en vigueur ; corrigez, puis rechargez",
    "Settings refused: those of before stay in effect; mend them, then reload",
)


class Reload:
    """The settings of an acquire that runs.

    Args:
        settings: those with which it has started.
        read: reads them again, and checks them whole; raises ConfigError.
        driven: its outputs.
        display: whether the display and the lamps are used.
        reprice: takes the new prices.
        done: called with the new settings once they are in effect.
    """

    def __init__(
        self,
        settings: Settings,
        read: Callable[[], Settings],
        driven: Driven,
        *,
        display: bool,
        reprice: Callable[[Settings], object],
        done: Callable[[Settings], object],
    ) -> None:
        self._started = self._settings = settings
        self._read = read
        self._driven = driven
        self._at_once = (*_OUTPUTS, *_PRICES, *(_WITH_DISPLAY if display else ()))
        self._unused = () if display else _WITH_DISPLAY
        self._reprice = reprice
        self._done = done
        #: True from a reload that was refused to the next one that was not.
        self.refused = False

    def __call__(self) -> None:
        """Read the configuration again, and log what came of it."""
        try:
            settings = self._read()
        except ConfigError as error:
            self.refused = True
            for fault in error.faults:
                log.warning("%s", fault)
            log.warning("%s", REFUSED)
            return
        finally:
            # Reading the file has set its language, which waits for the next start.
            speak(self._started.general.lang)
        self.refused = False
        changed = changes(self._settings, settings)
        for fault in self._driven.change(settings):
            log.error("%s", fault)
        if any(field in (*_PRICES, "output", "display") for field in changed.values()):
            self._reprice(settings)  # a display may show the month that none has shown before
        self._settings = settings
        self._done(settings)
        self._tell(changed, settings)

    def _tell(self, changed: Mapping[str, str], settings: Settings) -> None:
        now = [place for place, field in changed.items() if field in self._at_once]
        pages = [place for place, field in changed.items() if field in _PAGES]
        later = [
            place
            for place, field in changes(self._started, settings).items()
            if field not in (*self._at_once, *_PAGES, *self._unused)
        ]
        parts = [
            Text("aussitôt ", "at once ") + ", ".join(now) if now else None,
            Text("aux prochaines pages ", "with the next pages ") + ", ".join(pages) if pages else None,
            Text("au prochain démarrage ", "at the next start ") + ", ".join(later) if later else None,
        ]
        told = [part for part in parts if part is not None] or [
            Text("rien n'a changé", "nothing has changed")
        ]
        sentence = Text("Réglages relus : ", "Settings read again: ") + told[0]
        for part in told[1:]:
            sentence += Text(" ; ", "; ") + part
        log.info("%s", sentence)


def changes(before: Settings, after: Settings) -> dict[str, str]:
    """Return each section that differs, as it is written, → its field of the settings."""
    found: dict[str, str] = {}
    for field in dataclasses.fields(before):
        if field.name in ("path", "notes"):
            continue
        old, new = getattr(before, field.name), getattr(after, field.name)
        if not isinstance(old, Mapping):
            if values_of(old) != values_of(new):
                found[f"[{field.name}]"] = field.name
            continue
        section = field.metadata.get("dated", field.name)
        for name in {**old, **new}:
            if values_of(old.get(name)) != values_of(new.get(name)):
                found[f"[{section}:{name}]"] = field.name
    return found
