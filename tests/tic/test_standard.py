"""Frames of the mode standard and what they mean."""

from datetime import UTC, datetime, time

import pytest

from linkymonitor.model.record import Contract
from linkymonitor.model.terms import Colour, Ejp, Mode
from linkymonitor.tic.content import StampedValue
from linkymonitor.tic.standard import UNNAMED
from linkymonitor.tic.status import StatusRegister
from tests.tic.frames import STANDARD, TEMPO_REGISTERS, standard

HC_NAMES = {"NGTF": "H PLEINE/CREUSE ", "LTARF": "  HEURE  PLEINE ", "NTARF": "02", "EASF02": "000000002"}
TRI_GROUPS = """
IRMS2 003
IRMS3 004
URMS2 233
URMS3 234
SINSTS1 00464
SINSTS2 00699
SINSTS3 00936
SMAXSN2 @H250307063417 01529
"""
PRODUCER = "EAIT 007472722\nSINSTI 01253\nERQ1 000000000\nSMAXIN @H250307063417 01423\n"
PEAKS = "DPM1 @_250308060000 00\nFPM1 @_250309060000 00\n"


def test_a_standard_frame_says_it_all():
    reading = standard(STANDARD)
    assert reading.mode is Mode.STANDARD
    assert reading.contract == Contract(
        mode=Mode.STANDARD,
        option="BASE",
        registers=("TH",),
        subscribed_power=6000,
        phases=1,
        producer=False,
        meter="021861123456",
    )
    assert reading.tariff_period == "TH.."
    assert (reading.apparent_power, reading.apparent_power_estimated) == (464, False)
    assert (reading.injected_power, reading.injected_power_estimated) == (0, False)
    assert (reading.currents, reading.voltages) == ((2,), (232,))
    assert reading.indexes == {"TH": 11887650}
    assert (reading.total_index, reading.injected_index) == (11887650, None)
    assert reading.overload is False
    assert reading.ejp is Ejp.NORMAL
    assert (reading.colour, reading.tomorrow, reading.message) == (None, None, None)
    assert reading.meter_clock == datetime(2025, 3, 7, 12, 43, 49, tzinfo=UTC)
    assert not reading.meter_clock_degraded
    assert not reading.short


def test_standard_values_are_typed():
    values = standard(STANDARD + PEAKS).values
    assert values["DATE"] == datetime(2025, 3, 7, 12, 43, 49, tzinfo=UTC)
    assert values["SMAXSN"] == StampedValue(
        5529, datetime(2025, 3, 7, 5, 34, 17, tzinfo=UTC), "H250307063417"
    )
    assert values["DPM1"] == StampedValue(0, None, " 250308060000")
    assert values["NGTF"] == "BASE"
    assert values["RELAIS"] == (False,) * 8
    assert isinstance(values["STGE"], StatusRegister)
    assert values["PRM"] == "12345678901234"


@pytest.mark.parametrize("name", ["H PLEINE/CREUSE ", "H PLEINE-CREUSE ", "hphc", "  HC  "])
def test_the_names_of_peak_and_off_peak_hours_are_one_contract(name):
    reading = standard(STANDARD, **{**HC_NAMES, "NGTF": name})
    assert reading.contract.option == "HC"
    assert reading.contract.registers == ("HC", "HP")
    assert reading.tariff_period == "HP.."
    assert reading.indexes == {"HC": 11887650, "HP": 2}
    assert reading.ejp is Ejp.NORMAL


@pytest.mark.parametrize(
    ("status", "tariff", "period", "ejp"),
    [
        pytest.param("003A0001", "01", "HN..", Ejp.NORMAL, id="normal"),
        pytest.param("103A0001", "01", "HN..", Ejp.NOTICE, id="notice"),
        pytest.param("403A0400", "02", "PM..", Ejp.PEAK, id="peak"),
        pytest.param("503A0400", "02", "PM..", Ejp.PEAK, id="peak-and-notice-of-the-next"),
        pytest.param("003A0400", "02", "PM..", Ejp.PEAK, id="peak-by-its-register"),
        pytest.param("403A0000", "01", "HN..", Ejp.PEAK, id="peak-by-the-status"),
    ],
)
def test_an_ejp_contract_is_followed_in_standard(status, tariff, period, ejp):
    reading = standard(STANDARD, NGTF="      EJP       ", STGE=status, NTARF=tariff)
    assert reading.contract.registers == ("HN", "PM")
    assert reading.tariff_period == period
    assert reading.ejp is ejp


@pytest.mark.parametrize(
    ("options", "ejp"),
    [
        pytest.param({"lost": ["STGE"]}, Ejp.UNKNOWN, id="status-damaged"),
        pytest.param({"lost": ["STGE"], "NTARF": "02"}, Ejp.PEAK, id="the-register-is-enough-for-a-peak"),
        pytest.param({"lost": ["NGTF"], "STGE": "403A0000"}, Ejp.UNKNOWN, id="name-damaged"),
        pytest.param({"lost": ["ADSC"]}, Ejp.NORMAL, id="another-group-damaged"),
        pytest.param({"complete": False}, Ejp.NORMAL, id="cut-but-clear"),
    ],
)
def test_a_damaged_ejp_frame_is_not_guessed(options, ejp):
    assert standard(STANDARD, **{"NGTF": "EJP", **options}).ejp is ejp


