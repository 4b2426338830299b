"""Changes values in the text of an INI file; comments and all other lines stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping


def with_values(text: str, section: str, values: Mapping[str, str]) -> str:
    """Return *text* with *values* in the section *section*, which is added at the end when it is not there.

    A key that is there keeps its place; one that is not comes at the end of the section.

    Args:
        text: the INI file.
        section: its name without brackets.
        values: key → value.
    """
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    header = re.compile(rf"\[{re.escape(section)}\]\s*([;#].*)?")
    lines = text.splitlines()
    begin = next((at for at, line in enumerate(lines, 1) if header.fullmatch(line)), None)
    if begin is None:
        lines += ["", f"[{section}]"]
        begin = len(lines)
    end = next((at for at in range(begin, len(lines)) if lines[at].startswith("[")), len(lines))
    # Comments straight above the next section belong to it.
    while end < len(lines) and end > begin and lines[end - 1].startswith(("#", ";")):
        end -= 1
    written: list[str] = []
    waiting = dict(values)
    replaced = False
    for line in lines[begin:end]:
        if replaced and line[:1].isspace() and line.strip():  # the old value goes on
            continue
        key = re.split("[=:]", line, maxsplit=1)[0].strip().lower()
        replaced = key in values and not line[:1].isspace()
        if not replaced:
            written.append(line)
        elif key in waiting:
            written.append(f"{key} = {waiting.pop(key)}")
    while written and not written[-1].strip():
        written.pop()
    written += [f"{key} = {value}" for key, value in waiting.items()]
    after = ["", *lines[end:]] if end < len(lines) else []
    return end_of_line.join([*lines[:begin], *written, *after, ""])
