"""Notices a meter that no longer measures, and sends the same values again and again."""

from __future__ import annotations

from linkymonitor.model.reading import Reading
from linkymonitor.model.terms import code
from linkymonitor.tic.content import StampedValue

#: Apparent power in VA, and seconds: a meter that sends at least this power and the same values for so long no longer
#: measures.
STANDSTILL_POWER, STANDSTILL = 500, 600.0
#: Seconds of standstill that a pause between two frames counts at most: a longer pause proves no more.
_HEARD_ON = 30.0


class Standstill:
    """Notices a standstill: power is drawn, and every value but the time of day stays the same.

    At 500 VA an index grows by 83 Wh in ten minutes, so an index that stays the same shows that the meter no longer
    measures. These are no signs of a standstill:

    - A value varies: the meter measures. (An old meter counts nothing while the house injects.)
    - A frame has neither the total nor the register in force: the index that is missing may have grown.
    - The power is estimated from the current: it may be injected power, which no index of such a meter counts.
    - Nothing comes: the power may have been cut, and the first frame after that may have no index.
    """

    def __init__(self) -> None:
        self._values: dict[str, object] = {}
        #: Seconds for which all values have stayed the same; None while a value varies.
        self._same: float | None = None
        self._heard = 0.0

    def update(self, reading: Reading, now: float) -> bool:
        """Take *reading* of the monotonic time *now* into account; return whether the meter stands still."""
        before = self._values.get
        moved = [label for label, value in reading.values.items() if value is not before(label)]
        varies = any(self._varies(label, reading.values[label]) for label in moved)
        self._values.update(reading.values)  # the value of a group that a frame has lost stays
        idle = reading.apparent_power is not None and reading.apparent_power < STANDSTILL_POWER
        period = reading.tariff_period
        counts = reading.total_index is not None or (period is not None and code(period) in reading.indexes)
        if varies or idle or reading.apparent_power_estimated:
            self._same, self._heard = None, now
        elif counts:
            passed, self._heard = min(now - self._heard, _HEARD_ON), now
            if self._same is not None:
                self._same += passed
            elif reading.apparent_power is not None:
                self._same = 0.0
        return self._same is not None and self._same >= STANDSTILL

    def _varies(self, label: str, value: object) -> bool:
        """Return whether *value* is not the one that *label* had before; horodates do not count."""
        before = self._values.get(label)
        # DATE may go on although the meter no longer measures: the meter has a separate clock.
        return label != "DATE" and _undated(value) != _undated(before)


def _undated(value: object) -> object:
    """Return *value* without its horodate, which goes on with the clock of the meter."""
    return value.value if isinstance(value, StampedValue) else value
