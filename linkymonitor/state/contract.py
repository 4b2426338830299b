"""The contract journal: hours and names of the tariff periods, as lines of the daily log."""

# Strategy
#
# - The contract (option, power, meter…) is in the line ``Contrat:``. The meter sends its hours and names piece by
#   piece: off-peak hours as a letter (HHPHC) or as tomorrow's profile (PJOURF+1), the name of a period (LTARF) while
#   that period is in force (NTARF). All pieces together are one line, ``Grille:``. The line is written when it grows
#   or changes, and once in each file, so that a file can be read alone. Until the time is known, nobody knows in which
#   file the line belongs, and the line waits.
# - A value counts when two frames in a row have it. Of free text only letters, digits and simple signs are kept.
# - The name of a period counts after NAMED frames. Name and number of a period change in one frame, but acceptance
#   may let them through a frame or two apart: until then the name of one period stands beside the number of another.
# - A name is kept until the meter, its contract or its mode changes.

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date

from linkymonitor.daily_log.statements import GRID
from linkymonitor.language import Text
from linkymonitor.model.epochs import runs_on
from linkymonitor.model.reading import Reading
from linkymonitor.model.record import Contract
from linkymonitor.model.terms import PERIODS, code
from linkymonitor.tic.day_profile import Switch

#: The labels whose values are read here.
_LABELS = ("HHPHC", "PJOURF+1", "LTARF", "NTARF")
#: Compiled when it is first needed: most meters never send a name.
_NOT_A_NAME = r"[^\w .+'/-]+"
_LONGEST_NAME = 16
#: Frames in a row that have to give a period its name.
NAMED = 5
#: Registers that a standard meter has.
_MOST_NAMES = 10


class Journal:
    """The hours and names of a contract, as notes for the log."""

    def __init__(self) -> None:
        self._contract: Contract | None = None
        #: Topic → its newest text, and how many frames in a row had it.
        self._heard: dict[str, tuple[str, int]] = {}
        #: The values of the last frame, once each of its texts was counted often enough: unchanged values need no more
        #: counting. None while texts are still counted, and after a change of contract, which changes register names.
        self._known: tuple[object, ...] | None = None
        self._line = ""
        self._grid: dict[str, str] = {}
        self._names: dict[str, str] = {}
        #: The last line ``Grille:``, and the day (UTC) of the file that has it.
        self._noted: tuple[date, str] | None = None
        self._apart = False

    def update(self, reading: Reading, disagreement: int = 0) -> list[tuple[str, Text | str]]:
        """Take *reading* into account and return what is to be noted: status and text.

        Args:
            reading: of a whole frame.
            disagreement: Wh by which the registers and the total have drifted apart (Ledger.disagreement).
        """
        notes: list[tuple[str, Text | str]] = []
        if bool(disagreement) != self._apart:
            self._apart = bool(disagreement)
            notes.append(self._disagree(disagreement))
        if reading.contract is not None and reading.contract is not self._contract:
            before, self._contract = self._contract, reading.contract
            self._known = None
            if not runs_on(before, reading.contract) or (before and before.mode is not reading.mode):
                self._grid.clear()
                self._names.clear()
                self._heard.clear()
                self._line = ""
        values = tuple(map(reading.values.get, _LABELS))
        if values != self._known:
            self._count(values)
        day = reading.taken_at.astimezone(UTC).date()
        # Wait until the time is known. The line would be written twice otherwise: now, and again in the file of the
        # true day.
        if self._line and reading.dated and (day, self._line) != self._noted:
            self._noted = day, self._line
            notes.append(("INFO", self._line))
        return notes

    def _count(self, values: tuple[object, ...]) -> None:
        """Count the *values* of one frame, in the order of _LABELS."""
        topics = self._topics(*values)
        for topic, text in topics.items():
            # A frame that has lost a group does not break the row of frames that agree.
            last, times = self._heard.get(topic, ("", 0))
            times = times + 1 if text == last else 1
            self._heard[topic] = text, times
            name, register = topic.partition(" ")[::2]
            if not register and times >= 2:
                self._grid[name] = text
            elif register and times >= NAMED and (register in self._names or len(self._names) < _MOST_NAMES):
                self._names[register] = text
        self._known = values if all(self._heard[topic][1] >= NAMED for topic in topics) else None
        self._line = self._written()

    def _topics(self, group: object, profile: object, name: object, number: object) -> Mapping[str, str]:
        """Return the texts of one frame, by topic; the values are those of _LABELS."""
        topics = {}
        if isinstance(group, str) and group:
            topics["heures"] = _tidy(group)
        if isinstance(profile, tuple) and profile:
            topics["demain"] = "; ".join(
                f"{one.start:%H:%M} {self._register(one.supplier_index)}"
                for one in profile
                if isinstance(one, Switch) and one.supplier_index
            )
        if isinstance(name, str) and isinstance(number, int):
            topics[f"noms {self._register(number)}"] = _tidy(name)
        return {topic: text for topic, text in topics.items() if text}

    def _register(self, number: int | None) -> str:
        """Return the code of a supplier register: its period where the contract names it."""
        named = PERIODS.get(self._contract.option, ()) if self._contract else ()
        if number and number <= len(named):
            return code(named[number - 1])
        return f"F{number or 0:02d}"

    def _written(self) -> str:
        """Return the line ``Grille:``, empty when nothing is known."""
        grid = dict(self._grid)
        if self._names:
            grid["noms"] = "; ".join(f"{register} {name}" for register, name in sorted(self._names.items()))
        return GRID + ", ".join(f"{topic}={text}" for topic, text in grid.items()) if grid else ""

    @staticmethod
    def _disagree(wh: int) -> tuple[str, Text]:
        """Return the note that registers and total are *wh* Wh apart, or agree again."""
        if not wh:
            return "INFO", Text(
                "Index : les registres et le total concordent de nouveau",
                "Indexes: the registers and the total agree again",
            )
        return "WARN", Text(
            f"Index : les registres et le total du compteur s'écartent de {abs(wh)} Wh ; "
            "un registre n'est pas lu, ou l'est mal",
            f"Indexes: the registers and the total of the meter drift apart by {abs(wh)} Wh; "
            "a register is not read, or misread",
        )


def _tidy(text: str) -> str:
    """Return *text* with single spaces, simple signs and no more letters than a name may have."""
    return " ".join(re.sub(_NOT_A_NAME, " ", text, flags=re.ASCII).split())[:_LONGEST_NAME]
