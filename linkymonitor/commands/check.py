"""``check``: prints the parts that would start, or every fault of the configuration."""

from __future__ import annotations

import logging
import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from linkymonitor.commands.forerunner import settings_of, written_as_ours
from linkymonitor.commands.shared import Common, callbacks, state_dir
from linkymonitor.errors import ConfigError
from linkymonitor.language import Text, as_text, cause, escape_controls, legible
from linkymonitor.money.statements import doubts, in_force
from linkymonitor.sinks.base import OWN_SHAPE
from linkymonitor.source.base import AUTO
from linkymonitor.web.section import GUARD, UNGUARDED, read_address

if TYPE_CHECKING:
    from linkymonitor.money.book import PriceBook
    from linkymonitor.settings import Settings

log = logging.getLogger(__name__)

#: The names of the UART on the header of a Raspberry Pi, and its pins, TXD and RXD.
_UART_PORTS = {"/dev/ttyAMA0", "/dev/ttyS0", "/dev/serial0"}
_UART_PINS = (14, 15)
#: I2C bus → its pins, SDA and SCL.
_I2C_PINS = {0: (0, 1), 1: (2, 3)}


def check(common: Common) -> int:
    """Read the configuration, and print the parts that would start.

    A LinkyAcq.conf, of LinkyMonitor, cannot be used: it is printed as a configuration of ours.

    Returns:
        The exit status: 1 for a LinkyAcq.conf.

    Raises:
        ConfigError: with one sentence for each fault.
    """
    common.log_to_stderr()
    if common.config is not None and (pairs := settings_of(common.config)) is not None:
        print(written_as_ours(pairs), end="")
        sentence = Text(
            f"{common.config} : c'est la configuration de LinkyAcq.pl ; la voici pour linkymonitor, "
            "à enregistrer avec > linkymonitor.ini",
            f"{common.config}: this is the configuration of LinkyAcq.pl; here it is for linkymonitor, "
            "to be saved with > linkymonitor.ini",
        )
        print(legible(str(sentence)), file=sys.stderr)
        return 1
    settings, misread = common.what_can_be_read()
    if any(fault.is_of_whole for fault in misread):
        raise ConfigError(*(fault.sentence for fault in misread))
    pages, refused = _pages(settings)
    found = [*faults_of(settings, settings.meter.port, display=True), *_sink_faults(settings), *refused]
    # What has a fault has its default in the settings, which may give a fault that the file does not have.
    unsure = {f"[{fault.section}]" for fault in misread}
    faults = [f"{settings.path}: " + fault.placed for fault in misread]
    faults += [fault for fault in found if not any(section in fault.en for section in unsure)]
    book = settings.price_book()
    if faults:
        raise ConfigError(*faults)
    meter, display = settings.meter, settings.display
    lines: list[object] = [
        settings.path,
        *settings.notes,
        Text(
            f"compteur : {meter.port}, mode {meter.mode.value}, vitesse {meter.speed.value}",
            f"meter: {meter.port}, mode {meter.mode.value}, speed {meter.speed.value}",
        ),
        Text(f"journal : {settings.log.dir}", f"log: {settings.log.dir}"),
        Text(
            f"afficheur : {display.chip.value} {display.size.value}, adresse {display.address:#x} (avec -l)",
            f"display: {display.chip.value} {display.size.value}, address {display.address:#x} (with -l)",
        ),
    ]
    for name, lamp in settings.lamp.items():
        lines.append(
            Text(f"voyant {name} : GPIO {lamp.pin} (avec -l)", f"lamp {name}: GPIO {lamp.pin} (with -l)")
        )
    for name, relay in settings.relay.items():
        lines.append(
            Text(
                f"relais {name} : GPIO {relay.pin}, règle {relay.rule}",
                f"relay {name}: GPIO {relay.pin}, rule {relay.rule}",
            )
        )
    for name, sink in settings.destinations.items():
        unused = Text(", hors service", ", disabled") if not sink.enabled else ""
        kind = Text(f"destination {name} : {sink.type}", f"sink {name}: {sink.type}")
        if sink.shape not in ("", OWN_SHAPE):
            kind += Text(f", forme {sink.shape}", f", shape {sink.shape}")
        lines.append(kind + unused)
    lines.append(pages)
    lines += in_force(book, datetime.now(settings.zone).date())
    print("\n".join(escape_controls(str(line)) for line in lines))
    sections = {"tariff": settings.tariff} | {f"tariff:{day}": each for day, each in settings.tariffs.items()}
    for section, prices in sections.items():
        for doubt in doubts(prices, section):
            log.warning("%s", doubt)
    return 0


