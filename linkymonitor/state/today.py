"""The energy of today, which the ledger counts, dated by the time of the house."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.model.reading import DayTotals, Reading, Record

if TYPE_CHECKING:
    from linkymonitor.state.ledger import Ledger
    from linkymonitor.system.timeline import Timeline

#: A step of the time by more than this makes the day be counted anew.
_STEP = timedelta(seconds=2)


class Today:
    """The energy of the local day. It is counted anew from the log when the time becomes known, or is set.

    While the time is not known, nobody knows the day to which energy belongs. The energy waits in the records of the
    log, and is counted from them later.

    Args:
        ledger: counts the energy.
        timeline: the time of the house.
        day_so_far: returns the records between two instants, oldest first: those of the log.
    """

    def __init__(
        self,
        ledger: Ledger,
        timeline: Timeline,
        day_so_far: Callable[[datetime, datetime], Iterable[Record]],
    ) -> None:
        self.ledger = ledger
        self._timeline = timeline
        self._day_so_far = day_so_far
        #: The sum of all steps of the time when the day was last counted from the log. None before the first count,
        #: and where the day must be counted anew.
        self._followed: timedelta | None = None

    def update(self, reading: Reading, short: bool = False) -> DayTotals:
        """Return the energy of the day, *reading* included.

        Args:
            reading: of the newest frame, dated by the time of the house.
            short: whether it is of a short frame, whose indexes are those of a frame before.
        """
        if not reading.dated:
            return DayTotals()
        return self.ledger.update(reading) if self._is_followed() and not short else self.ledger.totals()

    def settle(self, record: Record) -> None:
        """Count *record*, which has gone to the log, in place of its readings.

        Only records show how the log shares the energy of a silence over midnight.
        """
        if not self.ledger.settle(record):
            # The record was still open when the day was counted from the log. The log has it now.
            self._followed = None

    def follow(self) -> list[tuple[str, Text]]:
        """Count the day from the log if the time became known, or was set; return notes for the log."""
        if not self._timeline.settled or self._is_followed():
            return []
        self._followed = self._timeline.shifted
        try:
            self.ledger.restart(self._day_so_far(*self.ledger.day_of(self._timeline.read())))
        except StorageError as error:
            # Without the log the totals of the day begin with the next reading.
            return [("WARN", error.text)]
        return []

    def _is_followed(self) -> bool:
        return self._followed is not None and abs(self._timeline.shifted - self._followed) <= _STEP
