"""Wherever a log is cut, no acknowledged line is lost, and no wrong record is read."""

from __future__ import annotations

import errno
import os
import random
from datetime import timedelta

import pytest

from linkymonitor.daily_log.files import Statistics, file_of, records
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from tests.support.crash_model import CrashDisk, PowerCut, cut_at
from tests.support.extent import extent
from tests.support.logs import (
    ALWAYS,
    LOG,
    START,
    TODAY,
    data_line,
    feed,
    forerunner_line,
    log_on,
    numbers_in,
    old_files,
    record,
)
from tests.support.tally import tally

#: The number of cuts; a release should have 20,000.
STATES = int(os.environ.get("LINKYMONITOR_CRASH_STATES") or extent(200, 20_000))


# Every offset (in short, every fourth), every tail, every way to go on

STALE = (
    b'{"schema": 1, "taken_at": "2019-03-04T10:00:00Z"}\n'
    b"2019/03/04 10:00:00\tDATA\tPeriode=HN.., IndexHN=000000666, IndexHPM=000000000, PuissConsommee=00666, "
    b"IConsommee=006\n2019/03/04 10:00:1"
)
TAILS = [
    pytest.param(b"", id="nothing"),
    pytest.param(bytes(1), id="1 NUL"),
    pytest.param(bytes(37), id="37 NUL"),
    pytest.param(bytes(4095), id="4095 NUL"),
    pytest.param(b"\xff" * 16, id="FF"),
    pytest.param(STALE, id="stale"),
]


@pytest.mark.campaign
@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("going_on", ["as is", "after a line end", "healed"])
@pytest.mark.parametrize("maker", [data_line, forerunner_line])
def test_wherever_a_log_is_cut_no_wrong_value_is_read(tail, going_on, maker):
    path = file_of(LOG, TODAY)
    contract = b"2026/02/20 19:09:00\tINFO\tContrat: mode=historique, option=EJP, puissance=9000, phases=1, "
    lines = [contract + b"producteur=, compteur=\n"]
    lines += [maker(START + timedelta(seconds=12 * n), 1000 + 37 * n) for n in range(5)]
    after = [maker(START + timedelta(minutes=5, seconds=12 * n), 2000 + n) for n in range(2)]
    truth = {START + timedelta(seconds=12 * n): 1000 + 37 * n for n in range(5)}
    truth |= {START + timedelta(minutes=5, seconds=12 * n): 2000 + n for n in range(2)}
    whole = b"".join(lines)
    step = extent(4, 1)
    for offset in range(len(tail) % step, len(whole) + 1, step):
        disk = CrashDisk({str(path): whole[:offset] + tail})
        with Storage(disk).append_to(path) as file:
            if going_on == "healed":
                file.heal()
            file.append((b"\n" if going_on == "after a line end" else b"") + b"".join(after))
        stamps = {}
        for one in records(LOG, *ALWAYS, storage=Storage(disk)):
            stamps[one.ended_at] = one.indexes["HN"]
            assert one.indexes["PM"] == 80072
            assert one.apparent_power in (410, one.indexes["HN"] % 9000)
        assert stamps.items() <= truth.items(), f"wrong at {offset}"
        complete = max(whole[:offset].count(b"\n") - 1, 0)
        assert len(stamps) >= complete + (1 if going_on == "as is" else 2)


# A life, a power cut, another life


@pytest.mark.campaign
@pytest.mark.timeout(1800)
def test_whatever_a_cut_leaves_nothing_acknowledged_is_lost_and_nothing_wrong_is_read():
    cuts = 0
    for seed in range(STATES):
        cuts += live_and_die(random.Random(seed))
    tally("power cuts, model of a card", STATES, note=f"{cuts} lives were cut short")
    assert cuts > STATES * 0.8


def live_and_die(chance: random.Random) -> bool:
    """Write until a power cut and check the files after it; return whether the cut came."""
    clock = WireClock(chance.choice([START, START.replace(hour=23, minute=58)]))
    old = old_files(chance.choice([0, 0, 5]))
    old.pop(str(file_of(LOG, TODAY)), None)
    trouble = chance.choice([None, None, None, errno.EIO, errno.ENOSPC, "short"])
    cut = cut_at(chance.randint(3, 60))
    failing = range(start := chance.randint(1, 60), start + chance.choice([1, 2, 10]))

    def fault(number: int, name: str) -> int | str | None:
        cut(number, name)
        return trouble if number in failing else None

    disk = CrashDisk(old, fault)
    appended = acknowledged = 0
    died = False
    try:
        log = log_on(disk, clock)
        for number in range(1000, 1060):
            clock.advance(chance.choice([1.0, 11.7, 11.7, 11.7, 61.0]))
            appended += 1
            log.append(record(number, clock.now(), tariff_period=chance.choice(["HN.."] * 9 + ["PM.."])))
            if chance.random() < 0.1:
                log.note(chance.choice(["INFO", "WARN"]), "note")
            if log.pending == 0:
                acknowledged = appended
            log.tick(clock.monotonic())
            if log.pending == 0:
                acknowledged = appended
        log.close()
    except PowerCut:
        died = True
    disk.fault = lambda number, name: None
    state = disk.crash(chance) if died else disk.content()

    again = CrashDisk(state)
    clock.advance(chance.choice([30, 3600, 400_000]))
    log = log_on(again, clock)
    feed(log, clock, range(2000, 2010))
    for _ in range(30):  # chores
        clock.advance(0.2)
        log.tick(clock.monotonic())
    log.close()
    statistics = Statistics()
    numbers = numbers_in(again, statistics)
    of_old, first, second = (
        [number for number in numbers if low <= number < low + 1000] for low in (0, 1000, 2000)
    )
    assert of_old == sorted(range(1, len(old) + 1), reverse=True)
    assert first == list(range(1000, 1000 + len(first)))
    assert acknowledged <= len(first) <= appended
    assert second == list(range(2000, 2010))
    assert numbers == of_old + first + second
    assert (statistics.refused, statistics.torn, statistics.damaged) == (0, 0, [])
    return died
