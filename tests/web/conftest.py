"""Boxes that serve small pages: one without a password, one with it."""

from __future__ import annotations

import pytest

from tests.web.box import box, draw

NAMES = ("index", "today", "yesterday", "2026-01-13", "2026-01", "2026", "2026-01-10_2026-01-13")


@pytest.fixture
def pages(tmp_path):
    draw(tmp_path / "pages", *NAMES)
    return tmp_path / "pages"


@pytest.fixture
def open_box(pages):
    with box(pages) as served:
        yield served


@pytest.fixture
def closed_box(pages, tmp_path):
    with box(pages, tmp_path / "state") as served:
        yield served
