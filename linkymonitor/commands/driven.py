"""The outputs that acquire drives, made of the settings, and made anew where the settings have changed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from linkymonitor.config import values_of
from linkymonitor.errors import ConfigError
from linkymonitor.language import Text

if TYPE_CHECKING:
    from linkymonitor.outputs.base import Output
    from linkymonitor.outputs.hardware import Hardware
    from linkymonitor.outputs.led import Lamp
    from linkymonitor.outputs.relay import Relay
    from linkymonitor.settings import Settings

log = logging.getLogger(__name__)

#: The section of an output, such as ``relay:tank``.
Place = str


class _Wanted(NamedTuple):
    """An output that the settings ask for."""

    settings: Any
    make: Callable[[Any, Hardware], Output]


class Driven:
    """The outputs in the order in which they act: relays, lamps, those of the user, the display.

    Args:
        settings: the configuration.
        hardware: where they act.
        display: whether the lamps and the display are used.

    Raises:
        ConfigError: an output cannot be made.
    """

    def __init__(self, settings: Settings, hardware: Hardware, *, display: bool) -> None:
        self._hardware = hardware
        self._display = display
        self._wanted = self._wanted_of(settings)
        self._outputs = {place: one.make(one.settings, hardware) for place, one in self._wanted.items()}

    @property
    def outputs(self) -> list[Output]:
        """The outputs, in the order in which they act."""
        return list(self._outputs.values())

    @property
    def relays(self) -> dict[str, Relay]:
        """NAME → the relay."""
        return self._named("relay")

    @property
    def lamps(self) -> dict[str, Lamp]:
        """NAME → the lamp."""
        return self._named("lamp")

    def _named(self, section: str) -> dict[str, Any]:
        start = f"{section}:"
        return {
            place.removeprefix(start): each
            for place, each in self._outputs.items()
            if place.startswith(start)
        }

    def change(self, settings: Settings) -> list[Text]:
        """Make the outputs anew whose sections differ in *settings*; the others go on undisturbed.

        A new relay begins in its fail state, and obeys its rule from the next frame on.

        Returns:
            One sentence for each output that cannot be made; it goes on as before.
        """
        before, wanted = self._wanted, self._wanted_of(settings)
        kept = {
            place: self._outputs[place]
            for place in before.keys() & wanted.keys()
            if values_of(before[place].settings) == values_of(wanted[place].settings)
        }
        # A pin may go from one output to another: so all that go are closed before the first one is opened.
        for place, output in self._outputs.items():
            if place not in kept:
                self._close(place, output)
        self._wanted, self._outputs = {}, {}
        faults = []
        for place, one in wanted.items():
            if place in kept:
                self._wanted[place], self._outputs[place] = one, kept[place]
                continue
            try:
                self._make(place, one)
            except Exception as error:  # code of the user may raise anything
                faults.append(f"[{place}]" + Text(" : ", ": ") + _cause(error))
                log.debug("[%s]", place, exc_info=error)
                if place in before:
                    self._make(place, before[place])
        return faults

    def _make(self, place: Place, wanted: _Wanted) -> None:
        self._outputs[place] = wanted.make(wanted.settings, self._hardware)
        self._wanted[place] = wanted

    def _close(self, place: Place, output: Output) -> None:
        try:
            output.close()
        except Exception:  # code of the user may raise anything
            log.exception(Text("[%s] ne se ferme pas", "[%s] does not close"), place)

    def _wanted_of(self, settings: Settings) -> dict[Place, _Wanted]:
        """Return what *settings* ask for, in the order in which outputs act."""
        wanted: dict[Place, _Wanted] = {}
        if settings.relay:
            from linkymonitor.outputs.relay import Relay

            wanted |= {f"relay:{name}": _Wanted(each, Relay) for name, each in settings.relay.items()}
        if self._display and settings.lamp:
            from linkymonitor.outputs.led import Lamp

            wanted |= {f"lamp:{name}": _Wanted(each, Lamp) for name, each in settings.lamp.items()}
        wanted |= {
            f"output:{name}": _Wanted(each.settings, each.output) for name, each in settings.output.items()
        }
        if self._display:
            from linkymonitor.outputs.display import oled

            wanted["display"] = _Wanted(settings.display, oled.Output)
        return wanted


def _cause(error: Exception) -> Text:
    if isinstance(error, ConfigError):
        return error.text
    kind = type(error).__name__
    return Text(f"n'a pas démarré ({kind} : {error})", f"did not start ({kind}: {error})")
