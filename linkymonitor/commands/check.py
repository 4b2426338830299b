"""``check``: what would start, or every fault of the configuration."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import Any

from linkymonitor.commands.shared import callbacks, configuration
from linkymonitor.errors import ConfigError
from linkymonitor.language import escape_controls, of_terminal, pick

#: What the UART of a Raspberry Pi's header is called, and its pins, TXD and RXD.
_UART_PORTS = {"/dev/ttyAMA0", "/dev/ttyS0", "/dev/serial0"}
_UART_PINS = (14, 15)
#: I2C bus → its pins, SDA and SCL.
_I2C_PINS = {0: (0, 1), 1: (2, 3)}


def check(arguments: Namespace) -> int:
    """Read the configuration and say what would start, or every fault at once."""
    config = configuration(arguments)
    faults = pin_faults(config, config.get("meter").port, display=True)
    try:
        callbacks(config)
    except ConfigError as error:
        faults += error.faults
    if faults:
        raise ConfigError(*faults)
    from linkymonitor.settings import lang_of

    lang = lang_of(config) if config.lang else of_terminal()
    meter, log, prices = config.get("meter"), config.get("log"), config.get("tariff")
    display = config.get("display")
    lines = [
        f"{config.path}",
        *config.notes,
        pick(
            lang,
            f"compteur : {meter.port}, mode {meter.mode.value}, vitesse {meter.speed.value}",
            f"meter: {meter.port}, mode {meter.mode.value}, speed {meter.speed.value}",
        ),
        pick(lang, f"journal : {log.dir}", f"log: {log.dir}"),
        pick(
            lang,
            f"afficheur : {display.chip.value} {display.size.value}, adresse {display.address:#x} (avec -l)",
            f"display: {display.chip.value} {display.size.value}, address {display.address:#x} (with -l)",
        ),
    ]
    for name, lamp in config.named("lamp").items():
        lines.append(
            pick(
                lang, f"voyant {name} : GPIO {lamp.pin} (avec -l)", f"lamp {name}: GPIO {lamp.pin} (with -l)"
            )
        )
    for name, relay in config.named("relay").items():
        lines.append(
            pick(
                lang,
                f"relais {name} : GPIO {relay.pin}, règle {relay.rule}",
                f"relay {name}: GPIO {relay.pin}, rule {relay.rule}",
            )
        )
    if not any(getattr(prices, name) is not None for name in prices.fields):
        lines.append(pick(lang, "prix non réglés : voir [tariff]", "prices not set: see [tariff]"))
    print("\n".join(map(escape_controls, lines)))
    return 0


def pin_faults(config: Any, port: str, *, display: bool) -> list[str]:
    """Return one sentence for each pin that two parts want; only one can have it.

    Args:
        config: the configuration.
        port: where the meter is read: the UART of the header has its pins.
        display: whether display and lamps are used.
    """
    lang = config.lang or of_terminal()
    users: dict[int, str] = {}
    faults = []
    if _UART_PORTS & {port, os.path.realpath(port)}:
        users |= dict.fromkeys(_UART_PINS, pick(lang, f"le port série {port}", f"the serial port {port}"))
    if display and (bus := config.get("display").port) in _I2C_PINS:
        users |= dict.fromkeys(_I2C_PINS[bus], pick(lang, "l'afficheur (bus I2C)", "the display (I2C bus)"))
    wanted = [
        (f"[{kind}:{name}] pin", part.pin)
        for kind in (("relay", "lamp") if display else ("relay",))
        for name, part in config.named(kind).items()
    ]
    if display:
        wanted.append(("[display] button", config.get("display").button))
    for place, pin in wanted:
        if pin in users:
            faults.append(
                pick(
                    lang,
                    f"{config.path}: {place} = {pin} : déjà prise par {users[pin]} ; choisissez-en une autre",
                    f"{config.path}: {place} = {pin}: already used by {users[pin]}; choose another",
                )
            )
        elif pin is not None:
            users[pin] = place
    return faults
