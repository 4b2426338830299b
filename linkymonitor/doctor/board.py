"""The board: the display on its bus, and the pins."""

from __future__ import annotations

from pathlib import Path

from linkymonitor.doctor.base import Row, Subject, to_mend, unseen, well
from linkymonitor.language import Text, cause
from linkymonitor.outputs.gpiochip import header
from linkymonitor.system.i2c import OF_DISPLAYS

_DISPLAY = Text("afficheur", "display")
_PINS = Text("broches", "pins")
#: The name under which `acquire` and `safe` hold a pin.
_OURS = ("linkymonitor", "lg", "gpiozero")


def display(subject: Subject) -> list[Row]:
    """Look for the panel at its address on the I2C bus."""
    wanted = subject.settings.display
    bus, address = Path(f"/dev/i2c-{wanted.port}"), wanted.address
    place = Text(
        f"bus I2C {wanted.port}, adresse {address:#x}", f"I2C bus {wanted.port}, address {address:#x}"
    )
    try:
        if subject.world.ask_i2c(bus, address):
            return [well("display", _DISPLAY, Text("répond : ", "answers: ") + place)]
        others = [one for one in OF_DISPLAYS if one != address and subject.world.ask_i2c(bus, one)]
    except FileNotFoundError:
        cure = Text(
            "si un afficheur est branché : « sudo linkymonitor setup », ou dtparam=i2c_arm=on dans config.txt "
            "et i2c-dev dans /etc/modules, puis redémarrez",
            "if a display is connected: “sudo linkymonitor setup”, or dtparam=i2c_arm=on in config.txt "
            "and i2c-dev in /etc/modules, then reboot",
        )
        return [
            unseen("display", _DISPLAY, Text(f"{bus} absent", f"no {bus}"), cure),
        ]
    except PermissionError:
        finding = Text(f"{bus} : accès refusé", f"{bus}: access denied")
        cure = Text(
            "« sudo adduser UTILISATEUR i2c », puis une nouvelle session",
            "“sudo adduser USER i2c”, then log in again",
        )
        return [to_mend("display", _DISPLAY, finding, cure)]
    except OSError as error:
        return [unseen("display", _DISPLAY, f"{bus}" + Text(" : ", ": ") + cause(error))]
    finding = Text("ne répond pas : ", "does not answer: ") + place
    if others:
        cure = Text(
            f"un afficheur répond à {others[0]:#x} : écrivez [display] address = {others[0]:#x}",
            f"a display answers at {others[0]:#x}: write [display] address = {others[0]:#x}",
        )
        return [to_mend("display", _DISPLAY, finding, cure)]
    cure = Text(
        "si un afficheur est branché : vérifiez SDA (broche 3), SCL (broche 5), 3,3 V et la masse",
        "if a display is connected: check SDA (pin 3), SCL (pin 5), 3.3 V and ground",
    )
    return [unseen("display", _DISPLAY, finding, cure)]


def pins(subject: Subject) -> list[Row]:
    """Look at the pins of relays and lamps: on paper, and at the GPIO chip."""
    settings = subject.settings
    wanted = {relay.pin: f"[relay:{name}]" for name, relay in settings.relay.items()}
    wanted |= {lamp.pin: f"[lamp:{name}]" for name, lamp in settings.lamp.items()}
    faults = subject.paper()
    rows = [
        to_mend(
            "settings", Text("réglages", "settings"), fault, Text("corrigez cette ligne", "correct this line")
        )
        for fault in faults
    ]
    if not wanted:
        return rows
    kernel = subject.world.kernel
    try:
        chip, _ = header(kernel)
    except OSError as error:
        finding = Text("puce GPIO : ", "GPIO chip: ") + cause(error)
        cure = Text(
            "« sudo adduser UTILISATEUR gpio », puis une nouvelle session",
            "“sudo adduser USER gpio”, then log in again",
        )
        return [*rows, to_mend("pins", _PINS, finding, cure)]
    if chip is None:
        finding = Text("pas de puce GPIO de Raspberry Pi ici", "no GPIO chip of a Raspberry Pi here")
        return [*rows, unseen("pins", _PINS, finding)]
    try:
        taken = {pin: chip.consumer(pin) for pin in wanted}
    finally:
        kernel.close(chip.descriptor)
    for pin, place in wanted.items():
        what = Text("broche ", "pin ") + f"GPIO {pin}"
        if not taken[pin] or taken[pin].startswith(_OURS):
            rows.append(well(f"pin-{pin}", what, Text(f"libre pour {place}", f"free for {place}")))
            continue
        finding = Text(f"{place} : prise par {taken[pin]}", f"{place}: held by {taken[pin]}")
        cure = Text(
            "arrêtez ce programme, retirez son dtoverlay de config.txt, ou choisissez une autre broche",
            "stop that program, take its dtoverlay out of config.txt, or choose another pin",
        )
        rows.append(to_mend(f"pin-{pin}", what, finding, cure))
    return rows
