"""The sample pages of docs/samples are what the code draws today."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.docs_programs import program
from tests.support.extent import FULL

SAMPLES = Path(__file__).parent.parent / "docs/samples"


def drawing():
    return program("samples/draw_samples.py")


def test_each_sample_is_in_the_list_and_small_enough_for_the_repository():
    module = drawing()
    assert (SAMPLES / "index.html").read_text("utf-8") == module.index()
    stems = [*module.HOUSES, *(f"{name}-month" for name in module.MONTHS), "ejp-year", "ejp-bill"]
    names = {f"{stem}{ending}" for stem in stems for ending in module.ENDINGS.values()}
    assert {path.name for path in SAMPLES.glob("*.html")} == {*names, "index.html"}
    assert all((SAMPLES / name).stat().st_size <= 200_000 for name in names)


def same_as_drawn(folder):
    for page in folder.iterdir():
        same = page.read_bytes() == (SAMPLES / page.name).read_bytes()
        assert same, f"{page.name} is no longer what the code draws: run `make samples`, and look at it"


@pytest.mark.parametrize("name", ["base", "ejp", "hc", "tempo"])
def test_a_sample_is_what_the_code_draws(name, tmp_path):
    drawing().draw(name, tmp_path)
    same_as_drawn(tmp_path)


def test_the_sample_bill_is_what_the_code_draws(tmp_path):
    drawing().draw_bill(tmp_path)
    same_as_drawn(tmp_path)


@pytest.mark.campaign
@pytest.mark.skipif(
    not FULL, reason="a simulated year takes ten seconds: the sample is compared in the full campaigns"
)
def test_the_sample_year_is_what_the_code_draws(tmp_path):
    drawing().draw_year(tmp_path)
    same_as_drawn(tmp_path)
