"""The whole path of a reading: real parts on the time of the wire, faked where the world begins."""

from __future__ import annotations

import json
import logging
import signal
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from zoneinfo import ZoneInfo

import pytest

from linkymonitor.appliance import Appliance
from linkymonitor.daily_log import files
from linkymonitor.daily_log.writer import DailyLog
from linkymonitor.daily_log.writer import Settings as LogSettings
from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.live.latest import Latest
from linkymonitor.meter.meter import Meter
from linkymonitor.meter.quarantine import Quarantine
from linkymonitor.model.terms import Colour, Ejp, Mode, code
from linkymonitor.money.tariffs import Prices
from linkymonitor.outputs import led, relay
from linkymonitor.outputs.display import oled
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.state.aggregate import Aggregator
from linkymonitor.state.ledger import Ledger
from linkymonitor.system.clock import WireClock
from linkymonitor.system.storage import Storage
from linkymonitor.tic import parity
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame, InfoGroup
from linkymonitor.tic.labels import BY_MODE
from tests.support.fake_oled import FakeOled
from tests.support.fakes import Bytes, Probe, ToldDisk, told_pins

START = datetime(2027, 1, 13, 11, 0, 0, tzinfo=UTC)
LAMP, RELAY = 25, 17
#: What a WireClock begins with.
START_MONOTONIC = 1000.0
HISTORIQUE = (
    ("ADCO", "041876543210"),
    ("OPTARIF", "EJP."),
    ("ISOUSC", "45"),
    ("EJPHN", "000688322"),
    ("EJPHPM", "000080072"),
    ("PTEC", "HN.."),
    ("IINST", "013"),
    ("IMAX", "090"),
    ("PAPP", "03010"),
    ("HHPHC", "A"),
    ("MOTDETAT", "000000"),
)
SHORT = (("ADCO", "041876543210"), ("IINST1", "061"), ("IINST2", "012"), ("IINST3", "003"))
#: NOI-CPT_02E table 5: in a short frame what is exceeded comes first.
ALARMED = (("ADIR1", "061"), *SHORT)


def frame(groups=HISTORIQUE, mode=Mode.HISTORIQUE, **changes) -> bytes:
    """Return a frame of *groups* on the wire, in the order of a meter; a change of None leaves the group out."""
    places = {label: place for place, label in enumerate(BY_MODE[mode])}
    rows = [(label, changes.pop(label, data)) for label, data in groups]
    if changes:
        rows = sorted([*rows, *changes.items()], key=lambda row: places[row[0]])
    said = tuple(InfoGroup(label, data) for label, data in rows if data is not None)
    return write_frame(Frame(said), mode, parity=True)


class Bench:
    """An appliance of real parts in *folder*; ``events`` is what the world saw, in order."""

    def __init__(self, folder, *chunks, outputs=None, mode=Mode.HISTORIQUE, clock=None, lang="fr", **parts):
        self.folder = folder
        self.clock = clock or WireClock(START)
        self.events: list[str] = []
        self.source = Bytes(self.clock, chunks, mode)
        self.glass = FakeOled("ssd1306", 128, 32)
        self.glass.on_transfer = lambda count: self.events.append("display")
        #: Monotonic time, pin and level of each change.
        self.levels: list[tuple[float, int, bool]] = []
        self.pins = told_pins(self._changed)
        self.hardware = Hardware(pins=self.pins, i2c=self.glass, clock=self.clock)
        self.storage = Storage(ToldDisk(self.events.append))
        (folder / "run").mkdir(exist_ok=True)
        self.log = DailyLog(self.storage, LogSettings(dir=folder), self.clock, salt="pepper", lang=lang)
        self.appliance = Appliance(
            meter=Meter(self.source, self.clock),
            clock=self.clock,
            log=self.log,
            aggregator=Aggregator(8),
            ledger=Ledger(ZoneInfo("Europe/Paris")),
            latest=Latest(self.storage, folder / "run"),
            outputs=outputs if outputs is not None else [],
            **parts,
        )

    def _changed(self, pin: int, level: bool) -> None:
        self.events.append(f"pin {pin} {int(level)}")
        self.levels.append((self.clock.monotonic(), pin, level))

    def everything(self) -> Bench:
        """Put a relay, a lamp and a display on it."""
        self.appliance.outputs = [
            relay.Relay(relay.Settings(pin=RELAY, rule="ejp", fail_state=False, name="tank"), self.hardware),
            led.Lamp(led.Settings(pin=LAMP, name="ejp"), self.hardware),
            oled.Output(oled.Settings(), self.hardware),
        ]
        return self

    def run(self, until=float("inf")) -> Bench:
        self.appliance.run(until)
        return self

    def lines(self, status: str) -> list[str]:
        """Return the texts of the log's lines of *status*."""
        rows = [
            row.split("\t")
            for path in sorted(self.folder.glob("*.log"))
            for row in path.read_text().splitlines()
        ]
        return [row[2] for row in rows if row[1] == status]

    @property
    def records(self):
        return list(files.records(self.folder, START - timedelta(days=1), START + timedelta(days=2)))


