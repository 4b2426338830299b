"""A wheel, an editable install and a bare checkout all find templates/, static/ and etc/."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

import linkymonitor

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ("templates", "static/dygraphs/dygraph.min.js", "static/dygraphs/LICENSE", "etc/linkymonitor.ini")
ASK = (
    "import linkymonitor, linkymonitor.system.resources as r; print(linkymonitor.__file__); "
    f"[print(r.shipped(name)) for name in {SHIPPED!r}]"
)


def run(*argv: str, cwd: Path, **environ: str) -> str:
    """Run *argv* away from the checkout, which Python must not find by chance, and return its output."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        argv,
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=250,
        env={**clean, "LANG": "C.UTF-8", **environ},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("dist")
    run(
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(ROOT),
        cwd=folder,
    )
    (found,) = folder.glob("*.whl")
    return found


def test_the_wheel_holds_what_the_repository_has_and_nothing_else(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    assert f"-{linkymonitor.__version__}-py3-none-any.whl" in wheel.name
    for folder in ("templates", "static", "etc"):
        here = {
            f"linkymonitor/{path.relative_to(ROOT).as_posix()}"
            for path in (ROOT / folder).rglob("*")
            if path.is_file()
        }
        assert here
        assert here <= names
    code = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "linkymonitor").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert code <= names
    strange = {name for name in names if not name.startswith(("linkymonitor/", "linkymonitor-"))}
    assert strange == set()
    assert not any("/tests/" in name or name.endswith(".pyc") for name in names)


def test_the_wheel_works_installed_away_from_the_checkout(wheel, tmp_path):
    """The dependencies come from the environment of the tests: no package is fetched."""
    home = tmp_path / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", str(home), cwd=tmp_path)
    python = home / "bin" / "python"
    site = Path(
        run(str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).strip()
    )
    run(
        sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--disable-pip-version-check",
        "--target", str(site), str(wheel), cwd=tmp_path,
    )  # fmt: skip
    # Below the wheel, so that an editable checkout over there does not win; its own .pth files are not read.
    (site / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    where, *found = run(str(python), "-c", ASK, cwd=tmp_path).splitlines()
    assert where.startswith(str(site))
    assert all(path.startswith(str(site / "linkymonitor")) for path in found)
    spec = "sim:ejp,day=2027-01-13,at=19:00,duration=2m,speed=max"
    command = (str(python), "-m", "linkymonitor")
    run(*command, "acquire", "-i", spec, "--log-dir", "log", cwd=tmp_path, XDG_RUNTIME_DIR=str(tmp_path))
    run(*command, "report", "--log-dir", "log", "-o", "pages", "-s", "2027-01-13", cwd=tmp_path)
    assert (tmp_path / "pages" / "2027-01-13.html").stat().st_size > 1000
    assert any((tmp_path / "pages").rglob("dygraph.min.js"))
    assert "compteur : /dev/ttyAMA0" in run(*command, "check", cwd=tmp_path)


def test_a_bare_checkout_works(tmp_path):
    lent = sysconfig.get_path("purelib")
    # -S leaves out .pth files, and with them an editable install.
    ask = (sys.executable, "-S", "-c", ASK)
    where, *found = run(*ask, cwd=tmp_path, PYTHONPATH=f"{ROOT}{os.pathsep}{lent}").splitlines()
    assert where == str(ROOT / "linkymonitor" / "__init__.py")
    assert found == [str(ROOT / name) for name in SHIPPED]


def test_the_environment_of_the_tests_finds_them_too():
    from linkymonitor.system.resources import shipped

    for name in SHIPPED:
        assert shipped(name).exists()
    with pytest.raises(FileNotFoundError, match="install linkymonitor again"):
        shipped("nothing")


def test_the_installed_command_is_the_package_s():
    script = Path(sys.executable).with_name("linkymonitor")
    if not script.exists():
        pytest.skip("linkymonitor is not installed beside this Python")
    assert (
        run(str(script), "--version", cwd=ROOT.parent).strip() == f"linkymonitor {linkymonitor.__version__}"
    )


def test_the_day_of_the_release_is_that_of_the_changelog():
    """Before the first release it is a day of the work on that version."""
    heads = re.findall(r"^## \[(.+?)\](?: - (\S+))?$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    released = [head for head in heads if head[0] != "Unreleased"]
    if released:
        assert (linkymonitor.__version__, linkymonitor.RELEASED) == released[0]
    assert date(2026, 11, 1) <= date.fromisoformat(linkymonitor.RELEASED) <= datetime.now(UTC).date()
