"""``bill --enter``: asks for a paper bill line by line and writes the file that ``--check`` and ``--solve`` read."""

# Strategy
#
# - What a person types is forgiven: a comma, a currency sign, spaces in numbers, 08/01/2026 for a date. What cannot be
#   understood is asked for again, with what was expected; what does not fit the answers before it is asked for once
#   more, and Enter keeps it.
# - The file is written after each answer: a terminal that is closed loses nothing. The next call goes on with the
#   question that was asked last.
# - A question that is asked again shows its answer, which Enter keeps.

from __future__ import annotations

import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from linkymonitor.billing.paper import UNFINISHED
from linkymonitor.commands.bill_questions import LINE, PATH, Question, doubt, suggested, sum_questions
from linkymonitor.commands.shared import say
from linkymonitor.errors import StorageError
from linkymonitor.language import Text, counted, escape_controls
from linkymonitor.system.storage import Storage

Ask = Callable[[str], str]
#: What a person types to return to the question before, and to delete the answer to this question.
_BACK, _NOTHING = "<", "-"
#: The key of the question that was not answered yet, in the table of the unfinished line.
_NEXT = "next"


class _Back(Exception):
    """The person wants to answer the question before once more."""


class _Draft:
    """A bill that is being typed, and its file.

    Args:
        path: the file.

    Raises:
        StorageError: the file has more than a bill that is being typed: what was typed for an hour cannot be had again.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[dict[str, str]] = []
        #: The sums of the paper, and whether its amounts are without taxes.
        self.top: dict[str, str] = {}
        #: The answers of the line that is being typed.
        self.unfinished: dict[str, str] = {}
        if path.exists():
            self._read()

    def _read(self) -> None:
        try:
            content = tomllib.loads(self.path.read_text("utf-8"), parse_float=Decimal)
            if not content.keys() <= {"line", PATH.key, UNFINISHED}:
                raise ValueError(self.path)
            self.lines = [_as_answers(line) for line in content.get("line", [])]
            self.unfinished = _as_answers(content.get(UNFINISHED, {}))
            self.top = _as_answers({key: content[key] for key in content.keys() & {PATH.key}})
        except (ValueError, AttributeError, OSError):
            raise StorageError(
                Text(
                    f"{self.path} : existe déjà ; donnez un autre nom à --enter, ou supprimez-le",
                    f"{self.path}: exists already; give --enter another name, or remove it",
                )
            ) from None

    def save(self) -> None:
        """Write what was typed."""
        rates = {key.removeprefix("tva "): value for key, value in self.top.items() if key.startswith("tva ")}
        parts = [f"{key} = {value}" for key, value in self.top.items() if not key.startswith("tva ")]
        if rates:
            listed = ", ".join(f'"{rate}" = {value}' for rate, value in rates.items())
            parts.append(f"tva = {{ {listed} }}")
        tables = [("[[line]]", line) for line in self.lines]
        if self.unfinished:
            tables.append((f"[{UNFINISHED}]", self.unfinished))
        for head, values in tables:
            parts += ["", head, *(f"{key} = {value}" for key, value in values.items())]
        Storage().replace(self.path, ("\n".join(parts).strip() + "\n").encode())


def _as_answers(table: dict[str, object]) -> dict[str, str]:
    """Return the values of *table* as they stand in the file."""
    return {key: _as_toml(value) for key, value in table.items()}


def _as_toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


def enter_bill(path: Path, ask: Ask = input) -> int:
    """Ask for a bill and write it into *path*; return the exit status.

    Args:
        path: the file. Of a bill that was left half typed all answers stay, and the next question is asked.
        ask: shows a question and returns the answer.

    Raises:
        StorageError: the file is there and is no half of a bill, or cannot be written.
    """
    draft = _Draft(path)
    print(
        Text(
            "Entrée seule : rien d'imprimé, la réponse entre crochets, ou fin des lignes. « < » : la question d'avant. "
            "« - » : pas de réponse.",
            "Enter alone: nothing is printed, the answer in brackets, or no more lines. “<”: the question before. “-”: "
            "no answer.",
        )
    )
    if draft.lines or draft.unfinished:
        say(
            Text(
                f"{path} : lignes déjà tapées : {len(draft.lines)}",
                f"{path}: lines that are there already: {len(draft.lines)}",
            )
        )
    try:
        _ask_all(draft, ask)
    except EOFError:
        print()
    draft.save()
    if draft.unfinished:
        say(
            Text(
                f"{path} : une ligne n'est pas finie ; la même commande continue avec elle",
                f"{path}: a line is not finished; the same command goes on with it",
            )
        )
        return 0
    say(
        f"{path}"
        + Text(" : ", ": ")
        + counted(len(draft.lines), Text("ligne", "line"), Text("lignes", "lines"))
        + Text(
            f" ; « linkymonitor bill --check {path} » fait la comparaison",
            f"; 'linkymonitor bill --check {path}' makes the comparison",
        )
    )
    return 0


def _ask_all(draft: _Draft, ask: Ask) -> None:
    """Ask for all that *draft* lacks, and write each answer."""
    if not draft.lines and not draft.unfinished:
        _ask_path(draft, ask)
    last = False
    while True:
        try:
            if last:
                draft.unfinished = draft.lines.pop()
                last = False
            if _ask_line(draft, ask):
                continue
            _ask_end(draft, ask)
        except _Back:
            last = bool(draft.lines)
            continue
        return


def _ask_path(draft: _Draft, ask: Ask) -> None:
    try:
        _keep(draft.top, PATH.key, _asked(PATH, ask))
    except _Back:  # there is no question before
        _ask_path(draft, ask)


def _ask_end(draft: _Draft, ask: Ask) -> None:
    """Ask for the sums of the paper.

    Raises:
        _Back: the question before the first sum is wanted.
    """
    questions = sum_questions(draft.lines, draft.top.get(PATH.key))
    at = 0
    while at < len(questions):
        key = questions[at].key
        try:
            answer = _asked(questions[at], ask, draft.top.get(key))
        except _Back:
            if at == 0:
                raise
            at -= 1
            continue
        _keep(draft.top, key, answer)
        at += 1


def _ask_line(draft: _Draft, ask: Ask) -> bool:
    """Ask for a line and add it to *draft*; return whether there was one.

    Raises:
        _Back: the question before the first one is wanted.
    """
    line = draft.unfinished
    print(Text(f"— ligne {len(draft.lines) + 1}", f"— line {len(draft.lines) + 1}"))
    at: int | None = _place(line)
    while at is not None:
        question = LINE[at]
        try:
            answer = _answer(question, draft, ask)
        except _Back:
            before = [place for place in range(at) if LINE[place].asked(line)]
            if not before:
                draft.unfinished = {}
                raise
            at = before[-1]
            continue
        if answer is None and question.key == "kind":
            draft.unfinished = {}
            return False
        _keep(line, question.key, answer)
        at = next((place for place in range(at + 1, len(LINE)) if LINE[place].asked(line)), None)
        if at is not None:
            line[_NEXT] = f'"{LINE[at].key}"'
            draft.save()
    line.pop(_NEXT, None)
    draft.lines.append(line)
    draft.unfinished = {}
    draft.save()
    return True


def _place(line: dict[str, str]) -> int:
    """Return the place of the question that is next in *line*: of a finished one, the last."""
    wanted = line.get(_NEXT, "").strip('"')
    asked = [place for place, question in enumerate(LINE) if question.asked(line)]
    if not line:
        return 0
    return next((place for place in asked if LINE[place].key == wanted), asked[-1])


def _keep(answers: dict[str, str], key: str, answer: str | None) -> None:
    answers.pop(key, None)
    if answer is not None:
        answers[key] = answer


def _answer(question: Question, draft: _Draft, ask: Ask) -> str | None:
    """Return the answer to *question* about the line that is being typed; one that does not fit is asked for again."""
    line = draft.unfinished
    before = draft.lines[-1] if draft.lines else {}
    shown = line.get(question.key) or suggested(question.key, line, before)
    while True:
        answer = _asked(question, ask, shown)
        wrong = None if answer is None else doubt(question.key, {**line, question.key: answer})
        if wrong is None or answer == shown:
            return answer
        say(
            "  "
            + wrong
            + Text(
                " ; retapez, ou Entrée pour garder ; « < » : la question d'avant",
                "; type it again, or Enter to keep it; “<”: the question before",
            )
        )
        shown = answer


def _asked(question: Question, ask: Ask, before: str | None = None) -> str | None:
    shown = Text("", "") if before is None else " [" + _shown(before) + "]"
    while True:
        text = ask(escape_controls(f"  {question.text}{shown} : ")).strip()
        if text == _BACK:
            raise _Back
        if not text and before is not None:
            return before
        if text in ("", _NOTHING) and question.optional:
            return None
        try:
            return question.read(text)
        except ValueError:
            print(escape_controls(f"  {text}: {question.expected}"))


def _shown(answer: str) -> Text:
    """Return an *answer* as a person types it."""
    plain = answer.strip('"')
    if plain != answer:
        return Text(plain, plain)
    if plain in ("true", "false"):
        return Text("oui", "yes") if plain == "true" else Text("non", "no")
    year, *rest = plain.split("-")
    if len(rest) == 2:
        return Text(f"{rest[1]}/{rest[0]}/{year}", plain)
    return Text(plain.replace(".", ","), plain)
