"""Templates and sections of the user's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from linkymonitor.errors import ConfigError
from linkymonitor.report.compiled import cache_folder
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
    there = "answer, cards, chart, contract, extra, hours, phases, quality, synthesis"
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


def test_a_folder_of_templates_that_cannot_be_read_is_said_with_its_cause(tmp_path):
    (tmp_path / "file").write_text("no folder")
    for name in ("file", "x" * 300):
        settings = Settings(dir=tmp_path / "pages", templates=tmp_path / name)
        with pytest.raises(ConfigError, match="nommez un dossier lisible"):
            build(tmp_path, [], settings=settings)


def test_settings_refuse_a_section_that_is_a_path():
    with pytest.raises(ValueError, match="sections"):
        Settings(sections=("../secret",))


def test_only_what_is_to_be_served_lies_in_the_folder_of_the_pages(tmp_path, monkeypatch):
    """Compiled templates, which older versions kept there, are in the cache of the user."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    old = tmp_path / "pages" / ".templates"
    old.mkdir(parents=True)
    (old / ("0a" * 20)).write_bytes(b"compiled")
    build(tmp_path, ejp_day())
    assert {path.name for path in (tmp_path / "pages").iterdir()} == {
        "2026-01-13.html",
        "2026-01.html",
        "2026.html",
        "dygraphs",
        "index.html",
        "today.html",
        "yesterday.html",
    }
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache/linkymonitor/templates").iterdir()}
    assert kept
    build(tmp_path, [])
    assert {path: path.stat().st_mtime_ns for path in kept} == kept, "nothing was compiled again"


def test_templates_are_compiled_again_where_nothing_can_be_kept(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert "2026-01-13.html" in build(tmp_path, ejp_day())


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"CACHE_DIRECTORY": "/var/cache/one:/var/cache/two", "XDG_CACHE_HOME": "/x"}, "/var/cache/one"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/linkymonitor"),
        ({"XDG_CACHE_HOME": "not/absolute"}, "/home/me/.cache/linkymonitor"),
        ({}, "/home/me/.cache/linkymonitor"),
    ],
)
def test_the_folder_of_caches_is_that_of_systemd_or_of_the_user(monkeypatch, environ, folder):
    monkeypatch.setenv("HOME", "/home/me")
    assert cache_folder(environ) == Path(folder)
