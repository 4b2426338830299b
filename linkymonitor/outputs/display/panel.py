"""The kinds of panels, and the settings of the display."""

# Every command reads these settings, so this module imports nothing that draws.

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from enum import Enum
from typing import ClassVar

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text

#: The pages of a configuration that names none.
SHIPPED = ("live", "today", "month", "tariff")


class Chip(Enum):
    """The controllers of a panel that can be driven; the value is the name of luma's class."""

    SSD1306 = "ssd1306"
    SH1106 = "sh1106"

    @property
    def first_column(self) -> int:
        """The column of its memory at the left edge of the panel: an SH1106 has 132 columns for 128 pixels."""
        return 2 if self is Chip.SH1106 else 0


class Size(Enum):
    """The sizes of a panel that can be driven, in pixels."""

    SMALL = "128x32"
    TALL = "128x64"

    @property
    def width(self) -> int:
        """The width in pixels."""
        return int(self.value.split("x")[0])

    @property
    def height(self) -> int:
        """The height in pixels."""
        return int(self.value.split("x")[1])


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Settings:
    """The section [display], or an [output:NAME] that is a display."""

    #: ``type`` of [display] is the chip; in [output:NAME] it names the output.
    aliases: ClassVar[Mapping[str, str]] = {"type": "chip"}

    #: The controller of the panel: ssd1306 or sh1106.
    chip: Chip = Chip.SSD1306
    #: The panel: 128x32 or 128x64.
    size: Size = Size.SMALL
    #: The I2C bus: 1 is /dev/i2c-1.
    port: int = 1
    #: The address of the panel on the bus.
    address: int = 0x3C
    #: True when the panel hangs upside down.
    flip: bool = False
    #: The brightness by day, 0 to 255.
    contrast: int = 128
    #: The pages, in the order in which they are shown; that of the month only while its cost is known, and that of the
    #: line by itself while the line is bad.
    pages: tuple[str, ...] = SHIPPED
    #: How long a page stays; 0: the first page stays for ever.
    rotate_every: timedelta = timedelta(seconds=8)
    #: How often the picture moves by a pixel, against burn-in; 0: never.
    shift_every: timedelta = timedelta(minutes=10)
    #: The local time at which the brightness by night begins; empty for none.
    night_start: time | None = None
    #: The local time at which the brightness by night ends.
    night_end: time | None = None
    #: The brightness by night, 0 to 255.
    night_contrast: int = 1
    #: The GPIO number of a button to ground that turns the page; empty for none.
    button: int | None = None
    #: The NAME of [output:NAME]; empty for [display].
    name: str = ""

    @property
    def place(self) -> str:
        """The section in messages, such as ``[display]``."""
        return f"[output:{self.name}]" if self.name else "[display]"

    def __post_init__(self) -> None:
        faults: list[Text] = []
        if not 0x08 <= self.address <= 0x77:
            faults.append(
                Text(
                    f"address = {self.address:#x} : on attend 0x08 à 0x77, d'habitude 0x3C ou 0x3D",
                    f"address = {self.address:#x}: expected 0x08 to 0x77, usually 0x3C or 0x3D",
                )
            )
        for name in ("contrast", "night_contrast"):
            value = getattr(self, name)
            if not 0 <= value <= 255:
                faults.append(
                    Text(f"{name} = {value} : on attend 0 à 255", f"{name} = {value}: expected 0 to 255")
                )
        # The pages of the program need no check, which would import all that draws.
        if self.pages != SHIPPED:
            from linkymonitor.outputs.display.pages import PAGES

            if not self.pages or any(name not in PAGES for name in self.pages):
                wanted, known = ", ".join(self.pages), ", ".join(PAGES)
                faults.append(
                    Text(
                        f"pages = {wanted} : on attend certaines de {known}",
                        f"pages = {wanted}: expected some of {known}",
                    )
                )
        if self.rotate_every < timedelta(0) or self.shift_every < timedelta(0):
            faults.append(
                Text(
                    "rotate_every, shift_every : on attend une durée, ou 0s pour jamais",
                    "rotate_every, shift_every: expected a duration, or 0s for never",
                )
            )
        if self.button is not None:
            # Only here: every command reads these settings, and most boxes have neither button, lamp nor relay.
            from linkymonitor.outputs.sections import gpio_faults

            faults += gpio_faults(self.button, "button")
        if (self.night_start is None) != (self.night_end is None):
            start = self.night_start is not None
            given, missing = ("night_start", "night_end") if start else ("night_end", "night_start")
            hour, example = getattr(self, given), "7:00" if start else "22:00"
            faults.append(
                Text(
                    f"{given} = {hour:%H:%M} : {missing} manque ; écrivez aussi {missing} = {example}, ou videz "
                    f"{given}",
                    f"{given} = {hour:%H:%M}: {missing} is missing; write {missing} = {example}, too, or leave "
                    f"{given} empty",
                )
            )
        if faults:
            raise BadSetting(*faults)
