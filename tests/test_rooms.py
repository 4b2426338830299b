"""The table of rooms in .importlinter finds what does not keep to it."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import pytest
from grimp import ImportGraph

import linkymonitor
from tests.support.rooms import Rooms, table_of

ROOT = Path(__file__).parent.parent
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text("utf-8")
ROWS = ["everyone: errors", "source: tic.detect", "tic:", "errors:"]


def faults(imports: list[tuple[str, str]], rows: list[str] = ROWS) -> list[str]:
    """Return what is wrong with *imports*, pairs of (importer, imported)."""
    graph = ImportGraph()
    for module in ("source", "source.port", "tic", "tic.detect", "tic.decoder", "errors"):
        graph.add_module(f"linkymonitor.{module}")
    graph.add_module("linkymonitor")
    graph.add_module("serial", is_squashed=True)
    for importer, imported in imports:
        graph.add_import(importer=f"linkymonitor.{importer}", imported=imported)
    contract = Rooms("rooms", {}, {"may_import": rows, "libraries": ["serial: source.port"]})
    return contract.check(graph, verbose=False).metadata["faults"]


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        pytest.param("source.port", "linkymonitor.tic.detect", id="a module that the row names"),
        pytest.param("tic", "linkymonitor.errors", id="what everyone may import"),
        pytest.param("source", "linkymonitor.source.port", id="its own room"),
        pytest.param("source.port", "linkymonitor", id="the version"),
        pytest.param("source.port", "serial", id="a library where it belongs"),
        pytest.param("tic", "asyncio", id="the standard library"),
    ],
)
def test_what_a_row_names_may_be_imported(importer, imported):
    assert faults([(importer, imported)]) == []


@pytest.mark.parametrize(
    ("importer", "imported"),
    [
        pytest.param("source.port", "linkymonitor.tic.decoder", id="another module of the room"),
        pytest.param("tic.detect", "linkymonitor.source", id="a room of no row"),
        pytest.param("tic.detect", "serial", id="a library of another room"),
    ],
)
def test_what_no_row_names_must_not_be_imported(importer, imported):
    assert faults([(importer, imported)]) == [f"{importer} must not import {imported}"]


def test_each_room_has_a_row_and_each_row_a_room():
    rows = [*ROWS[:-1], "cellar:"]
    assert faults([], rows) == ["errors has no row", "cellar has a row and is no room"]


def test_a_room_has_no_code_of_its_own():
    faces = Path(linkymonitor.__file__).parent.glob("*/**/__init__.py")
    assert [str(face) for face in faces if face.read_text()] == []


def test_architecture_has_the_table_of_rooms():
    """Each room with what its row in .importlinter lets it import."""
    linter = configparser.ConfigParser()
    linter.read(ROOT / ".importlinter", "utf-8")
    rows = table_of(linter["importlinter:contract:rooms"]["may_import"].strip().splitlines())
    everyone = rows.pop("everyone")
    assert f"may import {' and '.join(f'`{room}`' for room in everyone)};" in ARCHITECTURE
    table = ARCHITECTURE.partition("| room | what | depends on |")[2].partition("\n\n")[0]
    cells = re.findall(r"^\| `(\w+)` \| .* \| (.*?) ?\|$", table, re.MULTILINE)
    assert {room: re.findall(r"`([\w.]+)`", names) for room, names in cells} == rows


def test_architecture_draws_a_path_of_files_that_exist():
    picture = ARCHITECTURE.partition("```\n")[2].partition("```")[0]
    files = re.findall(r"[a-z_]+(?:/[a-z_]+)*(?:/|\.py)", picture)
    assert len(files) >= 10
    for file in files:
        assert (ROOT / "linkymonitor" / file).exists(), file
