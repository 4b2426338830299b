"""Each docs/adding-*.md is true: its blocks go into a copy of the project, and the copy does what the page promises."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.markdown import blocks, play, put

ROOT = Path(__file__).parent.parent
GUIDES = sorted((ROOT / "docs").glob("adding-*.md"))
#: What a copy of the project has: all but what was made beside it.
PARTS = ("linkymonitor", "tests", "docs", "bench", "etc", "templates", "static")
FILES = (
    "README.md",
    "README.fr.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "Makefile",
    "pyproject.toml",
    ".importlinter",
)


@pytest.fixture
def project(tmp_path) -> Path:
    """A copy of the project."""
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("corpus"))
    for file in FILES:
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


class Reader:
    """Somebody who follows a guide in a copy of the project, at an English terminal."""

    def __init__(self, project: Path) -> None:
        self.project = project
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "PYTHONDONT", "LC_", "COV_", "LINKYMONITOR_", "RUNTIME_"))
        }
        self._environment = kept | {"LANG": "en_FR.UTF-8", "XDG_RUNTIME_DIR": str(project / "run")}

    def run(self, *words: str) -> str:
        """Run Python with *words*; return what a terminal shows of it."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.project,
            env=self._environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}"
        return done.stdout

    def type(self, line: str) -> str:
        """Type *line* into the shell; return what the terminal shows, but for the log of the program."""
        program, *words = shlex.split(line)
        if program == "cat":
            return (self.project / words[0]).read_text("utf-8")
        assert program == "linkymonitor", f"no test knows how to run {line}"
        shown = self.run("-m", "linkymonitor", *words).splitlines(keepends=True)
        return "".join(row for row in shown if not row.startswith(("INFO ", "ATTENTION ", "WARNING ")))

    def make(self, line: str) -> None:
        """Run what *line* runs: a module, or the tests of ``make test ARGS="…"``, of which there are some."""
        module = re.fullmatch(r"\.venv/bin/python (-m .*)", line)
        if module is not None:
            self.run(*shlex.split(module[1]))
            return
        tests = re.fullmatch(r'make test ARGS="(.*)"', line)
        assert tests is not None, f"no test knows how to run {line}"
        assert " passed" in self.run("-m", "pytest", "-p", "no:cacheprovider", *shlex.split(tests[1]))


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_a_guide_keeps_its_promise(page, project):
    reader = Reader(project)
    steps = blocks(page)
    checks = 0
    for step in steps:
        if put(step, project):
            continue
        checks += 1
        match step.kind:
            case "python":
                reader.run("-c", step.text)
            case "console":
                play(step, reader.type)
            case "sh":
                for line in step.text.splitlines():
                    reader.make(line)
            case _:
                pytest.fail(f"{page.name}: a block of {step.kind or 'text'} that goes nowhere: {step.lead}")
    assert 0 < checks < len(steps)
    reader.run("-m", "ruff", "check", "--no-cache", ".")
    reader.run("-m", "ruff", "format", "--check", "--no-cache", ".")
