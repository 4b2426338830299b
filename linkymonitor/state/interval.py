"""The frames between two records: means of powers, the last indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from linkymonitor.model.reading import Reading
from linkymonitor.model.record import Contract, Record
from linkymonitor.model.terms import Colour, Ejp


class Interval:
    """The frames of a record that is not closed yet."""

    def __init__(self, started_at: datetime) -> None:
        self.started_at = started_at
        self.last_at = started_at
        self.frames = 0
        self.overload = False
        self._rejected = 0
        self._powers: list[int] = []
        self._injected: list[int] = []
        self._currents: list[Sequence[int | None]] = []
        self._voltages: list[Sequence[int | None]] = []
        self._indexes: dict[str, int] = {}
        self._total: int | None = None
        self._injected_index: int | None = None
        self._colour: Colour | None = None
        self._tomorrow: Colour | None = None
        self._ejp = Ejp.UNKNOWN

    def add(self, reading: Reading, rejected: int) -> None:
        """Take the reading of one whole frame, of which *rejected* groups were refused."""
        self.last_at = reading.taken_at
        self.frames += 1
        self._rejected += rejected
        if reading.apparent_power is not None:
            self._powers.append(reading.apparent_power)
        if reading.injected_power is not None:
            self._injected.append(reading.injected_power)
        self._currents.append(reading.currents)
        self._voltages.append(reading.voltages)
        self._indexes |= reading.indexes
        if reading.total_index is not None:
            self._total = reading.total_index
        if reading.injected_index is not None:
            self._injected_index = reading.injected_index
        if reading.colour is not None:
            self._colour = reading.colour
        if reading.ejp is not Ejp.UNKNOWN:
            self._ejp = reading.ejp
        self.overload |= bool(reading.overload)
        # Tomorrow's colour may become unknown again, at the change of day.
        self._tomorrow = reading.tomorrow

    def record(self, ended_at: datetime, contract: Contract | None, period: str | None) -> Record:
        """Return the record of these frames, which ends at *ended_at*."""
        currents = _phase_means(self._currents)
        known = [current for current in currents if current is not None]
        return Record(
            started_at=self.started_at,
            ended_at=ended_at,
            contract=contract,
            tariff_period=period,
            apparent_power=_mean(self._powers),
            power_min=min(self._powers, default=None),
            power_max=max(self._powers, default=None),
            injected_power=_mean(self._injected),
            current=sum(known) if known else None,
            currents=currents,
            voltages=_phase_means(self._voltages),
            indexes=_in_order(self._indexes, contract),
            total_index=self._total,
            injected_index=self._injected_index,
            colour=self._colour,
            tomorrow=self._tomorrow,
            frames=self.frames,
            rejected=self._rejected,
            ejp=self._ejp,
            overload=self.overload,
        )


def has_value(record: Record) -> bool:
    """Return whether *record* holds anything that was measured."""
    numbers = (record.apparent_power, record.injected_power, *record.currents, *record.voltages)
    indexes = (record.total_index, record.injected_index, *record.indexes.values())
    return any(value is not None for value in (*numbers, *indexes))


def _mean(values: Sequence[int]) -> int | None:
    """Return the mean of *values*, halves rounded up; None when there is none."""
    return (2 * sum(values) + len(values)) // (2 * len(values)) if values else None


def _phase_means(samples: Sequence[Sequence[int | None]]) -> tuple[int | None, ...]:
    """Return the mean of each phase, over the *samples* that have it."""
    phases = max(map(len, samples), default=0)
    return tuple(
        _mean([value for sample in samples if len(sample) > n and (value := sample[n]) is not None])
        for n in range(phases)
    )


def _in_order(indexes: Mapping[str, int], contract: Contract | None) -> dict[str, int]:
    """Return *indexes* in the order of the meter's registers."""
    first = contract.registers if contract else ()
    return {code: indexes[code] for code in dict.fromkeys((*first, *indexes)) if code in indexes}
