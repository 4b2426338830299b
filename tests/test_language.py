"""Text for a terminal: it has no control characters, and is in French or English."""

from __future__ import annotations

import errno
import json
import logging
import os
import sys
import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from linkymonitor import cli
from linkymonitor.daily_log.line import printable
from linkymonitor.language import Text, cause, counted, escape_controls, written_date
from linkymonitor.system.log_format import EscapingFormatter


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07", "\\u001b]0;owned\\u0007"),
        ("a\x7fb\x9b2Jc\x85", "a\\u007fb\\u009b2Jc\\u0085"),
        ("first\nsecond\r", "first\\u000asecond\\u000d"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("Capteur : « été » 5\u202f000 €", "Capteur : « été » 5\u202f000 €"),
        (b"tic\x9b\xff".decode("utf-8", "surrogateescape"), "tic\\udc9b\\udcff"),
        ("", ""),
    ],
)
def test_a_control_character_is_escaped_and_nothing_else_changes(text, shown):
    assert escape_controls(text) == shown


@given(st.text(st.characters()))
def test_what_is_escaped_can_be_printed_and_commands_nothing(text):
    shown = escape_controls(text)
    shown.encode()
    assert not [char for char in shown if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs")]


@given(st.text(st.characters()))
def test_a_note_of_the_log_can_be_written_and_commands_nothing(text):
    shown = printable(text)
    shown.encode()
    assert not [char for char in shown if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs")]


@given(st.text(st.characters()))
def test_json_that_is_escaped_means_the_same(text):
    assert json.loads(escape_controls(json.dumps({text: text}, ensure_ascii=False))) == {text: text}


def test_line_ends_of_a_text_of_several_lines_may_stay():
    assert escape_controls("a\nb\x1b", keep="\n") == "a\nb\\u001b"


def logged(message: str, *values: object, error: Exception | None = None) -> str:
    about = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord("test", logging.WARNING, "", 0, message, values, about)
    return EscapingFormatter("%(level)s %(message)s").format(record)


def test_no_value_of_a_log_line_commands_the_terminal_or_begins_a_line():
    assert logged("%s: absent", "/dev/\x1b[2J\nERROR x") == "ATTENTION /dev/\\u001b[2J\\u000aERROR x: absent"


@pytest.mark.usefixtures("english")
def test_the_level_of_a_line_is_in_the_language_of_the_terminal():
    assert logged("gone") == "WARNING gone"


def test_a_traceback_keeps_its_lines_and_commands_nothing():
    try:
        raise ValueError("\x1b[31mred\x9b0m")
    except ValueError as error:
        text = logged("failed", error=error)
    assert text.count("\n") >= 3
    assert "\\u001b[31mred\\u009b0m" in text
    assert not [char for char in text if char != "\n" and unicodedata.category(char) == "Cc"]
    assert sys.exc_info() == (None, None, None)


def test_decode_prints_no_character_that_a_terminal_obeys(tmp_path, capsys):
    lines = (
        b"PAPP \x1b[2J\x7f01150 (",
        b"IINST \xc2\x9b2J 005 Z",
        b"BASE \x85\x9d0;x\x9c 7",
        b"\x7f\x80\x9f",
    )
    (tmp_path / "hostile.tic").write_bytes(b"\x02" + b"".join(b"\n%b\r" % line for line in lines) + b"\x03")
    cli.main(["decode", "-m", "historique", str(tmp_path / "hostile.tic")])
    shown = capsys.readouterr()
    assert not [char for char in shown.out + shown.err if char != "\n" and unicodedata.category(char) == "Cc"]
    assert len(json.loads(shown.out)["rejected"]) == len(lines)
    assert "\x7f" in json.loads(shown.out)["rejected"][0]["raw"]


def test_the_figures_of_a_damaged_log_print_no_character_that_a_terminal_obeys(tmp_path, capsys):
    contract = (
        "Contrat: mode=historique, option=T\x9b2J\x7f, puissance=9000, phases=1, producteur=non, compteur="
    )
    data = "Periode=TH.., IndexBase=%09d, PuissConsommee=01500, IConsommee=006, PuissMin=, PuissMax=, PuissInjectee=, "
    data += "IndexInjecte=, I1=, I2=, I3=, U1=, U2=, U3=, Couleur=, Demain=, Trames=0008, Rejets=0000"
    lines = [f"2024/02/19 12:00:00\tINFO\t{contract}"]
    lines += [f"2024/02/19 12:00:{second:02d}\tDATA\t{data % (5000 + second)}" for second in (10, 20)]
    text = "".join(f"{line}\n" for line in lines)
    (tmp_path / "2024_02_19_linkymonitor.log").write_text(text, encoding="utf-8")
    assert cli.main(["report", "--log-dir", str(tmp_path), "-s", "2024-02-19", "--json"]) == 0
    shown = capsys.readouterr().out
    assert not [char for char in shown if char != "\n" and unicodedata.category(char) == "Cc"]
    assert json.loads(shown)["contract"] == "T\x9b2J\x7f"


@pytest.mark.parametrize(
    "name", ["ENOTEMPTY", "EMFILE", "ENFILE", "ESTALE", "EREMOTEIO", "EINVAL", "ENOTTY", "ETXTBSY", "ENOMEM"]
)
def test_what_the_system_says_has_a_french_of_its_own(name):
    number = getattr(errno, name)
    error = OSError(number, os.strerror(number))
    assert cause(error).en == os.strerror(number)
    assert cause(error).fr != cause(error).en


@pytest.mark.parametrize(
    ("day", "fr", "en"),
    [
        (date(2026, 8, 1), "1er août 2026", "1 August 2026"),
        (date(2025, 12, 31), "31 décembre 2025", "31 December 2025"),
    ],
)
def test_a_date_stands_in_a_sentence_as_each_language_writes_it(day, fr, en):
    text = written_date(day)
    assert (text.fr, text.en) == (fr, en)


def test_words_agree_with_their_number_and_french_has_the_singular_for_none():
    one, many = Text("trame", "frame"), Text("trames", "frames")
    told = [counted(number, one, many) for number in (0, 1, 2)]
    assert told == [Text("0 trame", "0 frames"), Text("1 trame", "1 frame"), Text("2 trames", "2 frames")]
