"""The whole path of acquire: what a frame reaches, in which order, and what one part may cost the others."""

from __future__ import annotations

import json
import logging
import signal
from datetime import timedelta
from random import Random

import pytest

from linkymonitor.errors import StorageError
from linkymonitor.language import Text
from linkymonitor.live.latest import Latest
from linkymonitor.meter.meter import Meter
from linkymonitor.model.terms import Ejp, code
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.tic import parity
from tests.support.fakes import Probe
from tests.support.whole import ALARMED, LAMP, RELAY, START, Bench, frame, frames


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
    assert last.endswith("INFO\tArrêt : 20 trames complètes, 0 incomplète, 220 groupes valides, 0 refusé")
    assert "041876543210" not in (tmp_path / "2027_01_13_linkymonitor.log").read_text()


def test_the_log_speaks_english_when_asked(tmp_path):
    bench = Bench(tmp_path, *frames(2), (40.0, frame()), lang="en").run()
    assert bench.lines("WARN")[0].startswith("The meter is silent: no believed frame for 10 s")
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
    assert (during["values"]["ADIR1"], during["values"]["PAPP"]) == (61, 6900)
    assert during["taken_at"] > json.loads(seen[-3])["taken_at"]
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
    assert bench.lines("WARN")[-1].startswith("Arrêt : 9 trames complètes, 1 incomplète,")
    assert sum(record.rejected for record in bench.records) == sum(health.rejected.values())


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
    disk = bench.disk
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
        """Stands for a part of ours."""

        def write(self, *view):
            raise StorageError(
                Text("/run : accès refusé ; donnez-en le droit", "/run: permission denied; give the right")
            )

        write.__module__ = Latest.__module__
        remove = write

    bench.appliance.latest = Refused()
    bench.run()
    said = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [record.getMessage() for record in said][:1] == ["/run : accès refusé ; donnez-en le droit"]
    assert not any(record.exc_info for record in said)
    assert sum(record.frames for record in bench.records) == 20


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
