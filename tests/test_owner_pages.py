"""The pages for the owner of a box are true: twins agree, commands, units and packages are those that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from linkymonitor.commands.table import COMMANDS
from tests.support.markdown import FENCE, blocks
from tests.support.owner_pages import (
    DOCS,
    FILES,
    PAGES,
    ROOT,
    name,
    shell,
    understand,
    without_comments,
    without_sudo,
)


def shape(page: Path) -> list[str]:
    """Return the kinds of the headings, rows, lists and pictures of *page*, in their order."""
    prose = FENCE.sub("```", page.read_text("utf-8"))
    return [mark[0] for line in prose.splitlines() if (mark := re.match(r"#+ |\||- |\d+\. |```|!\[", line))]


@pytest.mark.parametrize("page", PAGES)
def test_twins_have_the_same_headings_tables_pictures_and_commands(page):
    english, french = DOCS / f"{page}.md", DOCS / f"{page}.fr.md"
    assert shape(english) == shape(french)
    assert [without_comments(block) for block in shell(english)] == [
        without_comments(block) for block in shell(french)
    ]
    bare = [[block.text for block in blocks(file) if block.kind == ""] for file in (english, french)]
    assert bare[0] == bare[1]
    assert f"]({french.name})" in english.read_text("utf-8")
    assert f"]({english.name})" in french.read_text("utf-8")


@pytest.mark.parametrize("page", FILES, ids=name)
def test_each_language_links_to_pages_of_its_language(page):
    """A French page links to the French twin of a page that has one."""
    french = page.name.endswith(".fr.md")
    for link in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8").partition("\n\n##")[2]):
        target = (page.parent / link).resolve()
        if not french:
            assert ".fr." not in target.name, link
        elif target.suffix in (".md", ".svg", ".png") and ".fr." not in target.name:
            twin = target.with_name(f"{target.stem}.fr{target.suffix}")
            assert not twin.exists(), f"{link}: {twin.name} is there"


@pytest.mark.parametrize("page", FILES, ids=name)
def test_a_command_within_a_sentence_is_understood(page):
    """Such as `sudo linkymonitor setup --only serial`; those of blocks are parsed by test_docs.py."""
    prose = FENCE.sub("", page.read_text("utf-8"))
    for line in re.findall(r"`((?:sudo (?:-u \w+ )?)?linkymonitor [a-z][^`…]*)`", prose):
        words = without_sudo(shlex.split(line))
        if len(words) == 2 and words[1] in COMMANDS:
            continue  # the name of a command alone
        understand(words[1:])


@pytest.mark.parametrize("page", FILES, ids=name)
def test_the_units_that_a_page_names_are_shipped(page):
    shipped = {unit.name for unit in (ROOT / "etc/systemd").iterdir()}
    told = page.read_text("utf-8")
    for line in re.findall(r"systemctl [^`\n#]*", told):
        for unit in re.findall(r"\blinkymonitor[-.\w]*", line):
            assert {unit, f"{unit}.service"} & shipped, line
    for unit in re.findall(r"\blinkymonitor[-\w]*\.(?:service|timer)\b", told):
        assert unit in shipped, unit


@pytest.mark.parametrize("page", ["pi.md", "pi.fr.md"])
def test_the_packages_of_the_pi_are_those_that_the_installers_install(page):
    control = (ROOT / "packaging/debian/control").read_text("utf-8")
    needed = "".join(re.findall(r"^(?:Depends|Recommends): (.*)$", control, re.MULTILINE))
    text = (DOCS / page).read_text("utf-8")
    told = set(re.findall(r"\bpython3-[a-z0-9.-]*[a-z0-9]", text))
    assert told - {"python3-venv"} <= set(re.findall(r"python3-[a-z0-9.-]+", needed))
