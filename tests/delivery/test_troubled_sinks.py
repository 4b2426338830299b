"""Nothing that a sink does reaches `acquire`: it loses no frame, and its lamp follows the meter."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from bench import lamp
from bench.hostile import HostileServers
from bench.live import HEARD, Line, speak
from bench.memory import MOCK_HARDWARE
from linkymonitor.model.terms import Mode
from linkymonitor.simulator.house import House
from linkymonitor.simulator.options import parse_spec
from linkymonitor.tic.decoder import FrameDecoder
from linkymonitor.tic.encoder import write_frame
from linkymonitor.tic.frame import Frame
from tests.support.commands import daemon, until

CHANGES = 4


def frame(period: str) -> bytes:
    """Return a frame of an EJP meter in *period*."""
    house = House(parse_spec("historique,ejp,seed=7"))
    wire = next(wire for _, wire in house.frames(house.options.start + timedelta(minutes=1)))
    (first,) = FrameDecoder(Mode.HISTORIQUE).feed(wire)
    groups = tuple(one._replace(data=period) if one.label == "PTEC" else one for one in first.groups)
    return write_frame(Frame(groups), Mode.HISTORIQUE, parity=True)


def test_acquire_loses_no_frame_and_lights_its_lamp_while_every_sink_is_down_floods_or_hangs(tmp_path):
    pytest.importorskip("paho.mqtt.client")
    quiet, peak = frame("HN.."), frame("PM..")
    log_dir, stamps, config = tmp_path / "log", tmp_path / "stamps", tmp_path / "box.ini"
    stamps.touch()
    with HostileServers() as servers, Line(together=8) as line:
        config.write_text(
            "[meter]\nmode = historique\nspeed = 9600\n[lamp:ejp]\npin = 25\n"
            f"[general]\nstate_dir = {tmp_path / 'state'}\n[log]\ndir = {log_dir}\nframes_per_record = 2\n"
            + servers.sections
        )
        words = [
            sys.executable,
            Path(lamp.__file__).with_name("lamp_process.py"),
            stamps,
            "acquire",
            "-c",
            config,
            "-l",
            "-i",
            line.path,
        ]
        environment = MOCK_HARDWARE | {"XDG_RUNTIME_DIR": str(tmp_path)}
        acquire = subprocess.Popen(list(map(str, words)), env=environment, stderr=subprocess.DEVNULL)
        try:
            with daemon("deliver", "-c", config, XDG_RUNTIME_DIR=str(tmp_path)):
                line.wait_for_reader(9600)
                sent = 0

                def say(wire: bytes) -> None:
                    nonlocal sent
                    speak((line,), [wire])
                    sent += 1

                # What comes while acquire opens the line is thrown away.
                until(lambda: say(quiet) or (tmp_path / "linkymonitor/latest.json").exists())
                before_it_heard = sent
                until(lambda: say(quiet) or servers.connections >= 3)
                for _ in range(CHANGES):
                    for wire, lit in ((quiet, False), (peak, True)):
                        for _ in range(2):
                            say(wire)
                        until(lambda lit=lit: is_lit(stamps) == lit)
        finally:
            acquire.terminate()
            acquire.wait(100)
        assert sent - logged(log_dir) <= before_it_heard


def is_lit(stamps: Path) -> bool:
    """Return whether the pin has risen once more than it has fallen."""
    return len(stamps.read_text().splitlines()) % 2 == 1


def logged(log_dir: Path) -> int:
    """Return how many frames the log counts."""
    text = "".join(path.read_text() for path in log_dir.glob("*.log"))
    return sum(map(int, HEARD.findall(text)))
