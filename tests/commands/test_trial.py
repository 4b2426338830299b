"""The trial in a terminal: the words beside the picture."""

from __future__ import annotations

import io
import threading

import pytest
from gpiozero.pins.mock import MockFactory
from PIL import Image

from linkymonitor.commands.trial import Trial, find_meter
from linkymonitor.outputs.display.terminal import TerminalDisplay
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.outputs.led import Lamp
from linkymonitor.outputs.sections import LampSettings
from tests.support.pty_meter import PtyMeter


@pytest.mark.parametrize(("lang", "words"), [("fr", "voyant ejp : éteint"), ("en_US", "lamp ejp: off")])
def test_the_words_beside_the_picture_are_typeset_in_their_language(monkeypatch, lang, words):
    monkeypatch.setenv("LANG", f"{lang}.UTF-8")
    stream = io.StringIO()
    terminal = TerminalDisplay(stream, monotonic=lambda: 0.0)
    trial = Trial(terminal=terminal, pins=MockFactory())
    lamp = Lamp(LampSettings(name="ejp"), Hardware(pins=trial.pins))
    trial.captions({}, {"ejp": lamp}).tick(0.0, 0.0)
    terminal(Image.new("1", (128, 32)))
    lamp.close()
    assert stream.getvalue() == words + "\n"


def test_a_meter_is_found_where_groups_are_right(tmp_path, capsys, standard):
    """A file, a dangling link and a port that cannot be opened are skipped, and no port is tried twice."""
    (tmp_path / "serial" / "by-id").mkdir(parents=True)
    (tmp_path / "serial" / "by-id" / "a-file").write_bytes(b"")
    (tmp_path / "serial" / "by-id" / "gone").symlink_to(tmp_path / "nothing")
    (tmp_path / "serial" / "by-id" / "no-port").symlink_to("/dev/null")
    bytes_of_meter, over = standard.read_bytes()[:2000], threading.Event()
    with PtyMeter() as meter:
        (tmp_path / "ttyUSB0").symlink_to(meter.path)
        (tmp_path / "ttyUSB1").symlink_to(meter.path)

        def speak() -> None:
            while not over.wait(0.1):
                if meter.unread < 500:
                    meter.say(bytes_of_meter, 9600)

        speaker = threading.Thread(target=speak)
        speaker.start()
        try:
            port = find_meter("/dev/null", devices=tmp_path)
        finally:
            over.set()
            speaker.join()
    assert port == str(tmp_path / "ttyUSB0")
    assert capsys.readouterr().out.splitlines() == [
        "Écoute de /dev/null…",
        f"Écoute de {tmp_path / 'ttyUSB0'}…",
    ]