def frames(count: int, every: float = 2.0, **changes) -> list[tuple[float, bytes]]:
    return [(every, frame(**changes)) for _ in range(count)]


# --- the order


def test_a_frame_reaches_pins_then_display_then_files(tmp_path):
    bench = Bench(tmp_path, (2.0, frame())).everything()
    bench.events.clear()
    bench.run()
    seen = bench.events
    relay_on, lamp_on = (
        seen.index(f"pin {RELAY} 1"),
        seen.index(f"pin {LAMP} 1", seen.index(f"pin {RELAY} 1")),
    )
    latest = seen.index("rename latest.json")
    after = [place for place, what in enumerate(seen) if what == "display" and place > relay_on]
    assert relay_on < lamp_on < after[0]
    assert [what for what in seen[relay_on:latest] if what == "sync"] == []
    # latest.json is the first file that the frame touches, and the display was told before.
    assert after[0] < latest
    assert "write" not in seen[relay_on : after[0]]


def test_relays_are_set_before_anything_slow_even_when_the_display_is_dead(tmp_path):
    bench = Bench(tmp_path, *frames(20)).everything()
    bench.glass.ailment = OSError(121, "Remote I/O error")
    bench.run()
    assert f"pin {RELAY} 1" in bench.events
    assert sum(record.frames for record in bench.records) == 20
    assert bench.appliance.meter.health.frames == 20


def test_a_display_that_dies_and_comes_back_loses_no_frame(tmp_path):
    bench = Bench(tmp_path).everything()

    def ailing(reading):
        age = (reading.taken_at - START).total_seconds()
        bench.glass.ailment = OSError(5, "Input/output error") if 10 < age < 30 else None

    bench.appliance.callbacks = [ailing]
    bench.source.then(*frames(40))
    bench.run()
    assert sum(record.frames for record in bench.records) == 40
    assert not bench.glass.unknown


# --- the files


def test_the_log_says_contract_data_and_the_end(tmp_path):
    bench = Bench(tmp_path, *frames(20)).run()
    first, *_, last = (tmp_path / "2027_01_13_linkymonitor.log").read_text().splitlines()
    assert first.split("\t")[1:] == [
        "INFO",
        f"Contrat: mode=historique, option=EJP, puissance=9000, phases=1, producteur=, compteur={first[-12:]}",
    ]
    assert [record.frames for record in bench.records] == [8, 8, 4]
    data = bench.lines("DATA")[0]
    assert data.startswith(
        "Periode=HN.., IndexHN=000688322, IndexHPM=000080072, PuissConsommee=03010, IConsommee=013, "
    )
    assert last.endswith("INFO\tArrêt : 20 trames complètes, 0 incomplètes, 220 groupes valides, 0 refusés")
    assert "041876543210" not in (tmp_path / "2027_01_13_linkymonitor.log").read_text()


