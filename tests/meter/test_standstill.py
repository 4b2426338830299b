"""A meter that sends a power of 500 VA or more and the same values for ten minutes no longer measures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from linkymonitor.meter.standstill import Standstill
from linkymonitor.model.reading import Reading
from linkymonitor.model.terms import Mode
from linkymonitor.tic.content import StampedValue

START = datetime(2027, 1, 13, 11, 0, 0, tzinfo=UTC)


def standstill(*frames: tuple[float, int | None], period: str | None = "TH..", **more) -> list[float]:
    """Return when a standstill is found in frames of 2,300 VA, each given as (seconds, index).

    *more* are other values of each frame by their label, given the seconds.
    """
    watch, found = Standstill(), []
    for at, wh in frames:
        values = {"IINST": 10, **{label: value(at) for label, value in more.items()}}
        if wh is not None:
            values["BASE"] = wh
        reading = Reading(
            taken_at=START,
            mode=Mode.HISTORIQUE,
            tariff_period=period,
            apparent_power=2300,
            indexes={} if wh is None else {"TH": wh},
            values=values,
        )
        if watch.update(reading, 1000.0 + at):
            found.append(at)
    return found


EVERY_TWO_SECONDS = [(at, 500) for at in range(0, 1200, 2)]


def test_a_meter_that_repeats_itself_for_ten_minutes_stands_still():
    assert standstill(*((at, 500) for at in range(0, 720, 2)))[0] == 602
    assert standstill(*((at, 500 if at % 4 else None) for at in range(0, 720, 2)))[0] in range(600, 640)


def test_silence_is_no_standstill():
    # The first frame after a silence has no index; in the second one the index has grown.
    pairs = [(250 * n + more, None if not more else 500 + 160 * n) for n in range(20) for more in (0.0, 1.5)]
    assert standstill(*pairs) == []
    # The power was cut for hours: the index has not grown.
    assert standstill((0.0, 500), (1.5, 500), (7200.0, None), (7201.5, 500), (7203.0, 501)) == []
    # The line of the index is lost for an hour: the index may have grown or not.
    assert standstill((0.0, 500), *((at, None) for at in range(2, 3600, 2))) == []


def test_a_meter_that_stands_still_is_found_where_frames_are_rare_too():
    assert standstill(*((at, 500) for at in range(0, 20_000, 360)))[0] == 7560


def test_a_meter_that_moves_again_is_believed_at_once():
    frames = [*((at, 500) for at in range(0, 700, 2)), (702, 501), (704, 501)]
    assert standstill(*frames)[-1] == 698


def test_a_meter_whose_other_values_vary_does_not_stand_still():
    """An old meter may measure injected power: the power varies, and the index stays."""
    assert standstill(*EVERY_TWO_SECONDS, IINST=lambda at: 10 + at // 300) == []
    assert standstill(*EVERY_TWO_SECONDS, IINST=lambda at: 10 + (at == 400))[0] == 1004


def test_a_register_that_is_not_read_cannot_be_said_to_stand():
    assert standstill(*EVERY_TWO_SECONDS, period="HP..") == []
    assert standstill(*EVERY_TWO_SECONDS, period=None) == []


def test_a_meter_that_stands_still_may_have_a_clock_that_goes_on():
    def mean(at):
        return StampedValue(230, START + timedelta(seconds=at), f"H270113{at:06d}")

    assert standstill(*EVERY_TWO_SECONDS, DATE=lambda at: at, UMOY1=mean)[0] == 602
