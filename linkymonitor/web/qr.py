"""The QR code of an address, drawn with characters for a terminal or a log; needs segno."""

from __future__ import annotations

#: Light squares around the code, without which no camera finds it.
_QUIET = 2
#: Upper and lower square of a character, True where it is light → the character on a dark ground.
_BLOCKS = {(True, True): "█", (True, False): "▀", (False, True): "▄", (False, False): " "}


def qr_lines(url: str) -> list[str]:
    """Return the lines of the QR code of *url*; none when segno is not installed."""
    try:
        import segno
    except ImportError:
        return []
    code = segno.make(url, error="l", micro=False)
    rows = [[not module for module in row] for row in code.matrix_iter(border=_QUIET)]
    if len(rows) % 2:
        rows.append([True] * len(rows[0]))
    return [
        "".join(_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]