def test_the_log_speaks_english_when_asked(tmp_path):
    bench = Bench(tmp_path, *frames(2), (40.0, frame()), lang="en").run()
    assert bench.lines("WARN")[0].startswith("The meter is silent: no complete frame for 10 s")
    assert bench.lines("INFO")[-1].startswith("Stopping: 3 complete frames")


def test_latest_json_is_the_newest_reading_masked_and_goes_at_the_stop(tmp_path):
    seen = []
    bench = Bench(tmp_path, *frames(2), *frames(2, PTEC="PM..", PAPP="04560", IINST="020"))
    bench.appliance.callbacks = [lambda reading: seen.append((tmp_path / "run/latest.json").read_bytes())]
    bench.run()
    assert len(seen) == 4
    waiting, document = json.loads(seen[-2]), json.loads(seen[-1])
    # One frame alone proves nothing.
    assert (waiting["period"], waiting["ejp"], waiting["heard"]) == ("HN..", "normal", 1006.0)
    assert waiting["values"]["PTEC"] == "HN.."
    assert waiting["values"]["PAPP"] == 3010
    assert document == {
        "schema": 1,
        "taken_at": "2027-01-13T11:00:08+00:00",
        "heard": 1008.0,
        "mode": "historique",
        "period": "PM..",
        "ejp": "peak",
        "values": {
            "ADCO": "*********210",
            "OPTARIF": "EJP.",
            "ISOUSC": 45,
            "EJPHN": 688322,
            "EJPHPM": 80072,
            "PTEC": "PM..",
            "IINST": 20,
            "IMAX": 90,
            "PAPP": 4560,
            "HHPHC": "A",
            "MOTDETAT": "000000",
        },
    }
    assert list((tmp_path / "run").iterdir()) == []


def test_latest_json_has_the_groups_as_sent_where_they_are_asked_for(tmp_path):
    seen = []
    long = frame(IINST=None, IMAX=None, IINST1="010", IINST2="010", IINST3="010", PAPP="06900")
    bench = Bench(tmp_path, *[(2.0, long)] * 4, (2.0, frame(ALARMED)), (2.0, frame(ALARMED)))
    bench.appliance.meter = Meter(bench.source, bench.clock, raw=True)
    bench.appliance.callbacks = [lambda reading: seen.append((tmp_path / "run/latest.json").read_bytes())]
    bench.run()
    raw = json.loads(seen[0])["raw"]
    assert raw["ADCO"] == [None, "*********210"]
    assert (raw["PAPP"], raw["OPTARIF"]) == ([None, "06900"], [None, "EJP."])
    during = json.loads(seen[-1])
    assert during["raw"].keys() == during["values"].keys(), "a short frame keeps the long ones"
    assert during["raw"]["ADIR1"] == [None, "061"]
    assert b"041876543210" not in b"".join(seen)


def test_readings_carry_no_raw_groups_unless_they_are_asked_for(tmp_path):
    probe = Probe()
    Bench(tmp_path, *frames(3), outputs=[probe]).run()
    assert all(view.reading.raw == {} for view in probe.views)


def test_a_change_of_period_ends_the_record_when_a_second_frame_says_so(tmp_path):
    bench = Bench(tmp_path, *frames(3), *frames(3, PTEC="PM..")).run()
    before, after = bench.records
    assert (before.tariff_period, before.frames, before.ended_at) == ("HN..", 4, START + timedelta(seconds=8))
    assert (after.tariff_period, after.frames, after.ended_at) == ("PM..", 2, START + timedelta(seconds=12))
    assert len([line for line in bench.lines("INFO") if line.startswith("Contrat")]) == 1


