"""argparse in the language of the terminal, and only while it works for us."""

from __future__ import annotations

import argparse
import gettext
import inspect
import re

import pytest

from linkymonitor.commands.parser import FRENCH, parse


def test_argparse_looks_each_text_of_the_catalogue_up():
    """This test fails for a text that a new Python has changed: the text then needs a second row."""
    source = inspect.getsource(argparse)
    missing = {text for text in FRENCH if text not in source and "suggestion" not in text}
    assert missing == set()


def test_each_translation_has_the_places_of_its_original():
    for english, french in FRENCH.items():
        places = [sorted(re.findall(r"%\(\w+\)\w|%\w", text)) for text in (english, french)]
        assert places[0] == places[1], english


@pytest.mark.parametrize("words", [["check"], ["fly"]])
def test_the_argparse_of_another_program_keeps_its_own_texts(words, capsys):
    try:
        parse(words)
    except SystemExit:
        assert "inconnu" in capsys.readouterr().err
    assert argparse._ is gettext.gettext
    assert argparse.ngettext is gettext.ngettext
    with pytest.raises(SystemExit):
        argparse.ArgumentParser(prog="theirs").parse_args(["--what"])
    assert capsys.readouterr().err.endswith("theirs: error: unrecognized arguments: --what\n")


@pytest.mark.parametrize("command", ["acquire", "run", "decode", "simulate", "record"])
def test_the_help_has_the_short_modes_too(command, capsys):
    """They are those of LinkyAcq.pl."""
    with pytest.raises(SystemExit):
        parse([command, "--help"])
    assert "comme H ou S" in " ".join(capsys.readouterr().out.split())
