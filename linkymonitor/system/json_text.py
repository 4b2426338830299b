"""Reads JSON that another program, or a damaged card, may have written."""

from __future__ import annotations

import json
from typing import Any


def read_json(text: str | bytes) -> Any:  # noqa: ANN401 -- JSON is of any type
    """Return the value that *text* writes down.

    Raises:
        ValueError: *text* is no JSON, or has lists in lists beyond what the stack can hold.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