def test_a_market_offer_with_peak_days_has_peaks():
    """Any name but Tempo's: the peak bits are then what they are called (NOI-CPT_54E §6.2.3.14)."""
    names = {"NGTF": "ZEN FLEX, = x   ", "NTARF": "03", "EASF02": "000000002"}
    reading = standard(STANDARD, **names, STGE="403A0800")
    assert reading.contract.option == "ZEN FLEX X"
    assert reading.contract.registers == ("F01", "F02", "F03")
    assert reading.tariff_period == "F03"
    assert reading.indexes == {"F01": 11887650, "F02": 2, "F03": 0}
    assert reading.ejp is Ejp.PEAK
    assert standard(STANDARD, **names, STGE="103A0800").ejp is Ejp.NOTICE
    assert standard(STANDARD, **names).ejp is Ejp.NORMAL


@pytest.mark.parametrize("name", ["     TEMPO      ", "AUTRE TEMPO", None])
def test_tempo_days_are_no_mobile_peaks(name):
    """White and red set the peak bits; the colour tells them from EJP, whatever the contract is called."""
    options = {"without": ["NGTF"]} if name is None else {"NGTF": name}
    reading = standard(STANDARD, STGE="9B3A9000", NTARF="05", **options)
    assert (reading.colour, reading.tomorrow) == (Colour.RED, Colour.WHITE)
    assert reading.ejp is Ejp.NORMAL


def test_a_tempo_red_day_in_standard():
    reading = standard(STANDARD + PEAKS, NGTF="     TEMPO      ", STGE="9B3A9000", NTARF="05", RELAIS="001")
    assert reading.contract.option == "TEMPO"
    assert reading.contract.registers == TEMPO_REGISTERS
    assert tuple(reading.indexes) == TEMPO_REGISTERS
    assert reading.tariff_period == "HCJR"
    assert reading.values["STGE"].distributor_index == 3
    assert reading.values["STGE"].contact_open is not reading.values["RELAIS"][0]


def test_a_peak_without_a_name_nor_a_colour_is_a_peak():
    """No name, no colour, but a peak: an offer with peak days whose name was never programmed."""
    reading = standard(STANDARD, without=["NGTF", "LTARF"], STGE="403A0000")
    assert reading.contract.option == UNNAMED
    assert reading.contract.registers == ("F01",)
    assert reading.tariff_period == "F01"
    assert reading.ejp is Ejp.PEAK


@pytest.mark.parametrize("name", ["", " " * 16, ",="])
def test_a_blank_name_is_no_name(name):
    assert standard(STANDARD, NGTF=name).contract.option == UNNAMED


@pytest.mark.parametrize(
    ("tempo", "hour"), [pytest.param("     TEMPO      ", 22, id="tempo"), pytest.param("BASE", 16, id="base")]
)
def test_the_hours_of_a_day_profile_depend_on_the_contract(tempo, hour):
    profile = "00004001 06004002 16004001" + " NONUTILE" * 8
    reading = standard(STANDARD, **{"NGTF": tempo, "PJOURF+1": profile})
    assert [switch.start for switch in reading.values["PJOURF+1"]] == [time(0), time(6), time(hour)]


def test_a_hexadecimal_day_profile():
    profile = "00008002 0038C001 07388002 0D1A8001 0E1A8002" + " NONUTILE" * 6
    switch = standard(STANDARD, **{"PJOURF+1": profile}).values["PJOURF+1"][3]
    assert (switch.start, switch.supplier_index) == (time(13, 26), 1)


def test_data_that_mean_nothing_leave_no_value():
    values = standard(STANDARD + "NOUVEAU 12", **{"PJOURF+1": "00004001 00004001"}).values
    assert "PJOURF+1" not in values
    assert "NOUVEAU" not in values


def test_a_producer_says_what_it_injects():
    reading = standard(STANDARD + PRODUCER, SINSTS="00000", STGE="003A0301")
    assert reading.contract.producer is True
    assert (reading.injected_power, reading.injected_power_estimated) == (1253, False)
    assert reading.injected_index == 7472722


def test_a_consumer_that_injects_is_told_by_its_direction():
    """STGE 010A4601 was seen on a house without a producer contract."""
    reading = standard(STANDARD, STGE="010A4601", SINSTS="00000")
    assert reading.contract.producer is False
    assert (reading.injected_power, reading.injected_power_estimated) == (464, True)


