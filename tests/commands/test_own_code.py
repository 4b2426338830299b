"""Callbacks and outputs of the user, and the display without hardware."""

from __future__ import annotations

import logging
import os
import subprocess

import pytest

from tests.support.commands import AT, PYTHON, records

pytestmark = pytest.mark.usefixtures("apart")


def test_a_callback_of_one_s_own_is_called_with_each_reading(call, historique, tmp_path, monkeypatch):
    (tmp_path / "mine_for_test.py").write_text("seen = []\ndef take(reading):\n    seen.append(reading)\n")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my.ini").write_text("[callbacks]\ncall = mine_for_test.take\n")
    assert (
        call(
            "acquire", "-c", tmp_path / "my.ini", "-i", historique, "--log-dir", tmp_path / "log", "--at", AT
        )[0]
        == 0
    )
    import mine_for_test

    assert len(mine_for_test.seen) == sum(record.frames for record in records(tmp_path / "log"))
    assert mine_for_test.seen[0].tariff_period in ("PM..", "HN..")


@pytest.mark.parametrize(
    "deed", ["sys.exit()", "raise KeyboardInterrupt", "raise BaseException('x')", "1 / 0"]
)
def test_no_callback_ends_the_daemon(call, historique, tmp_path, monkeypatch, caplog, deed):
    name = f"caller_{abs(hash(deed))}"
    (tmp_path / f"{name}.py").write_text(f"import sys\ndef ring(reading):\n    {deed}\n")
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my.ini").write_text(f"[callbacks]\ncall = {name}.ring\n")
    words = [
        "acquire",
        "-c",
        tmp_path / "my.ini",
        "-i",
        historique,
        "--log-dir",
        tmp_path / "log",
        "--at",
        AT,
    ]
    assert call(*words)[0] == 0
    assert len(records(tmp_path / "log")) > 5
    assert f"[callbacks] {name}.ring a échoué ; le reste continue" in caplog.text


def test_a_callback_that_closes_our_files_costs_no_line_and_no_false_success(historique, tmp_path):
    """The source is a file: unlike a port it cannot be opened again in its middle."""
    (tmp_path / "closer_for_test.py").write_text("import os\ndef ring(reading):\n    os.closerange(3, 256)\n")
    (tmp_path / "my.ini").write_text("[callbacks]\ncall = closer_for_test.ring\n")
    words = [
        "acquire",
        "-c",
        tmp_path / "my.ini",
        "-i",
        historique,
        "--log-dir",
        tmp_path / "log",
        "--at",
        AT,
    ]
    done = subprocess.run(
        [*PYTHON, *words],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    assert records(tmp_path / "log")
    assert done.returncode == 0 or "illisible" in done.stderr


@pytest.mark.parametrize("deed", ["import sys; sys.exit()", "1 / 0"])
def test_a_module_of_one_s_own_that_does_not_load_is_one_sentence(call, tmp_path, monkeypatch, deed):
    name = f"unloadable_{abs(hash(deed))}"
    (tmp_path / f"{name}.py").write_text(f"{deed}\n")
    (tmp_path / name).mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    for ini in (f"[callbacks]\ncall = {name}.ring\n", f"[output:x]\ntype = {name}.bell\n"):
        (tmp_path / "my.ini").write_text(ini)
        status, _, err = call("check", "-c", tmp_path / "my.ini")
        assert (status, err.count("\n")) == (1, 1)


def test_led_turns_on_display_and_lamps_without_hardware(call, historique, tmp_path, caplog):
    """On a machine without pins or bus the meter is read all the same, and there is one warning for each."""
    caplog.set_level(logging.INFO)
    status, _, _ = call("acquire", "-l", "-i", historique, "--log-dir", tmp_path / "log", "--at", AT)
    assert status == 0
    assert sum(record.frames for record in records(tmp_path / "log")) > 30


def test_an_output_of_one_s_own_gets_every_view_and_is_closed(call, historique, tmp_path, monkeypatch):
    (tmp_path / "gong_for_test.py").write_text(
        "from dataclasses import dataclass\n"
        "said = []\n"
        "@dataclass(frozen=True, kw_only=True)\n"
        "class Settings:\n"
        "    tone: str = 'low'\n"
        "class Output:\n"
        "    def __init__(self, settings, hardware): said.append((settings.tone, hardware.lang))\n"
        "    def update(self, view): said.append(view.reading.tariff_period)\n"
        "    def tick(self, now, data_age): return now + 3600\n"
        "    def close(self): said.append('closed')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my.ini").write_text("[output:gong]\ntype = gong_for_test.nothing\n")
    assert call("check", "-c", tmp_path / "my.ini")[0] == 1
    (tmp_path / "a").mkdir()
    (tmp_path / "gong_for_test.py").rename(tmp_path / "a" / "gong_for_test.py")
    (tmp_path / "a" / "__init__.py").write_text("")
    (tmp_path / "my.ini").write_text("[output:gong]\ntype = a.gong_for_test\ntone = high\n")
    assert call("check", "-c", tmp_path / "my.ini")[0] == 0
    acquired = call(
        "acquire", "-c", tmp_path / "my.ini", "-i", historique, "--log-dir", tmp_path / "log", "--at", AT
    )
    assert acquired[0] == 0
    from a.gong_for_test import said

    assert said[0] == ("high", "fr")
    assert said[-1] == "closed"
    assert len(said) - 2 == sum(record.frames for record in records(tmp_path / "log"))


def test_an_output_may_be_a_package_that_gathers_its_parts(call, historique, tmp_path, monkeypatch):
    package = tmp_path / "house_for_test" / "bell"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("")
    (package / "__init__.py").write_text(
        "from house_for_test.bell.settings import Settings\nfrom house_for_test.bell.parts import Output\n"
    )
    (package / "settings.py").write_text(
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Settings:\n    loud: bool = False\n"
    )
    (package / "parts.py").write_text(
        "heard = []\n"
        "class Output:\n"
        "    def __init__(self, settings, hardware): heard.append(settings.loud)\n"
        "    def update(self, view): heard.append(view.reading.tariff_period)\n"
        "    def tick(self, now, data_age): return now + 3600\n"
        "    def close(self): pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "my.ini").write_text("[output:bell]\ntype = house_for_test.bell\nloud = yes\n")
    words = ["acquire", "-c", tmp_path / "my.ini", "-i", historique, "--log-dir", tmp_path / "log", "-t", "5"]
    assert call(*words)[0] == 0
    from house_for_test.bell.parts import heard

    assert heard[:2] == [True, "HN.."]


def test_a_second_display_is_an_output_with_a_chip_of_its_own(call, historique, tmp_path, caplog):
    (tmp_path / "my.ini").write_text("[output:hall]\ntype = oled\nchip = sh1106\nport = 4711\n")
    assert call("check", "-c", tmp_path / "my.ini")[0] == 0
    words = ["acquire", "-c", tmp_path / "my.ini", "-i", historique, "--log-dir", tmp_path / "log", "-t", "5"]
    assert call(*words)[0] == 0
    assert "[output:hall] sh1106 i2c-4711" in caplog.text
