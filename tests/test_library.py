"""The package as a library: `for reading in linkymonitor.open_meter(...)`."""

from __future__ import annotations

import doctest
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest

import linkymonitor
from linkymonitor import library
from linkymonitor.errors import LineBusy, LineError
from linkymonitor.model.reading import Reading
from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from tests.support.pty_meter import PtyMeter

START = datetime(2027, 1, 13, 18, 0, tzinfo=UTC)


def wire(spec: str, seconds: float) -> bytes:
    options = parse_spec(spec)
    return b"".join(piece for _, piece in House(options).frames(options.start + timedelta(seconds=seconds)))


def test_importing_the_package_imports_nothing_else():
    code = (
        "import sys; before = set(sys.modules); import linkymonitor; "
        "print(sorted(set(sys.modules) - before)); linkymonitor.Reading; linkymonitor.open_meter; "
        "print('serial' in sys.modules, 'gpiozero' in sys.modules, 'PIL' in sys.modules, 'jinja2' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines() == ["['linkymonitor']", "False False False False"]


def test_the_names_of_the_package_are_those_of_its_modules():
    assert linkymonitor.Reading is Reading
    assert linkymonitor.Mode is Mode
    assert linkymonitor.open_meter is library.open_meter
    assert {"Reading", "open_meter", "__version__"} <= set(dir(linkymonitor))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        linkymonitor.nothing  # noqa: B018
    exec("from linkymonitor import *", scope := {})
    assert scope["open_meter"] is library.open_meter


def test_the_example_of_the_documentation_is_true():
    assert doctest.testmod(library).failed == 0
    assert "open_meter" in (linkymonitor.__doc__ or "")


@pytest.mark.parametrize("spec", ["ejp,seed=2", "standard,tempo,tri,seed=2"])
def test_a_file_gives_a_reading_a_frame_and_ends(tmp_path, spec):
    path = tmp_path / "meter.tic"
    path.write_bytes(wire(f"{spec},day=2027-01-13,at=19:00", 20))
    with linkymonitor.open_meter(str(path), at=START) as meter:
        readings = list(meter)
    assert len(readings) == meter.health.frames > 10
    assert meter.mode is parse_spec(spec).mode
    assert all(reading.apparent_power is not None for reading in readings)
    times = [reading.taken_at for reading in readings]
    assert times == sorted(times)
    assert START < times[0] < times[-1] < START + timedelta(seconds=25)
    assert list(meter) == []


def test_damaged_frames_are_no_readings(tmp_path):
    sent = wire("hc,seed=2", 30)
    path = tmp_path / "meter.tic"
    path.write_bytes(sent[70:-30])
    with linkymonitor.open_meter(str(path)) as meter:
        assert len(list(meter)) == meter.health.frames
    assert meter.health.incomplete >= 1


def test_a_simulated_meter_ends_when_the_caller_has_enough():
    with linkymonitor.open_meter("sim:ejp,speed=max,day=2027-01-13") as meter:
        assert len(list(islice(meter, 5))) == 5
    with linkymonitor.open_meter("sim:ejp,speed=max,day=2027-01-13,duration=1m", mode=Mode.STANDARD) as meter:
        assert {reading.mode for reading in meter} == {Mode.STANDARD}


@pytest.mark.parametrize("spec", ["hc,seed=2", "standard,ejp,seed=2"])
def test_a_device_is_read_whatever_its_mode(spec):
    sent = wire(f"{spec},day=2027-01-13", 20)
    with PtyMeter() as port:
        over = threading.Event()

        def speak():
            while not over.is_set():
                for start in range(0, len(sent), 60):
                    port.write(sent[start : start + 60])
                    if over.wait(0.01):
                        return

        speaker = threading.Thread(target=speak)
        speaker.start()
        try:
            with linkymonitor.open_meter(port.path) as meter:
                readings = list(islice(meter, 3))
                with pytest.raises(LineBusy):
                    linkymonitor.open_meter(port.path)
            assert {reading.mode for reading in readings} == {parse_spec(spec).mode}
            # After close() the port is free again.
            linkymonitor.open_meter(port.path).close()
        finally:
            over.set()
            speaker.join()


def test_close_lets_go_and_ends_the_iteration():
    meter = linkymonitor.open_meter("sim:hc,speed=max,day=2027-01-13")
    next(meter)
    meter.close()
    assert list(meter) == []


def test_what_cannot_be_read_raises_one_sentence(tmp_path):
    with pytest.raises(LineError, match=r"there is no such file"):
        linkymonitor.open_meter(str(tmp_path / "gone"), lang="en")
    with pytest.raises(ValueError, match="did you mean tempo"):
        linkymonitor.open_meter("sim:tempoo")


def test_what_is_logged_is_in_the_language_asked_for(caplog):
    """Both parts that log use that language: the port, and the meter."""
    caplog.set_level("INFO")
    with (
        PtyMeter() as port,
        library.open_meter(port.path, mode=Mode.HISTORIQUE, speed=1200, lang="en") as meter,
    ):
        port.say(wire("base", 6), 1200)
        next(meter)
    assert "historique at 1200 baud" in caplog.text
