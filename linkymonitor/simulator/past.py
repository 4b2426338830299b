"""The past of a simulated house as records, as if a box beside its meter had logged them."""

# Strategy
#
# - A day frame by frame costs seconds, and a trial wants weeks. So the records are made of the slots of the load,
#   without frames in between: the rules are those of state/aggregate.py, and a test compares both ways.
# - The contract is read from a frame, once. So it cannot differ from that of the same house when it is live.
# - Within a slot nothing changes, and every change of tariff falls between two slots.

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from linkymonitor.model.record import Record
from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.household import Day
from linkymonitor.simulator.load import SLOT
from linkymonitor.tic import encoder
from linkymonitor.tic.frame import FRAME_GAP
from linkymonitor.tic.interpret import interpret

#: Slots in a record, 60 s: a fifth of the lines of a live box, and short enough for a kettle to be seen.
_SLOTS = 12
#: V, by which the current is multiplied where the meter does not send its voltage.
_NOMINAL = 230

_SLOT = timedelta(seconds=SLOT)
_INSTANT = timedelta(microseconds=1)


class Silence(NamedTuple):
    """A time in which nothing was logged; it begins and ends at full slots."""

    begin: datetime
    end: datetime


def records(
    house: House, since: datetime, until: datetime, silences: Sequence[Silence] = ()
) -> Iterator[Record]:
    """Yield the records of *house* from *since* on; the last one ends at or before *until*.

    Args:
        house: the house, which makes its days in order: *since* is no earlier than the instant it was last asked for.
        since: the end of the last record before; it is rounded up to a slot of five seconds.
        until: it is rounded down to a slot of five seconds.
        silences: records that end in one of these are left out.
    """
    first = interpret(house.frame_at(since), house.options.mode, since)
    wire = (
        sum(len(encoder.write_group(group, house.options.mode)) for group in house.frame_at(since).groups) + 2
    )
    frame = wire * 10 / house.options.mode.speed + FRAME_GAP
    at = since.astimezone(UTC)
    while at < until:
        day = house.day(at)
        end = min(day.end, until)
        for record in _of_day(house, day, at, end, frame):
            if not any(silence.begin < record.ended_at <= silence.end for silence in silences):
                yield record._replace(contract=first.contract)
        at = day.end


def _of_day(house: House, day: Day, since: datetime, until: datetime, frame: float) -> Iterator[Record]:
    """Yield the records of a part of *day*, without their contract; a frame lasts *frame* seconds."""
    begin = -((day.start - since) // _SLOT)
    last = (until - day.start) // _SLOT
    injecting = [watts < 0 for watts in day.net]
    while begin < last:
        end = min(last, begin - begin % _SLOTS + _SLOTS)
        for slot in range(begin + 1, end):
            if injecting[slot] is not injecting[begin]:
                end = slot
                break
        yield _record(house, day, begin, end, frame)
        begin = end


def _record(house: House, day: Day, begin: int, end: int, frame: float) -> Record:
    """Return the record of the slots of *day* from *begin* until *end*."""
    options = house.options
    ended_at = day.start + end * _SLOT
    truth = house.truth(ended_at - _INSTANT)
    drawn = day.drawn_power[begin:end]
    volts = [phase[begin * SLOT // 60] for phase in day.voltage]
    currents = [
        [round(abs(power) / volt) for power in powers[begin:end]]
        for powers, volt in zip(day.powers, volts, strict=True)
    ]
    sums = currents[0] if options.phases == 1 else [sum(amps) for amps in zip(*currents, strict=True)]
    injected: list[int] | None
    if options.mode is Mode.STANDARD:
        powers, volts_said = drawn, tuple(map(round, volts))
        injected = day.injected_power[begin:end]
        if not options.producer:
            # Without a producer's contract the meter does not send the injected power.
            injected = [
                sum(volt * amp for volt, amp in zip(volts_said, amps, strict=True)) if back and not va else 0
                for amps, back, va in zip(zip(*currents, strict=True), injected, drawn, strict=True)
            ]
    elif options.old and options.phases == 1:
        powers, volts_said, injected = [amp * _NOMINAL for amp in sums], (), None
    else:
        powers, volts_said = [round(va, -1) for va in drawn], ()
        injected = [0 if va else amp * _NOMINAL for va, amp in zip(powers, sums, strict=True)]
    return Record(
        started_at=day.start + begin * _SLOT,
        ended_at=ended_at,
        contract=None,
        tariff_period=truth.period,
        apparent_power=_mean(powers),
        power_min=min(powers),
        power_max=max(powers),
        injected_power=None if injected is None else _mean(injected),
        current=sum(map(_mean, currents)),
        currents=tuple(map(_mean, currents)),
        voltages=volts_said,
        indexes=truth.indexes,
        total_index=truth.total_index if options.mode is Mode.STANDARD else None,
        injected_index=truth.injected_index if options.mode is Mode.STANDARD and options.producer else None,
        colour=truth.colour,
        tomorrow=truth.tomorrow,
        frames=max(1, round((end - begin) * SLOT / frame)),
        ejp=truth.ejp,
        overload=house.overloads(max(drawn), list(map(max, currents))),
    )


def _mean(values: Sequence[int]) -> int:
    """Return the mean of *values*, halves rounded up."""
    return (2 * sum(values) + len(values)) // (2 * len(values))
