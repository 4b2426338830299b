"""The loop that most readers of the TIC have: pyserial's readline() and a checksum; nothing is done with it."""

import sys

import serial


def main(path: str, baud: int) -> None:
    """Read groups for ever."""
    port = serial.Serial(path, baud, timeout=1)
    right = 0
    while True:
        line = port.readline().translate(_SEVEN_BITS)
        end = line.rfind(b"\r")
        if end > 3:
            right += (sum(line[: end - 1]) & 0x3F) + 0x20 == line[end - 1]


_SEVEN_BITS = bytes(byte & 0x7F for byte in range(256))

if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
