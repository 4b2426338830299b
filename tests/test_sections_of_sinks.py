"""Every section of a sink that a page shows is one that `check` takes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.support.certificates import certificate
from tests.support.markdown import blocks

ROOT = Path(__file__).parent.parent
#: Page and number of the block → its text; a block may have sections that exclude one another in one box.
SECTIONS = [
    pytest.param(block.text, id=f"{page.stem}-{number}")
    for page in sorted((ROOT / "docs").glob("*.md"))
    if not page.stem.startswith("adding-")
    for number, block in enumerate(blocks(page))
    if block.kind == "ini" and "[sink:" in block.text
]


@pytest.mark.parametrize("text", SECTIONS)
def test_every_section_of_a_sink_is_taken(text, tmp_path, apart, call):
    for file in re.findall(r"(?:password|token|secret|url)_file = /etc/linkymonitor/(\S+)", text):
        (tmp_path / file).write_text("a-secret\n")
        (tmp_path / file).chmod(0o600)
    for file in re.findall(r"^ca = /etc/linkymonitor/(\S+)", text, re.MULTILINE):
        shutil.copy(certificate(tmp_path / "authority").pem, tmp_path / file)
    config = tmp_path / "box.ini"
    config.write_text(f"[general]\nraw_values = yes\n\n{text}".replace("/etc/linkymonitor/", f"{tmp_path}/"))
    status, out, err = call("check", "-c", config)
    assert (status, err) == (0, "")
    names = re.findall(r"^\[sink:([\w-]+)\]", text, re.MULTILINE)
    assert all(f"destination {name} : " in out for name in names), out