@pytest.mark.parametrize(
    ("options", "injected"),
    [
        pytest.param({"SINSTS": "00000"}, 0, id="nothing-at-all"),
        pytest.param({"SINSTS": "00000", "STGE": "003A0201", "IRMS1": "000"}, 0, id="less-than-an-ampere"),
        pytest.param({"SINSTS": "00010", "STGE": "003A0201"}, 0, id="drawing"),
        pytest.param({"SINSTS": "00000", "lost": ["STGE"]}, None, id="status-damaged"),
        pytest.param({"SINSTS": "00000", "STGE": "003A0201", "lost": ["IRMS1"]}, None, id="current-damaged"),
        pytest.param({"SINSTS": "00000", "STGE": "003A0201", "lost": ["SINSTI"]}, None, id="power-damaged"),
        pytest.param({"SINSTS": "00010", "lost": ["SINSTI"]}, 0, id="drawing-for-certain"),
        pytest.param({"lost": ["SINSTS"]}, None, id="drawn-power-damaged"),
    ],
)
def test_injection_without_sinsti(options, injected):
    reading = standard(STANDARD, **options)
    assert (reading.injected_power, reading.injected_power_estimated) == (injected, False)


def test_a_pilot_meter_has_its_power_estimated():
    reading = standard(STANDARD, without=["SINSTS"])
    assert (reading.apparent_power, reading.apparent_power_estimated) == (464, True)
    assert reading.contract.estimated_power
    assert standard(STANDARD, without=["SINSTS"], STGE="003A0201").apparent_power == 0
    assert standard(STANDARD, lost=["SINSTS"]).apparent_power is None


def test_three_phases_are_told_by_more_than_one_label():
    reading = standard(STANDARD + TRI_GROUPS)
    assert reading.contract.phases == 3
    assert reading.currents == (2, 3, 4)
    assert reading.voltages == (232, 233, 234)
    damaged = standard(STANDARD + TRI_GROUPS, lost=["IRMS2", "IRMS3"])
    assert damaged.contract.phases == 3
    assert damaged.currents == (2, None, None)


def test_a_three_phase_consumer_injects_the_sum_of_its_phases():
    reading = standard(STANDARD + TRI_GROUPS, STGE="003A0201", SINSTS="00000")
    assert reading.injected_power == 2 * 232 + 3 * 233 + 4 * 234


def test_the_clock_may_be_degraded():
    by_season = standard(STANDARD.replace("@H250307134349", "@h081225223518"))
    assert by_season.meter_clock_degraded
    assert by_season.meter_clock == datetime(2008, 12, 25, 21, 35, 18, tzinfo=UTC)
    assert standard(STANDARD, STGE="003B0001").meter_clock_degraded
    lost = standard(STANDARD.replace("@H250307134349", "@h000000000000"))
    assert lost.meter_clock_degraded
    assert lost.meter_clock is None
    assert "DATE" not in lost.values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PAS DE          MESSAGE         ", None),
        ("     PAS DE          MESSAGE    ", None),
        (" " * 32, None),
        ("  COUPURE   DEMAIN  ", "COUPURE DEMAIN"),
    ],
)
def test_a_message_is_one_when_it_says_something(text, message):
    assert standard(STANDARD, MSG1=text).message == message


def test_the_status_says_the_overload():
    assert standard(STANDARD, STGE="003A0081").overload is True
    assert standard(STANDARD, lost=["STGE"]).overload is None


def test_the_register_in_force_is_also_in_the_status():
    reading = standard(STANDARD, **{**HC_NAMES, "STGE": "003A4401"}, lost=["NTARF"])
    assert reading.tariff_period == "HP.."
    assert standard(STANDARD, STGE="003A3C01", lost=["NTARF"]).tariff_period is None


def test_a_register_that_the_contract_does_not_name_keeps_its_number():
    assert standard(STANDARD, NTARF="02").tariff_period == "F02"


@pytest.mark.parametrize("label", ["NGTF", "PREF", "SINSTS", "STGE", "EAIT"])
def test_a_standard_contract_is_said_whole_or_not_at_all(label):
    assert standard(STANDARD, lost=[label]).contract is None


@pytest.mark.parametrize("label", ["NTARF", "EASF02", "EASF10"])
def test_an_unnamed_contract_needs_its_registers(label):
    assert standard(STANDARD, lost=[label]).contract is not None
    assert standard(STANDARD, NGTF="HC ET WEEK-END  ", lost=[label]).contract is None


def test_a_producer_is_known_by_either_sign():
    assert standard(STANDARD + PRODUCER, lost=["STGE"]).contract.producer is True
    assert standard(STANDARD, STGE="003A0101").contract.producer is True


def test_a_cut_standard_frame_gives_what_it_has():
    head = "\n".join(STANDARD.strip().splitlines()[:7])
    reading = standard(head, complete=False)
    assert reading.contract is None
    assert reading.indexes == {"TH": 11887650}
    assert (reading.currents, reading.voltages, reading.overload) == ((), (), None)
    assert reading.ejp is Ejp.UNKNOWN
    assert standard("EASF01 011887650", complete=False).indexes == {}
    assert standard("EASF01 011887650\nNTARF 01", complete=False).tariff_period is None
    assert standard("ADSC 021861123456", lost=["IRMS1", "URMS1"]).contract is None
