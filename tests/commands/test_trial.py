"""The trial in a terminal: the words beside the picture."""

from __future__ import annotations

import io

import pytest
from gpiozero.pins.mock import MockFactory
from PIL import Image

from linkymonitor.commands.trial import Trial
from linkymonitor.outputs.display.terminal import TerminalDisplay
from linkymonitor.outputs.hardware import Hardware
from linkymonitor.outputs.led import Lamp
from linkymonitor.outputs.sections import LampSettings


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