def faults_of(settings: Settings, port: str, *, display: bool) -> list[Text]:
    """Return one sentence for each fault of settings that `acquire` uses, beyond what a section can know of itself.

    Args:
        settings: the settings.
        port: the port of the meter.
        display: True when the display and the lamps are used.
    """
    faults = pin_faults(settings, port, display=display)
    try:
        callbacks(settings)
    except ConfigError as error:
        faults += error.faults
    return faults + _table_faults(settings, settings.price_book())


def _pages(settings: Settings) -> tuple[Text, list[Text]]:
    """Return in words where `serve` shows the pages, and the reason for which it would refuse to start."""
    serve = settings.serve
    address = read_address(serve.bind)
    place = Text(f"pages : {serve.bind}", f"pages: {serve.bind}")
    if address.loopback:
        place += Text(", pour cette machine seule", ", for this machine alone")
    try:
        if serve.lacks_password(address, state_dir(settings)):
            fault = Text(f"{settings.path} : [serve] bind", f"{settings.path}: [serve] bind")
            return place, [fault + f" = {serve.bind} " + UNGUARDED + Text(" ; ", "; ") + GUARD]
    except OSError as error:
        why = cause(error)
        return place + Text(
            f", avec un mot de passe, non vu ({why.fr}) : « sudo linkymonitor check » dit s'il est en place",
            f", with a password, not seen ({why.en}): “sudo linkymonitor check” says whether it is set",
        ), []
    if serve.asks_for_password(address):
        return place + Text(", avec un mot de passe", ", with a password"), []
    return place + Text(", sans mot de passe", ", without a password"), []


def _sink_faults(settings: Settings) -> list[Text]:
    """Return one sentence for each fault of the sinks that are in use; none of them is connected to."""
    from linkymonitor.sinks.base import House

    faults: list[Text] = []
    house = House(
        settings.lang,
        settings.general.timezone,
        config=settings.path,
        raw_values=settings.general.raw_values,
    )
    for sink in settings.destinations.values():
        if sink.enabled:
            try:
                sink.build(house).close()
            except ConfigError as error:
                faults += (f"{settings.path}: " + fault for fault in error.faults)
    return faults


def _table_faults(settings: Settings, book: PriceBook) -> list[Text]:
    """Return every fault of the price tables that the contracts name, and of what the contracts ask of them."""
    if not book.tables:
        return []
    from linkymonitor.money.inspection import inspect
    from linkymonitor.money.shelf import Shelf

    shelf = Shelf(settings.table_folders)
    paths = [path for name, path in shelf.paths().items() if name in book.tables]
    inspected = inspect(shelf, paths)[0] if paths else []
    own = [
        f"{settings.path}: " + fault if str(fault).startswith("[") else fault
        for fault in book.faults
        if fault not in inspected
    ]
    return [*own, *inspected]


def pin_faults(settings: Settings, port: str, *, display: bool) -> list[Text]:
    """Return one sentence for each pin that a second part wants.

    Args:
        settings: the settings, whose sections name pins.
        port: the port of the meter; the UART on the header has two of the pins.
        display: True when the display and the lamps are used.
    """
    users: dict[int, Text] = {}
    faults = []
    if (_UART_PORTS | {AUTO}) & {port, os.path.realpath(port)}:
        users |= dict.fromkeys(_UART_PINS, Text(f"le port série {port}", f"the serial port {port}"))
    if display and (bus := settings.display.port) in _I2C_PINS:
        users |= dict.fromkeys(_I2C_PINS[bus], Text("l'afficheur (bus I2C)", "the display (I2C bus)"))
    wanted: list[tuple[str, int | None]] = [
        (f"[relay:{name}] pin", relay.pin) for name, relay in settings.relay.items()
    ]
    if display:
        wanted += [(f"[lamp:{name}] pin", lamp.pin) for name, lamp in settings.lamp.items()]
        wanted.append(("[display] button", settings.display.button))
    for place, pin in wanted:
        if pin in users:
            faults.append(
                Text(
                    f"{settings.path}: {place} = {pin} : déjà prise par {users[pin].fr} ; choisissez-en une autre",
                    f"{settings.path}: {place} = {pin}: already used by {users[pin].en}; choose another",
                )
            )
        elif pin is not None:
            users[pin] = as_text(place)
    return faults
