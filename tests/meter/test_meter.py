"""One meter as the rest of the house hears it: short frames, lone ones, damaged ones, other registers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from linkymonitor.meter.meter import Meter
from linkymonitor.meter.quarantine import Quarantine
from linkymonitor.model.terms import Colour, Mode
from linkymonitor.money.book import PriceBook
from linkymonitor.money.tariffs import Prices
from linkymonitor.source.base import Source
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.clock import WireClock
from linkymonitor.tic import parity
from tests.support.fakes import Probe
from tests.support.whole import ALARMED, HISTORIQUE, RELAY, SHORT, START, Bench, frame, frames

#: What a WireClock begins with.
START_MONOTONIC = 1000.0

#: A whole frame of a meter with three phases, in normal hours (NOI-CPT_02E table 4).
THREE_PHASES = (
    ("ADCO", "041876543210"),
    ("OPTARIF", "EJP."),
    ("ISOUSC", "45"),
    ("EJPHN", "000688322"),
    ("EJPHPM", "000080072"),
    ("PTEC", "HN.."),
    ("IINST1", "013"),
    ("IINST2", "012"),
    ("IINST3", "003"),
    ("IMAX1", "090"),
    ("IMAX2", "090"),
    ("IMAX3", "090"),
    ("PMAX", "30000"),
    ("PAPP", "06010"),
    ("HHPHC", "A"),
    ("MOTDETAT", "000000"),
    ("PPOT", "00"),
)


def test_a_short_frame_keeps_the_long_values_and_weighs_on_no_mean(tmp_path):
    probe = Probe()
    long = frame(IINST=None, IMAX=None, IINST1="010", IINST2="010", IINST3="010", PAPP="06900")
    short = frame(ALARMED)
    bench = Bench(
        tmp_path, *[(2.0, long)] * 4, *[(0.6, short)] * 10, *[(2.0, long)] * 4, outputs=[probe]
    ).run()
    during = probe.views[8]
    assert during.reading.short
    assert during.reading.apparent_power == 6900
    assert during.reading.currents == (61, 12, 3)
    assert during.reading.tariff_period == "HN.."
    assert during.reading.indexes == {"HN": 688322, "PM": 80072}
    assert during.reading.overload is True
    assert during.tariff.overload
    after = probe.views[-1]
    assert not after.reading.short
    assert "ADIR1" not in after.reading.values
    (record,) = bench.records
    assert record.frames == 8
    assert (record.power_min, record.apparent_power, record.power_max) == (6900, 6900, 6900)
    # A current is known one frame late: the first long frame after the overload still says what two of the last
    # three frames have said, so one in eight of these means is 61, 12 and 3.
    assert record.currents == (16, 10, 9)


def test_short_frames_leave_the_energy_of_the_day_to_the_next_whole_one(tmp_path):
    probe = Probe()

    def long(wh: int) -> bytes:
        groups = {"IINST1": "010", "IINST2": "010", "IINST3": "010", "PAPP": "06900", "EJPHN": f"{wh:09}"}
        return frame(IINST=None, IMAX=None, **groups)

    alarm = [(0.6, frame(ALARMED))] * 20
    Bench(tmp_path, *[(2.0, long(688322))] * 4, *alarm, *[(2.0, long(688342))] * 4, outputs=[probe]).run()
    energy = [view.today.energy.get("HN") for view in probe.views]
    shorts = [wh for wh, view in zip(energy, probe.views, strict=True) if view.reading.short]
    assert set(shorts) == {0}
    assert energy[-1] == 20


def test_tomorrow_is_not_forgotten_while_short_frames_come(tmp_path):
    probe = Probe()
    tempo = [
        ("ADCO", "041876543210"),
        ("OPTARIF", "BBR("),
        ("ISOUSC", "45"),
        *((f"BBR{name}", "000100000") for name in ("HCJB", "HPJB", "HCJW", "HPJW", "HCJR", "HPJR")),
        ("PTEC", "HPJB"),
        ("DEMAIN", "ROUG"),
        ("IINST1", "010"),
        ("IINST2", "010"),
        ("IINST3", "010"),
        ("PAPP", "06900"),
    ]
    Bench(tmp_path, *[(2.0, frame(tempo))] * 4, *[(0.6, frame(ALARMED))] * 5, outputs=[probe]).run()
    assert probe.views[-1].reading.short
    assert probe.views[-1].tariff.tomorrow is Colour.RED


def test_short_frames_after_a_silence_say_nothing_of_what_was_before_it(tmp_path):
    """The period and the power of before would close a relay that has let go."""
    probe = Probe()
    whole = [(2.0, frame(THREE_PHASES))] * 6
    bench = Bench(tmp_path, *whole, (40.0, frame(ALARMED)), *[(1.0, frame(ALARMED))] * 6)
    bench.source.is_meter = True
    bench.everything()
    bench.appliance.outputs += (probe,)
    bench.run()
    after = [view.reading for view in probe.views if view.reading.short]
    assert after
    assert {(one.tariff_period, one.apparent_power) for one in after} == {(None, None)}
    changes = [level for _, pin, level in bench.levels if pin == RELAY]
    assert changes[-1] is False
    assert changes.count(True) == 1


def test_a_short_frame_before_any_long_one_says_only_currents(tmp_path):
    probe = Probe()
    Bench(tmp_path, *[(1.0, frame(SHORT))] * 2, outputs=[probe]).run()
    assert probe.views[0].reading.currents == (61, 12, 3)
    assert probe.views[0].reading.apparent_power is None


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param({"PTEC": "PM.."}, id="a peak"),
        pytest.param({"PEJP": "30"}, id="a notice"),
        pytest.param({"PAPP": "03690", "IINST": "014"}, id="a power that could be"),
        pytest.param({"PAPP": "29990"}, id="a power that the current denies"),
        pytest.param({"EJPHN": "000688330"}, id="an index that could be"),
        pytest.param({"EJPHN": "000588322"}, id="an index that fell"),
        pytest.param({"OPTARIF": "BASE"}, id="another contract"),
        pytest.param({"ADCO": "041876543211"}, id="another meter"),
        pytest.param({"ISOUSC": "30"}, id="another subscription"),
    ],
)
def test_a_single_lie_with_right_checksums_changes_nothing(tmp_path, lie):
    """Pins, figures and contract are those of the same stream without it, or for a frame are not said."""

    def life(folder, *chunks):
        folder.mkdir()
        probe, bench = Probe(), Bench(folder, *chunks).everything()
        bench.appliance.outputs += (probe,)
        bench.run()
        return bench, [
            {*said} - {None}
            for said in zip(
                *(
                    (
                        view.reading.apparent_power,
                        view.reading.currents,
                        tuple(view.reading.indexes.items()),
                        view.reading.contract,
                        view.tariff.ejp,
                        view.tariff.tariff_period,
                    )
                    for view in probe.views
                ),
                strict=True,
            )
        ]

    honest, said = life(tmp_path / "honest", *frames(5), *frames(5))
    lied_to, heard = life(tmp_path / "lied to", *frames(4), *frames(1, **lie), *frames(5))
    assert heard == said
    assert [len(values) for values in heard] == [1] * 6
    assert lied_to.levels == honest.levels
    assert {record.indexes["HN"] for record in lied_to.records} == {688322}
    assert {record.power_max for record in lied_to.records} == {3010}
    assert len([line for line in lied_to.lines("INFO") if line.startswith("Contrat")]) == 1


def test_a_frame_without_a_name_beside_one_of_another_meter_is_not_passed_on(tmp_path):
    other = {"ADCO": "041876543211", "PAPP": "09010"}
    changes = [{}] * 6 + [other, {**other, "ADCO": None}] * 3
    chunks = [(1.5, frame(**change)) for change in changes]
    bench = Bench(tmp_path, *chunks, outputs=[probe := Probe()])
    bench.run()
    # The first name of another meter may be a damaged one; after the second nothing is passed on.
    assert len(probe.views) == 7
    assert {view.reading.apparent_power for view in probe.views} <= {3010, None}


def test_another_meter_is_silence_until_its_fifth_frame(tmp_path):
    """Frames that are not believed must not keep a relay where it is."""
    probe = Probe()
    other = frames(5, every=4.0, ADCO="031900000001", OPTARIF="BASE", PTEC="HN..")
    bench = Bench(tmp_path, *frames(3), *other).everything()
    bench.appliance.outputs += (probe,)
    bench.run()
    assert [view.now for view in probe.views] == [1002.0, 1004.0, 1006.0, 1026.0]
    assert probe.views[-1].reading.meter == "031900000001"
    relay_levels = [(at, level) for at, pin, level in bench.levels if pin == RELAY]
    assert relay_levels[1] == (pytest.approx(1021.0, abs=0.001), False)
    assert len(bench.lines("WARN")) == 2, "the silence, and at the end what was refused"


def test_what_is_held_back_goes_to_the_quarantine_and_is_counted_once(tmp_path):
    chunks = [*frames(4), *frames(1, PAPP="29990"), *frames(4)]
    bench = Bench(tmp_path, *chunks)
    bench.appliance.quarantine = Quarantine(bench.storage, tmp_path)
    bench.run()
    (line,) = (tmp_path / "quarantine.log").read_text().splitlines()
    assert line.split("\t")[1:] == ["cross", line.split("\t")[2]]
    assert "PAPP 29990" in line
    assert bench.appliance.meter.health.rejected == {"cross": 1}
    assert sum(record.rejected for record in bench.records) == 1
    assert bench.lines("WARN")[-1].endswith("9 trames complètes, 0 incomplète, 98 groupes valides, 1 refusé")


def test_the_quarantine_is_written_while_nothing_is_believed(tmp_path):
    """Nothing else may wake the loop then."""
    foreign = [(2.0, frame(ADCO=f"04187654{number:04d}")) for number in range(400)]
    bench = Bench(tmp_path, *frames(1), *foreign)
    bench.appliance.quarantine = Quarantine(bench.storage, tmp_path)
    bench.run(until=1640.0)
    assert (tmp_path / "quarantine.log").exists()
    written = [event for event in bench.events if event == "rename quarantine.log"]
    assert len(written) == 2, "after ten minutes, and at the end"


@pytest.mark.parametrize("count", [1, 2, 3, 20])
def test_the_last_index_of_the_log_is_the_last_that_another_frame_bears_out(tmp_path, count):
    """Nothing vouches for the very last, and a log may say too little but never a wrong thing."""
    chunks = [(2.0, frame(EJPHN=f"{688322 + 3 * number:09d}")) for number in range(count)]
    bench = Bench(tmp_path, *chunks).run()
    assert bench.records[-1].indexes["HN"] == 688322 + 3 * max(count - 2, 0)
    assert bench.records[-1].ended_at == START + timedelta(seconds=2 * count)
    assert sum(record.frames for record in bench.records) == count


def test_a_last_frame_that_lies_is_not_the_last_word_of_the_log(tmp_path):
    bench = Bench(tmp_path, *frames(5), (2.0, frame(EJPHN="000688330", PTEC="PM.."))).run()
    assert bench.records[-1].indexes == {"HN": 688322, "PM": 80072}
    assert {record.tariff_period for record in bench.records} == {"HN.."}


def bordered(start: bytes, end: bytes, count: int) -> list[tuple[float, bytes]]:
    """Return frames whose STX and ETX are something else."""
    return [
        (2.0, parity.add(start + parity.strip(frame(EJPHN=f"{688322 + number:09d}"))[1:-1] + end))
        for number in range(count)
    ]


@pytest.mark.parametrize(
    ("start", "end", "lost"),
    [
        pytest.param(b"C", b"\x03", 1, id="STX"),
        pytest.param(b"\x02", b"B", 2, id="ETX"),
    ],
)
def test_a_border_that_is_damaged_for_ever_costs_no_record(tmp_path, start, end, lost):
    bench = Bench(tmp_path, *bordered(start, end, 60)).everything()
    bench.run()
    health = bench.appliance.meter.health
    assert health.unframed == health.frames == 60 - lost
    assert sum(record.frames for record in bench.records) == 60 - lost
    assert bench.records[-1].indexes["HN"] >= 688322 + 56
    assert {record.apparent_power for record in bench.records} == {3010}
    assert [line for line in bench.lines("WARN") if "muet" in line] == []
    assert [line[:29] for line in bench.lines("WARN") if "Bornes" in line] == [
        "Bornes des trames abîmées : u"
    ]
    (stop,) = (line for line in bench.lines("INFO") + bench.lines("WARN") if line.startswith("Arrêt"))
    assert stop.startswith(
        f"Arrêt : {60 - lost} trames complètes (dont {60 - lost} à la borne abîmée), {lost} inc"
    )


def test_a_border_that_noise_hits_now_and_then_is_not_told(tmp_path):
    chunks = [*frames(20), *bordered(b"C", b"\x03", 1), *frames(20), *bordered(b"C", b"\x03", 1), *frames(20)]
    bench = Bench(tmp_path, *chunks).run()
    assert (bench.appliance.meter.health.unframed, bench.appliance.meter.health.frames) == (2, 62)
    assert not [line for line in bench.lines("WARN") if "Bornes" in line]


def test_groups_without_any_border_are_told_with_the_remedy(tmp_path):
    bench = Bench(tmp_path, *bordered(b"", b"", 60)).everything()
    bench.run()
    (warning,) = (line for line in bench.lines("WARN") if "Arrêt" not in line)
    assert warning.startswith(
        "Groupes entendus, mais sans les bornes des trames (STX et ETX) : si une passerelle"
    )
    assert bench.records == []
    assert {level for _, pin, level in bench.levels if pin == RELAY} <= {False}


def test_groups_that_are_in_no_complete_frame_are_not_counted_as_valid(tmp_path):
    cut = frame()
    bench = Bench(tmp_path, *frames(3), (2.0, cut[:-1] + b"\x04"), (2.0, frame())).run()
    health = bench.appliance.meter.health
    assert (health.frames, health.incomplete, health.groups) == (4, 1, 4 * len(HISTORIQUE))


def test_a_source_with_odd_parity_is_told_once_and_read_all_the_same(tmp_path):
    bench = Bench(tmp_path, *[(2.0, parity.invert(frame()))] * 20).run()
    assert sum(record.frames for record in bench.records) == 20
    assert bench.appliance.meter.health.parity_inverted
    told = [line for line in bench.lines("WARN") if "parité" in line]
    assert told == [
        "La parité est inversée : impaire au lieu de paire (7O1) ; les groupes sont lus tout de même ; "
        "réglez la source en 7E1"
    ]
    assert not [line for line in bench.lines("INFO") if "sans bit de parité" in line]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param(
            {"ADCO": "031900000001"},
            "Trames d'un autre compteur : il faut 5 trames de suite pour en être sûr ; rien n'est noté d'ici là",
            id="meter",
        ),
        pytest.param(
            {"OPTARIF": "BASE"},
            "Trames d'un autre contrat : il faut 5 trames de suite pour en être sûr ; rien n'est noté d'ici là",
            id="contract",
        ),
    ],
)
def test_frames_that_wait_to_be_believed_are_not_called_silence(tmp_path, changes, sentence):
    """Five frames of Tempo take longer than a silence of ten seconds."""
    bench = Bench(
        tmp_path, *frames(5), *frames(4, every=2.6, **changes), (0.5, b""), *frames(3, every=2.0)
    ).run()
    assert [line for line in bench.lines("WARN") if "Arrêt" not in line] == [sentence]
    assert bench.lines("INFO").count("Compteur de nouveau entendu") == 1


def test_a_meter_that_falls_silent_while_it_waits_to_be_believed_is_silent(tmp_path):
    bench = Bench(tmp_path, *frames(5), *frames(2, every=2.6, ADCO="031900000001"), (60.0, b"\x02")).run()
    warnings = [line[:15] for line in bench.lines("WARN") if "Arrêt" not in line]
    assert warnings == ["Trames d'un aut", "Compteur muet :"]


WEEK_END = (
    *(("ADSC", "041876543210"), ("VTIC", "02"), ("NGTF", "H PLEINE/CREUSE "), ("LTARF", " HEURE WEEK-END ")),
    *(("EAST", "040401628"), ("EASF01", "026901628"), ("EASF02", "013000000"), ("EASF03", "000500000")),
    *((f"EASF{number:02d}", "000000000") for number in range(4, 11)),
    *(("IRMS1", "006"), ("URMS1", "233"), ("PREF", "09"), ("PCOUP", "09"), ("SINSTS", "01390")),
    *(("STGE", "003A0801"), ("NTARF", "03")),
)


def week_end(wh: int) -> bytes:
    return frame(WEEK_END, Mode.STANDARD, EAST=f"{40401628 + wh:09d}", EASF03=f"{500000 + wh:09d}")


@pytest.mark.parametrize(("prices", "cost"), [({}, None), ({"f03": "0.2000"}, Decimal("0.01"))])
def test_a_third_register_counts_under_a_contract_that_names_two(tmp_path, prices, cost):
    chunks = [(1.0, week_end(min(max(number - 2, 0) * 45 // 100, 45))) for number in range(120)]
    given = {name: Decimal(price) for name, price in {"hc": "0.1", "hp": "0.2", **prices}.items()}
    bench = Bench(tmp_path, *chunks, mode=Mode.STANDARD)
    bench.appliance.today.ledger = Ledger(ZoneInfo("Europe/Paris"), PriceBook(Prices(**given)))
    bench.run()
    assert bench.appliance.view.today.energy == {"HC": 0, "HP": 0, "F03": 45}
    assert bench.appliance.view.today.total_cost == cost
    assert {record.tariff_period for record in bench.records} == {"F03"}
    last = bench.records[-1]
    assert (last.indexes, last.total_index) == ({"HC": 26901628, "HP": 13000000, "F03": 500045}, 40401673)
    assert "noms=F03 HEURE WEEK-END" in bench.lines("INFO")[-2]


def test_a_meter_in_standby_is_told_and_holds_no_relay(tmp_path):
    """It sends its address alone, five times a second."""
    asleep = [(0.2, frame((("ADCO", "041876543210"),)))] * 300
    bench = Bench(tmp_path, *frames(20), *asleep, *frames(20)).everything()
    bench.run()
    assert [line for line in bench.lines("WARN") if "Arrêt" not in line] == [
        "Compteur en veille : ses trames ne contiennent que son adresse ; rien n'est noté jusqu'à son réveil"
    ]
    assert bench.lines("INFO").count("Compteur de nouveau entendu") == 1
    levels = [(at - START_MONOTONIC, level) for at, pin, level in bench.levels if pin == RELAY]
    assert [level for _, level in levels] == [True, False, True, False]
    assert levels[1][0] == pytest.approx(40 + 15, abs=0.01)
    assert sum(record.frames for record in bench.records) == 40
    assert all(record.apparent_power == 3010 for record in bench.records)


class _Pieces(Source):
    """Gives one piece a read, and moves *clock* on by two seconds with each."""

    mode = Mode.HISTORIQUE

    def __init__(self, clock: WireClock, *pieces: bytes) -> None:
        self._clock = clock
        self._pieces = list(pieces)

    def read(self, timeout: float) -> bytes | None:
        self._clock.advance(2.0)
        return self._pieces.pop(0) if self._pieces else None


def test_a_frame_that_repeats_the_frame_before_is_read_at_its_own_time():
    clock = WireClock(START)
    meter = Meter(_Pieces(clock, *[frame()] * 3, frame(PAPP="03000"), frame(PAPP="03000")), clock)
    readings = [heard.reading for _ in range(5) for heard in meter.frames(1.0) or ()]
    assert [reading.taken_at - START for reading in readings] == [
        timedelta(seconds=2 * n) for n in range(1, 6)
    ]
    assert readings[1]._replace(taken_at=START) == readings[0]._replace(taken_at=START)
    assert readings[-1].apparent_power == 3000
