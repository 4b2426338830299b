"""An SSD1306 or SH1106 panel on an I2C bus, as far as its data sheet goes: bytes in, pixels out."""

from __future__ import annotations

import errno
from collections.abc import Callable

from PIL import Image

#: Command → how many argument bytes follow it; a command that is not listed has none. (Data sheets, "Command Table".)
ARGUMENTS = {
    "ssd1306": {
        **dict.fromkeys((0x20, 0x81, 0x8D, 0xA8, 0xD3, 0xD5, 0xD9, 0xDA, 0xDB), 1),
        **dict.fromkeys((0x21, 0x22, 0xA3), 2),
        **dict.fromkeys((0x26, 0x27), 6),
        **dict.fromkeys((0x29, 0x2A), 5),
    },
    "sh1106": dict.fromkeys((0x81, 0xA8, 0xAD, 0xD3, 0xD5, 0xD9, 0xDA, 0xDB), 1),
}
#: Commands that do not change the picture (timing, voltages, no operation).
HARMLESS = {0x8D, 0xA8, 0xAD, 0xD3, 0xD5, 0xD9, 0xDA, 0xDB, 0x2E, 0xE3}
#: Commands of an SSD1306 that luma also sends to an SH1106, which ignores them.
IGNORED = {"ssd1306": set(), "sh1106": {*range(0x20, 0x30), 0x8D}}


class FakeOled:
    """A panel and its bus in one object, with the methods of smbus2.SMBus that luma calls.

    Attributes:
        ailment: an error; each transfer raises it while it is set.
        on_transfer: called with the number of bytes of each transfer, address and control byte included.
        sent: the number of bytes of all transfers.
        unknown: commands that no data sheet lists.
    """

    def __init__(
        self, chip: str = "ssd1306", width: int = 128, height: int = 64, address: int = 0x3C
    ) -> None:
        self.chip, self.width, self.height, self.address = chip, width, height, address
        self.ailment: Exception | None = None
        self.on_transfer: Callable[[int], None] = lambda count: None
        self.sent = 0
        self.transfers = 0
        self.unknown: list[int] = []
        self.closed = False
        self.power_on()

    def power_on(self) -> None:
        """Reset the chip, as after a power cut: the memory has random bytes, and the panel is dark."""
        self.columns = 132 if self.chip == "sh1106" else 128
        self.memory = bytearray((73 * cell + 41) & 0xFF for cell in range(self.columns * 8))
        self.lit = self.inverted = self.all_on = False
        self.contrast = 0x7F
        self.addressing = 2
        self.column = self.band = self.first_row = 0
        self.column_window, self.band_window = (0, 127), (0, 7)
        self.mirrored = self.upended = True  # until 0xA1 and 0xC8 turn the glass the way luma mounts it
        self._command: list[int] = []

    # The bus:

    def write_i2c_block_data(
        self, address: int, control: int, data: list[int], force: bool | None = None
    ) -> None:
        assert len(data) <= 32, "an SMBus block is 32 bytes at most"
        self._transfer(address, control, bytes(data))

    def i2c_rdwr(self, *messages: object) -> None:
        for message in messages:
            raw = bytes(list(message))  # type: ignore[call-overload]
            self._transfer(message.addr, raw[0], raw[1:])  # type: ignore[attr-defined]

    def close(self) -> None:
        self.closed = True

    def _transfer(self, address: int, control: int, payload: bytes) -> None:
        self.on_transfer(len(payload) + 2)
        if self.ailment is not None:
            raise self.ailment
        if address != self.address:
            raise OSError(errno.EREMOTEIO, "Remote I/O error")
        self.sent += len(payload) + 2
        self.transfers += 1
        for byte in payload:
            if control == 0x40:
                self._store(byte)
            else:
                self._hear(byte)

    # The chip:

    def _store(self, byte: int) -> None:
        if self.column < self.columns:
            self.memory[self.band * self.columns + self.column] = byte
        (left, right), (top, bottom) = self.column_window, self.band_window
        if self.addressing == 0:  # along the row, then down
            self.column += 1
            if self.column > right:
                self.column = left
                self.band = top if self.band >= bottom else self.band + 1
        elif self.addressing == 1:  # down the column, then along
            self.band += 1
            if self.band > bottom:
                self.band = top
                self.column = left if self.column >= right else self.column + 1
        else:  # along the row, and no further
            self.column = min(self.column + 1, self.columns)

    def _hear(self, byte: int) -> None:
        if not self._command and byte in IGNORED[self.chip]:
            return
        self._command.append(byte)
        if len(self._command) > ARGUMENTS[self.chip].get(self._command[0], 0):
            command, *arguments = self._command
            self._command = []
            self._obey(command, arguments)

    def _obey(self, command: int, arguments: list[int]) -> None:
        if command <= 0x0F:
            self.column = self.column & 0xF0 | command
        elif command <= 0x1F:
            self.column = self.column & 0x0F | (command & 0x0F) << 4
        elif command == 0x20:
            self.addressing = arguments[0] & 3
        elif command == 0x21:
            self.column_window = (arguments[0], arguments[1])
            self.column = arguments[0]
        elif command == 0x22:
            self.band_window = (arguments[0] & 7, arguments[1] & 7)
            self.band = arguments[0] & 7
        elif 0x40 <= command <= 0x7F:
            self.first_row = command & 0x3F
        elif command == 0x81:
            self.contrast = arguments[0]
        elif command in (0xA0, 0xA1):
            self.mirrored = command == 0xA0
        elif command in (0xA4, 0xA5):
            self.all_on = command == 0xA5
        elif command in (0xA6, 0xA7):
            self.inverted = command == 0xA7
        elif command in (0xAE, 0xAF):
            self.lit = command == 0xAF
        elif 0xB0 <= command <= 0xB7:
            self.band = command & 7
        elif command in (0xC0, 0xC8):
            self.upended = command == 0xC0
        elif command not in HARMLESS:
            self.unknown.append(command)

    # For tests:

    def image(self) -> Image.Image:
        """Return the picture that a person sees."""
        seen = Image.new("1", (self.width, self.height))
        pixels = seen.load()
        assert pixels is not None
        edge = (self.columns - 128) // 2
        for y in range(self.height if self.lit else 0):
            row = (y + self.first_row) % 64
            for x in range(self.width):
                bit = self.memory[row // 8 * self.columns + edge + x] >> row % 8 & 1
                place = (
                    self.width - 1 - x if self.mirrored else x,
                    self.height - 1 - y if self.upended else y,
                )
                pixels[place] = 255 if (bit or self.all_on) != self.inverted else 0
        return seen
