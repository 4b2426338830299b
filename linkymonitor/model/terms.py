"""The words of the protocol: modes, mobile peaks, colours, tariff periods."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

#: After so many seconds without a reading, values of older readings no longer switch relays or lamps.
TRUSTED_FOR = 15.0


class Mode(Enum):
    """The two modes of the TIC (NOI-CPT_54E §5.3)."""

    HISTORIQUE = "historique"
    STANDARD = "standard"

    # Enum would hash the name in Python at each look into a table of modes, seven times a frame.
    __hash__ = object.__hash__

    @property
    def separator(self) -> bytes:
        """The byte between the fields of a group: SP in historique, HT in standard."""
        return b" " if self is Mode.HISTORIQUE else b"\t"

    @property
    def speed(self) -> int:
        """The speed of a meter in this mode, in baud; some dongles change it."""
        return 1200 if self is Mode.HISTORIQUE else 9600


class WantedMode(Enum):
    """The mode that the user asks for."""

    AUTO = "auto"
    HISTORIQUE = "historique"
    STANDARD = "standard"

    @property
    def mode(self) -> Mode | None:
        """The mode, or None when the program is to find it."""
        return None if self is WantedMode.AUTO else Mode(self.value)


class Ejp(Enum):
    """The state of a contract with mobile peaks."""

    NORMAL = "normal"
    NOTICE = "notice"
    PEAK = "peak"
    UNKNOWN = "unknown"


class Colour(Enum):
    """A Tempo day colour; the value is what the historique TIC calls it (DEMAIN)."""

    BLUE = "BLEU"
    WHITE = "BLAN"
    RED = "ROUG"


#: Tariff period codes of the historical contracts, as PTEC sends them (NOI-CPT_02E §2.3.3),
#: in the order of the meter's registers. The key is the option.
PERIODS: Mapping[str, tuple[str, ...]] = {
    "BASE": ("TH..",),
    "HC": ("HC..", "HP.."),
    "EJP": ("HN..", "PM.."),
    "TEMPO": ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR"),
}


def code(period: str) -> str:
    """Return *period* without the dots that pad it on the wire: ``HN..`` is ``HN``."""
    return period.rstrip(".")
