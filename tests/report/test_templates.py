"""Templates and sections of the user's."""

from __future__ import annotations

import re

import pytest

from linkymonitor.errors import ConfigError
from linkymonitor.report.section import Settings
from tests.report.drawn import build, ejp_day


def test_a_user_may_replace_a_section_and_add_one(tmp_path):
    mine = tmp_path / "mine"
    (mine / "sections").mkdir(parents=True)
    (mine / "sections" / "answer.html.j2").write_text("<p>MINE {{ day.consumed }}</p>")
    (mine / "sections" / "extra.html.j2").write_text("<p>EXTRA</p>")
    settings = Settings(dir=tmp_path / "pages", templates=mine, sections=("answer", "extra"))
    page = build(tmp_path, ejp_day(), settings=settings)["2026-01-13.html"]
    assert re.search(r"MINE \d+", page)
    assert "EXTRA" in page
    assert "Synthèse" not in page


@pytest.mark.parametrize(
    ("template", "sections", "said"),
    [
        pytest.param(None, ("nothere",), "nothere", id="missing"),
        pytest.param("{{ day.nothere }}", ("answer",), "nothere", id="undefined"),
        pytest.param("{% if %}", ("answer",), "answer", id="syntax"),
    ],
)
def test_a_wrong_template_is_one_sentence(tmp_path, template, sections, said):
    mine = tmp_path / "mine"
    (mine / "sections").mkdir(parents=True)
    if template:
        (mine / "sections" / "answer.html.j2").write_text(template)
    settings = Settings(dir=tmp_path / "pages", templates=mine, sections=sections)
    with pytest.raises(ConfigError, match=said):
        build(tmp_path, ejp_day(), settings=settings)


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_section_that_is_not_there_is_said_at_once_with_those_that_are(tmp_path, monkeypatch, lang):
    monkeypatch.setenv("LC_ALL", {"fr": "fr_FR.UTF-8", "en": "en_GB.UTF-8"}[lang])
    (tmp_path / "mine" / "sections").mkdir(parents=True)
    (tmp_path / "mine" / "sections" / "extra.html.j2").write_text("")
    settings = Settings(dir=tmp_path / "pages", templates=tmp_path / "mine", sections=("answer", "nope"))
    with pytest.raises(ConfigError) as refused:
        build(tmp_path, ejp_day(), settings=settings)
    there = "answer, cards, chart, contract, extra, hours, quality, synthesis"
    assert (
        str(refused.value)
        == {
            "fr": f"[report] sections = nope : cette section n'existe pas ; il y a {there}",
            "en": f"[report] sections = nope: there is no such section; there are {there}",
        }[lang]
    )
    assert not (tmp_path / "pages").exists()


@pytest.mark.parametrize(("lang", "said"), [("fr", "ce dossier n'existe pas"), ("en", "no such folder")])
def test_a_folder_of_templates_that_is_not_there_is_said_in_the_language_of_the_terminal(
    tmp_path, monkeypatch, lang, said
):
    monkeypatch.setenv("LC_ALL", lang)
    settings = Settings(dir=tmp_path / "pages", templates=tmp_path / "nowhere")
    with pytest.raises(ConfigError, match=said):
        build(tmp_path, [], settings=settings)


def test_settings_refuse_a_section_that_is_a_path():
    with pytest.raises(ValueError, match="sections"):
        Settings(sections=("../secret",))
