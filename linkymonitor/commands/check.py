"""``check``: what would start, or every fault of the configuration."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from linkymonitor.commands.shared import callbacks, configuration
from linkymonitor.errors import ConfigError
from linkymonitor.language import of_terminal, pick


def check(arguments: Namespace) -> int:
    """Read the configuration and say what would start, or every fault at once."""
    config = configuration(arguments)
    faults = _shared_pins(config)
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
        pick(
            lang,
            f"compteur : {meter.port}, mode {meter.mode.value}, vitesse {meter.speed.value}",
            f"meter: {meter.port}, mode {meter.mode.value}, speed {meter.speed.value}",
        ),
        pick(lang, f"journal : {log.dir}", f"log: {log.dir}"),
        pick(
            lang,
            f"afficheur : {display.type.value} {display.size.value}, adresse {display.address:#x} (avec -l)",
            f"display: {display.type.value} {display.size.value}, address {display.address:#x} (with -l)",
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
    print("\n".join(lines))
    return 0


def _shared_pins(config: Any) -> list[str]:
    """Return one sentence for each pin that two parts want; only one can have it."""
    users: dict[int, str] = {}
    faults = []
    wanted = [
        (f"[{kind}:{name}] pin", part.pin)
        for kind in ("relay", "lamp")
        for name, part in config.named(kind).items()
    ]
    wanted.append(("[display] button", config.get("display").button))
    for place, pin in wanted:
        if pin in users:
            faults.append(
                pick(
                    config.lang or of_terminal(),
                    f"{config.path}: {place} = {pin} : déjà prise par {users[pin]} ; choisissez-en une autre",
                    f"{config.path}: {place} = {pin}: already used by {users[pin]}; choose another",
                )
            )
        elif pin is not None:
            users[pin] = place
    return faults
