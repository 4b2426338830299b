"""The phases of a day, where the meter gives them."""

from __future__ import annotations

import re
from datetime import timedelta

from linkymonitor.model.terms import Mode
from tests.report.drawn import DAY, build, text_of
from tests.report.house import contract, flat, local, period_of, records


def page_of(tmp_path, currents=(), voltages=()):
    """Return the page of a day under HC whose phases stay as they are."""
    rows = records(
        local(DAY) - timedelta(hours=1),
        local(DAY + timedelta(days=1), 1),
        step=60,
        power=flat(1500),
        contract=contract("HC", mode=Mode.STANDARD, phases=max(len(currents), 1)),
        period=period_of("HC"),
    )
    rows = [row._replace(currents=currents, voltages=voltages) for row in rows]
    return build(tmp_path, rows)[f"{DAY}.html"]


def section(page: str) -> str:
    return re.search(r'<section class="phases".*?</section>', page, re.DOTALL)[0]


def test_three_phases_have_curves_shares_and_voltages(tmp_path):
    part = section(page_of(tmp_path, (6, 3, 1), (231, 234, 228)))
    words = text_of(part).replace("\xa0", " ").replace("\u202f", " ")
    assert "La phase 1 porte 60 % du courant, la phase 3 10 %." in words
    assert part.count('<svg viewBox="0 0 340') == 2
    assert part.count('class="phase3"') == 3
    assert "3 1,0 1 10 % 228–228 228" in words


def test_phases_that_are_even_are_said_to_be(tmp_path):
    assert "également chargées" in section(page_of(tmp_path, (3, 3, 3), (230, 230, 230)))


def test_a_voltage_out_of_its_bounds_is_said(tmp_path):
    words = text_of(section(page_of(tmp_path, (3, 3, 3), (230, 255, 230)))).replace("\xa0", " ")
    assert "La tension est sortie de 207 à 253 V" in words
    assert "230 à 255 V" in words


def test_one_phase_has_its_voltage_alone(tmp_path):
    part = section(page_of(tmp_path, (), (236,)))
    assert 'id="phases-title">Tension' in part
    assert part.count('<svg viewBox="0 0 340') == 1
    assert "<table" not in part
    assert "La tension est allée de 236 à 236 V ; en moyenne 236 V." in text_of(part).replace(
        "\xa0", " "
    ).replace("\u202f", " ")


def test_a_meter_that_gives_neither_has_no_section(tmp_path):
    assert 'class="phases"' not in page_of(tmp_path)


def test_the_current_of_a_single_phase_alone_makes_no_section(tmp_path):
    assert 'class="phases"' not in page_of(tmp_path, (6,))


def test_a_single_phase_with_its_current_has_the_voltage_alone(tmp_path):
    words = text_of(section(page_of(tmp_path, (6,), (236,)))).replace("\xa0", " ")
    assert "236 à 236 V" in words
    assert "Courant" not in words


def test_the_scales_have_whole_numbers_at_their_ends_and_in_the_middle(tmp_path):
    part = section(page_of(tmp_path, (11, 3, 1), (209, 234, 251)))
    scale = re.findall(r'class="scale"[^>]*>([^<]*)<', part)
    assert scale == ["0", "6", "12\xa0A", "200", "230", "260\xa0V"]
