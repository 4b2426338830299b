"""The registers of the ledger: where they run on, where they begin anew, and which stood at zero."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkymonitor.model.record import Contract
from linkymonitor.model.terms import Mode
from linkymonitor.state.ledger import Ledger
from tests.support.meter_days import EJP, METER, fold, moment, reading
from tests.support.truth import PARIS


@pytest.fixture
def ledger():
    return Ledger(PARIS)


@pytest.mark.parametrize(
    "after",
    [
        pytest.param({"HN": 999}, id="down"),
        pytest.param({"HN": 0}, id="to zero"),
        pytest.param({"HN": 60_000}, id="by more than the subscription lets through"),
    ],
)
def test_an_index_that_cannot_be_opens_an_epoch_and_keeps_what_was_counted(ledger, after):
    base = after["HN"]
    assert fold(
        ledger,
        reading("2026-12-01 08:00", HN=1000),
        reading("2026-12-01 09:00", HN=3000),
        reading("2026-12-01 10:00", **after),
        reading("2026-12-01 11:00", HN=base + 500),
    )[1:] == [{"HN": 2000}, {"HN": 2000}, {"HN": 2500}]


def test_a_wrong_index_costs_the_frames_around_it_and_nothing_else(ledger):
    start = moment("2026-12-01 08:00")
    values = [1000, 1002, 1004, 131_076, 1008, 1010]
    found = fold(ledger, *(reading(start + timedelta(seconds=2 * n), HN=v) for n, v in enumerate(values)))
    assert [energy["HN"] for energy in found] == [0, 2, 4, 4, 4, 6]


@pytest.mark.parametrize(
    ("power", "seconds", "wh", "counted"),
    [
        pytest.param(9000, 3600, 18_177, True, id="all that 9 kVA let through"),
        pytest.param(9000, 3600, 18_178, False, id="more"),
        pytest.param(None, 3600, 72_702, True, id="36 kVA when the meter does not say"),
        pytest.param(None, 3600, 72_703, False, id="more than that"),
        pytest.param(9000, 0, 177, True, id="an index that is older than its frame"),
        pytest.param(9000, -3600, 178, False, id="nothing goes by while the clock goes back"),
    ],
)
def test_the_bound_of_a_jump(ledger, power, seconds, wh, counted):
    contract = Contract(mode=Mode.HISTORIQUE, option="BASE", registers=("TH",), subscribed_power=power)
    start = moment("2026-12-01 12:00")
    first = reading(start, contract, TH=1000)
    second = reading(start + timedelta(seconds=seconds), contract, TH=1000 + wh)
    assert fold(ledger, first, second)[1] == {"TH": wh if counted else 0}


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"meter": "000000000999"}, id="meter"),
        pytest.param({"option": "HC", "registers": ("HC", "HP")}, id="option"),
        pytest.param({"mode": Mode.STANDARD, "option": "OFFRE", "registers": ("F01", "F02")}, id="mode, too"),
    ],
)
def test_nothing_is_counted_across_another_meter_or_option(ledger, other):
    fields = {
        "mode": EJP.mode,
        "option": EJP.option,
        "registers": EJP.registers,
        "subscribed_power": 9000,
        "meter": METER,
    }
    new = Contract(**(fields | other))
    register = new.registers[0]
    found = fold(
        ledger,
        reading("2026-12-01 08:00", HN=1000),
        reading("2026-12-01 09:00", HN=3000),
        reading("2026-12-01 10:00", new, **{register: 3100}),
        reading("2026-12-01 11:00", new, **{register: 3150}),
    )
    assert found[2:] == [
        {register: 2000 if register == "HN" else 0, "HN": 2000},
        {register: 2050 if register == "HN" else 50, "HN": 2000 + 50 * (register == "HN")},
    ]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"mode": Mode.STANDARD}, id="mode"),
        pytest.param({"subscribed_power": 6000}, id="subscribed power"),
        pytest.param({"producer": True}, id="producer"),
        pytest.param({"phases": 3}, id="phases"),
    ],
)
def test_registers_run_on_under_another_mode_power_or_producer(ledger, other):
    found = fold(
        ledger,
        reading("2026-12-01 08:00", HN=1000),
        reading("2026-12-01 09:00", HN=3000),
        reading("2026-12-01 10:00", EJP._replace(**other), HN=3100),
    )
    assert found[-1] == {"HN": 2100}


def test_a_roll_over_is_no_fall(ledger):
    found = fold(
        ledger,
        reading("2026-12-01 08:00", HN=999_999_000),
        reading("2026-12-01 09:00", HN=500),
        reading("2026-12-01 10:00", HN=600),
    )
    assert found == [{"HN": 0}, {"HN": 1500}, {"HN": 1600}]


@pytest.mark.parametrize(
    ("indexes", "total", "apart"),
    [
        pytest.param({"HN": 3000, "PM": 50}, 5000, 0, id="agree"),
        pytest.param({"HN": 3000, "PM": 50}, 5020, 0, id="a frame apart"),
        pytest.param({"HN": 3000, "PM": 50}, 5500, -500, id="another register counts"),
        pytest.param({"HN": 3000, "PM": 50}, 4600, 400, id="the total lags"),
        pytest.param({"HN": 3000}, 9999, 0, id="a register was lost"),
        pytest.param({"HN": 3000, "PM": 50}, None, 0, id="no total"),
    ],
)
def test_registers_and_total_go_on_by_the_same(ledger, indexes, total, apart):
    """Only differences: a total may hold what earlier contracts counted."""
    ledger.update(reading("2026-12-01 08:00", HN=1000, PM=50)._replace(total_index=3000))
    ledger.update(reading("2026-12-01 09:00", **indexes)._replace(total_index=total))
    assert ledger.disagreement == apart


@given(
    st.lists(st.tuples(st.integers(1, 600), st.integers(0, 100), st.booleans()), min_size=1, max_size=40),
    st.integers(0, 10**9 - 1),
    st.integers(0, 10**9 - 1),
)
def test_registers_that_are_all_read_never_disagree_with_their_total(steps, normal, peak):
    """Whatever rolls over."""
    ledger, now, total = Ledger(PARIS), moment("2026-12-01 20:00"), (normal + peak) % 10**9
    for seconds, wh, in_peak in steps:
        now += timedelta(seconds=seconds)
        normal, peak = (normal + wh * (not in_peak)) % 10**9, (peak + wh * in_peak) % 10**9
        total = (total + wh) % 10**9
        ledger.update(reading(now, HN=normal, PM=peak)._replace(total_index=total))
        assert ledger.disagreement == 0


def test_a_frame_that_lost_its_contract_is_no_change(ledger):
    found = fold(
        ledger,
        reading("2026-12-01 08:00", HN=1000),
        reading("2026-12-01 09:00", contract=None, HN=2000),
        reading("2026-12-01 10:00", HN=3000),
    )
    assert found[-1] == {"HN": 2000}


def offer(*registers):
    return Contract(mode=Mode.STANDARD, option="OFFRE", registers=registers, subscribed_power=9000)


def test_a_register_that_appears_counts_from_zero(ledger):
    found = fold(
        ledger,
        reading("2026-12-01 08:00", offer("F01"), F01=1000),
        reading("2026-12-01 08:01", offer("F01", "F03"), F01=1010, F03=4),
        reading("2026-12-01 08:02", offer("F01", "F03"), F01=1010, F03=15),
    )
    assert found == [{"F01": 0}, {"F01": 10, "F03": 4}, {"F01": 10, "F03": 15}]


def test_before_the_contract_is_known_no_register_appears(ledger):
    """A line of the first frames was damaged: what was not said before may have stood at any value."""
    offered = offer("F01", "F02")
    fold(
        ledger,
        reading("2026-12-01 08:00", None, F01=5000),
        reading("2026-12-01 08:01", None, F01=5000, F02=700),
        reading("2026-12-01 08:02", offered, F01=5001, F02=703),
    )
    assert ledger.totals().energy == {"F01": 1, "F02": 3}


def test_a_register_that_was_only_lost_does_not_count_from_zero(ledger):
    found = fold(
        ledger,
        reading("2026-12-01 08:00", offer("F01"), F01=1000),
        reading("2026-12-01 08:01", offer("F01", "F02"), F01=1010, F02=72_000_000),
        reading("2026-12-01 08:02", offer("F01", "F02"), F01=1010, F02=72_000_009),
    )
    assert found[1:] == [{"F01": 10, "F02": 0}, {"F01": 10, "F02": 9}]


def test_a_register_that_appeared_in_a_silence_over_midnight_is_shared_like_the_others(ledger):
    found = fold(
        ledger,
        reading("2026-12-01 20:00", offer("F01"), F01=1000),
        reading("2026-12-02 08:00", offer("F01", "F03"), F01=1300, F03=30),
        reading("2026-12-02 08:01", offer("F01", "F03"), F01=1300, F03=34),
    )
    assert found[1:] == [{"F01": 200, "F03": 20}, {"F01": 200, "F03": 24}]


def test_the_registers_of_another_contract_are_not_listed_by_the_new_one(ledger):
    old = Contract(mode=Mode.STANDARD, option="AVANT", registers=("F01", "F02"), subscribed_power=9000)
    found = fold(
        ledger,
        reading("2026-12-01 08:00", old, F01=1000, F02=500),
        reading("2026-12-01 08:01", offer("F01"), F01=1000),
        reading("2026-12-01 08:02", offer("F01", "F02"), F01=1000, F02=4),
    )
    assert found[-1] == {"F01": 0, "F02": 4}


def test_a_listed_register_read_later_has_no_value_before(ledger):
    found = fold(
        ledger,
        reading("2026-12-01 08:00", HN=1000),
        reading("2026-12-01 08:01", HN=1010, PM=3),
        reading("2026-12-01 08:02", HN=1010, PM=8),
    )
    assert found == [{"HN": 0}, {"HN": 10, "PM": 0}, {"HN": 10, "PM": 5}]


def test_registers_come_in_the_order_of_the_meter(ledger):
    assert list(ledger.update(reading("2026-12-01 08:00", PM=1, HN=2)).energy) == ["HN", "PM"]