def test_a_change_of_contract_ends_the_record_and_is_believed_after_five_frames(tmp_path):
    changed = {"OPTARIF": "BASE", "EJPHN": None, "EJPHPM": None, "BASE": "000768394", "PTEC": "TH.."}
    bench = Bench(tmp_path, *frames(3), *frames(4, **changed), *frames(3, **changed)).run()
    before, *after = bench.records
    assert (before.tariff_period, before.frames, before.ended_at) == ("HN..", 3, START + timedelta(seconds=6))
    # The first record of a new epoch has one frame, so that its energy counts from its first index.
    assert [record.frames for record in after] == [1, 2]
    assert {record.tariff_period for record in after} == {"TH.."}
    assert after[0].ended_at == START + timedelta(seconds=16)
    assert after[0].indexes == {"TH": 768394}
    assert after[0].rejected == 4
    assert [line[:38] for line in bench.lines("INFO") if line.startswith("Contrat")] == [
        "Contrat: mode=historique, option=EJP, ",
        "Contrat: mode=historique, option=BASE,",
    ]


def test_damaged_and_cut_frames_are_counted_not_believed(tmp_path):
    good = frame()
    bad_group = good.replace(b"PAPP", b"PAP\xd1")  # PAPQ, its parity right
    assert bad_group != good
    bench = Bench(tmp_path, *frames(4), (2.0, good[: len(good) // 2]), (2.0, bad_group), *frames(4)).run()
    health = bench.appliance.meter.health
    assert health.frames == 9
    assert health.incomplete == 1
    assert health.rejected == {"shape": 1, "checksum": 1}  # the line that the cut ends, and the other
    assert bench.lines("WARN")[-1].startswith("Arrêt : 9 trames complètes, 1 incomplètes")
    assert sum(record.rejected for record in bench.records) == sum(health.rejected.values())


# --- short frames


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


def test_a_short_frame_before_any_long_one_says_only_currents(tmp_path):
    probe = Probe()
    Bench(tmp_path, *[(1.0, frame(SHORT))] * 2, outputs=[probe]).run()
    assert probe.views[0].reading.currents == (61, 12, 3)
    assert probe.views[0].reading.apparent_power is None


# --- what one frame alone says


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
    assert len(probe.views) == 6


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
    assert bench.lines("WARN")[-1].endswith(
        "9 trames complètes, 0 incomplètes, 98 groupes valides, 1 refusés"
    )


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


# --- silence


def test_silence_is_said_once_and_its_end_once(tmp_path):
    bench = Bench(tmp_path, *frames(3), (300.0, frame()), *frames(3)).run()
    warnings = bench.lines("WARN")
    assert len(warnings) == 1
    assert warnings[0].startswith("Compteur muet : aucune trame complète depuis 10 s ; vérifiez")
    assert bench.lines("INFO").count("Compteur de nouveau entendu") == 1


def test_a_meter_never_heard_is_said_too(tmp_path):
    bench = Bench(tmp_path, (60.0, b"\x02"))
    bench.run()
    assert len(bench.lines("WARN")) == 1


def test_garbage_is_silence_for_a_relay(tmp_path):
    """Bytes that come without a valid frame must not keep a relay where it is."""
    noise = [(1.0, b"\x55\xaa" * 60)] * 40
    bench = Bench(tmp_path, *frames(3), *noise).everything()
    bench.run()
    heard_at = bench.appliance.meter.health.last_heard
    changes = [(at, level) for at, pin, level in bench.levels if pin == RELAY]
    assert changes[0] == (1002.0, True)
    assert changes[1] == (pytest.approx(heard_at + 15.0, abs=0.001), False)
    assert len(changes) == 2


def test_missing_parity_is_said_once(tmp_path):
    bare = write_frame(Frame(tuple(InfoGroup(*row) for row in HISTORIQUE)), Mode.HISTORIQUE)
    bench = Bench(tmp_path, *[(2.0, bare)] * 10).run()
    assert sum(line.startswith("Source sans bit de parité") for line in bench.lines("INFO")) == 1


# --- faults of one part


def test_a_callback_that_raises_is_logged_when_it_begins_and_when_it_ends(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    calls = []

    def ailing(reading):
        calls.append(reading)
        if 3 <= len(calls) <= 6:
            raise RuntimeError("out of tune")

    others = []
    bench = Bench(tmp_path, *frames(10), callbacks=[ailing, others.append]).run()
    assert len(calls) == len(others) == 10
    begun = [record for record in caplog.records if "a échoué" in record.getMessage()]
    ended = [record for record in caplog.records if "fonctionne de nouveau" in record.getMessage()]
    assert len(begun) == len(ended) == 1
    assert begun[0].exc_info is not None
    assert sum(record.frames for record in bench.records) == 10


def test_two_parts_of_one_class_are_told_apart(tmp_path, caplog):
    """One that works must not hide, or repeat at each frame, that the other does not."""
    caplog.set_level(logging.INFO)
    broken, sound = Probe(), Probe()
    broken.ailment = RuntimeError("out of order")
    Bench(tmp_path, *frames(10), outputs=[broken, sound]).run()
    said = [record.getMessage() for record in caplog.records]
    assert sum("Probe.update a échoué" in text for text in said) == 1
    assert not any("fonctionne" in text for text in said)
    assert len(sound.views) == 10


def test_an_output_whose_tick_raised_is_ticked_again_soon(tmp_path):
    """A relay's fail state hangs on tick(): a fault in one tick must not be its last."""
    probe = Probe()
    probe.ailment = RuntimeError("out of order")
    bench = Bench(tmp_path, *frames(2), (60.0, b"\x02"), outputs=[probe])
    bench.run()
    assert len([now for now, age in probe.ticks if age > 15]) > 20


@pytest.mark.parametrize("part", ["tariff", "ledger", "latest", "aggregator"])
def test_a_part_that_breaks_stops_none_of_the_others(tmp_path, part, caplog):
    class Broken:
        def __getattr__(self, name):
            def fail(*arguments):
                raise RuntimeError(f"{part}.{name}")

            return fail

    probe, seen = Probe(), []
    bench = Bench(tmp_path, *frames(10), outputs=[probe], callbacks=[seen.append])
    setattr(bench.appliance, part, Broken())
    bench.run()
    assert len(probe.views) == len(seen) == 10
    assert bench.source.closed
    assert probe.closed == 1
    if part != "aggregator":
        assert sum(record.frames for record in bench.records) == 10
    if part == "tariff":
        assert probe.views[-1].tariff.ejp is Ejp.UNKNOWN


def test_a_card_that_refuses_costs_neither_pins_nor_lines(tmp_path):
    """Disk full for a while: lines wait in memory, in order."""
    bench = Bench(tmp_path, *frames(60)).everything()
    disk = bench.storage._disk
    full = []
    real = disk.write

    def write(descriptor, data):
        if bench.clock.monotonic() < 1090 and b"\tDATA\t" in data:
            full.append(bench.clock.monotonic())
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    disk.write = write
    bench.run()
    assert full
    assert sum(record.frames for record in bench.records) == 60
    assert f"pin {RELAY} 1" in bench.events


def test_a_part_that_knows_what_is_wrong_says_it_once_and_without_a_traceback(tmp_path, caplog):
    bench = Bench(tmp_path, *frames(20))

    class Refused:
        def write(self, *view):
            raise StorageError(
                Text("/run : accès refusé ; donnez-en le droit", "/run: permission denied; give the right")
            )

        remove = write

    bench.appliance.latest = Refused()
    bench.run()
    said = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [record.getMessage() for record in said][:1] == ["/run : accès refusé ; donnez-en le droit"]
    assert not any(record.exc_info for record in said)
    assert sum(record.frames for record in bench.records) == 20


# --- stopping


def test_stop_takes_pins_first_then_writes_and_syncs_everything(tmp_path):
    bench = Bench(tmp_path, *frames(100)).everything()
    bench.appliance.callbacks = [lambda reading: bench.clock.monotonic() > 1030 and stop()]

    def stop():
        bench.events.append("stop")
        bench.appliance.stop()
        bench.appliance.stop()

    bench.run()
    after = bench.events[bench.events.index("stop") :]
    assert after.index(f"pin {RELAY} 0") < after.index("sync")
    assert after.index("sync") < len(after)
    assert bench.source.closed
    assert bench.pins.pin(RELAY).function == "input"
    frames_heard = bench.appliance.meter.health.frames
    assert sum(record.frames for record in bench.records) == frames_heard
    assert bench.lines("INFO")[-1].startswith("Arrêt")
    assert bench.log.pending == 0


def test_a_signal_stops_as_a_stop_does(tmp_path):
    from linkymonitor.commands.shared import signals

    bench = Bench(tmp_path, *frames(100)).everything()
    bench.appliance.callbacks = [lambda reading: signal.raise_signal(signal.SIGTERM)]
    with signals(bench.appliance.stop):
        bench.run()
    assert bench.appliance.meter.health.frames == 1
    assert sum(record.frames for record in bench.records) == 1
    assert f"pin {RELAY} 0" in bench.events


def test_what_raises_while_stopping_keeps_nothing_from_stopping(tmp_path):
    probe = Probe()
    bench = Bench(tmp_path, *frames(3), outputs=[probe])
    bench.appliance.callbacks = [lambda reading: setattr(probe, "ailment", RuntimeError("stuck"))]
    bench.source.close = lambda: (_ for _ in ()).throw(OSError(5, "Input/output error"))
    bench.run()
    assert probe.closed == 1
    assert sum(record.frames for record in bench.records) == 3
    assert not (tmp_path / "run/latest.json").exists()


def test_a_source_that_fails_for_good_still_closes_everything(tmp_path):
    from linkymonitor.errors import LineError

    bench = Bench(tmp_path, *frames(3)).everything()
    read = bench.source.read

    def failing(timeout):
        if bench.appliance.meter.health.frames == 3:
            raise LineError("gone")
        return read(timeout)

    bench.source.read = failing
    with pytest.raises(LineError):
        bench.run()
    assert f"pin {RELAY} 0" in bench.events
    assert sum(record.frames for record in bench.records) == 3


def test_the_time_that_is_asked_for_is_kept_to(tmp_path):
    bench = Bench(tmp_path, *frames(100)).run(until=1060.0)
    assert bench.clock.monotonic() == pytest.approx(1060.0, abs=2.1)
    assert bench.appliance.meter.health.frames in (29, 30)


# --- a wall clock that jumps


def test_a_relay_does_not_notice_the_wall_clock(tmp_path):
    """The same input under jumping wall clocks drives the same pins at the same monotonic times."""

    def trace(folder, jumps):
        folder.mkdir()
        bench = Bench(folder).everything()
        count = [0]

        def jump(reading):
            count[0] += 1
            if count[0] in jumps:
                bench.clock.set(bench.clock.now() + timedelta(seconds=jumps[count[0]]))

        bench.appliance.callbacks = [jump]
        bench.source.then(
            *frames(5), *frames(5, PEJP="30"), *frames(5, PTEC="PM.."), (40.0, frame(PTEC="PM..")), *frames(5)
        )
        bench.run()
        return bench.levels

    steady = trace(tmp_path / "steady", {})
    assert steady
    dice = Random(4)
    scripts = [{3: 3600}, {4: -7200}, {2: 86400 * 400, 9: -86400 * 500}, dict.fromkeys(range(20), -30)]
    scripts += [
        {dice.randrange(20): int(dice.gauss(0, 10 ** dice.randrange(1, 8))) for _ in range(4)}
        for _ in range(30)
    ]
    for number, jumps in enumerate(scripts):
        assert trace(tmp_path / f"jumps{number}", jumps) == steady, jumps


# --- from a house


@pytest.mark.parametrize(
    "spec", ["hc", "ejp,pv", "tempo,tri", "standard,tempo,tri,producer", "standard,base"]
)
def test_indexes_and_energy_of_a_simulated_hour_are_the_house_s(tmp_path, spec):
    options = parse_spec(f"{spec},seed=5,day=2027-01-13,at=12:00,every=10s")
    house = House(options)
    chunks = [(10.0, wire) for _, wire in house.frames(START + timedelta(minutes=30))]
    bench = Bench(tmp_path, *chunks, mode=options.mode).run()
    # An index is known when the next frame bears it out: the last frame's never is.
    truth = house.truth(START + timedelta(seconds=10 * (len(chunks) - 2)))
    assert bench.records[-1].indexes == dict(truth.indexes)
    today = bench.appliance.view.today.energy
    before = house.truth(START).indexes
    assert today == {code: truth.indexes[code] - before[code] for code in today}
    assert sum(record.frames for record in bench.records) == len(chunks)


@pytest.mark.parametrize("option", ["BBR(", "EJP."])
def test_a_register_that_is_always_damaged_costs_neither_the_log_nor_the_relay(tmp_path, option):
    """A stray line end cuts the line of the register in force, in each frame, for twenty minutes."""
    label, period, other = {
        "BBR(": ("BBRHPJW", "HPJW", "BBRHCJW"),
        "EJP.": ("EJPHN", "HN..", "EJPHPM"),
    }[option]
    rows = (
        *(("ADCO", "041876543210"), ("OPTARIF", option), ("ISOUSC", "45"), (label, "000688322")),
        *((other, "000080072"), ("PTEC", period), ("IINST", "006"), ("IMAX", "090"), ("PAPP", "01500")),
        *(("HHPHC", "A"), ("MOTDETAT", "000000")),
    )
    chunks = []
    for number in range(600):
        wire = frame(rows, **{label: f"{688322 + number:09d}"})
        cut = wire.index(parity.add(label.encode())) + len(label) + 6
        chunks.append((2.0, wire[:cut] + parity.add(b"\r") + wire[cut:]))
    bench = Bench(tmp_path, *chunks).everything()
    bench.run()
    records = bench.records
    assert sum(record.frames for record in records) == 600
    assert {record.apparent_power for record in records} == {1500}
    assert all(code(period) not in record.indexes for record in records)
    assert not [line for line in bench.lines("WARN") if "figé" in line]
    if option == "EJP.":
        levels = [(at, level) for at, pin, level in bench.levels if pin == RELAY]
        assert [level for _, level in levels] == [True, False]
        assert levels[-1][0] == bench.clock.monotonic(), "at the stop"


def test_a_line_that_damages_the_end_of_each_frame_hides_neither_the_notice_nor_its_end(tmp_path):
    """PEJP stands before the power: what is damaged after it was no notice."""

    def torn(**changes):
        wire = parity.strip(frame(**changes))
        end = wire.index(b"\nHHPHC")
        return 2.0, parity.add(wire[:end] + b"\nHHHCA ^\r\nMTDTAT000000 B\r\x03")

    probe = Probe()
    chunks = [torn()] * 10 + [torn(PEJP="30")] * 10 + [torn(PTEC="PM..", PEJP="30")] * 10 + [torn()] * 20
    Bench(tmp_path, *chunks, outputs=[probe]).run()
    seen = [view.tariff.ejp for view in probe.views]
    assert set(seen[1:11]) == {Ejp.NORMAL}
    assert set(seen[12:21]) == {Ejp.NOTICE}
    assert set(seen[22:31]) == {Ejp.PEAK}
    assert set(seen[35:]) == {Ejp.NORMAL}
    assert {view.reading.ejp for view in probe.views[1:10]} == {Ejp.NORMAL}


# --- damaged borders, odd parity, frames that are refused


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


# --- a register that the contract's name does not know

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
    bench.appliance.today.ledger = Ledger(ZoneInfo("Europe/Paris"), Prices(**given))
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
