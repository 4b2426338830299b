"""Tells people what happens, by a command, a URL or a mail: the sinks of the section ``[notify]``."""

# Strategy
#
# - Each line of the section is a sink of its own, with the name notify.NAME: one that fails holds up no other.
# - A command is run without a shell, and gets the event as JSON on its standard input: no text of a meter can become a
#   word of a command. It has a bound of time and one of output.
# - A notice that is a day old helps nobody: older events are dropped.

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from linkymonitor.errors import BadSetting, ConfigError, SinkUnavailable
from linkymonitor.language import Text
from linkymonitor.sinks.announce import Sent, encoded, sentence, trial
from linkymonitor.sinks.base import Configured, Event, House, Row
from linkymonitor.sinks.bounded import run
from linkymonitor.sinks.notify_section import PREFIX

_OLDEST = timedelta(days=1)
_SENDMAIL = ("/usr/sbin/sendmail", "/usr/lib/sendmail")


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Target:
    """One line of the section that starts a program."""

    name: str
    #: The program and its arguments.
    argv: Sequence[str]
    events: Sequence[str]
    #: Returns what the program gets on its standard input.
    content: Callable[[Event, str], bytes]
    enabled: bool = True
    house: House = field(default=House())


class Program:
    """A program that is run for each event.

    Raises:
        ConfigError: there is no such program.
    """

    takes_records = False

    def __init__(self, settings: Target) -> None:
        program, *arguments = settings.argv
        found = next(
            filter(None, map(shutil.which, _SENDMAIL if program == "sendmail" else (program,))), None
        )
        if found is None:
            raise ConfigError(
                Text(
                    f"[notify] {settings.name} : {program} est introuvable ; installez-le, ou corrigez le chemin",
                    f"[notify] {settings.name}: {program} is not found; install it, or correct its path",
                )
            )
        self._argv = [found, *arguments]
        self._content = settings.content
        self._lang = settings.house.lang
        self._sent = Sent(settings.events, _OLDEST)

    def write(self, records: Sequence[Row]) -> bool:
        """Take no record."""
        return False

    def events(self, events: Sequence[Event]) -> bool:
        """Run the program for each of *events*; return whether there was one.

        Raises:
            SinkUnavailable: it failed; what it was run for before is not announced again.
        """
        wanted = self._sent.wanted(events)
        for event in wanted:
            self._announce(event)
            self._sent.add(event)
        return bool(wanted)

    def test(self) -> None:
        """Announce an event that is none."""
        self._announce(trial(datetime.now(UTC)))

    def close(self) -> None:
        """Release nothing."""

    def _announce(self, event: Event) -> None:
        why = run(self._argv, self._content(event, self._lang))
        if why is not None:
            raise SinkUnavailable(self._argv[0] + Text(" : ", ": ") + why)


def target(name: str, words: str, events: Sequence[str]) -> Configured:
    """Return the line *name* of the section as a sink.

    Raises:
        BadSetting: it can be none.
    """
    import shlex

    kind, _, rest = words.partition(" ")
    rest = rest.strip()
    try:
        argv = shlex.split(rest)
    except ValueError:  # a quote that is not closed
        argv = []
    if kind == "command" and argv:
        settings: Any = Target(name=PREFIX + name, argv=argv, events=events, content=encoded)
        return Configured(Program, settings, "command")
    if kind == "mail" and _is_address(rest):
        content = partial(_mail, rest)
        argv = ["sendmail", "-oi", "--", rest]
        return Configured(
            Program, Target(name=PREFIX + name, argv=argv, events=events, content=content), "mail"
        )
    if kind == "url" and rest:
        from linkymonitor.sinks.http_post import address_of

        address_of(rest, name)
        return _hook(name, events, url=rest)
    if kind == "url_file" and rest:
        return _hook(name, events, url_file=Path(rest))
    raise BadSetting(
        Text(
            f"{name} : on attend « command PROGRAMME », « url ADRESSE », « url_file FICHIER » ou « mail ADRESSE »",
            f"{name}: expected “command PROGRAM”, “url ADDRESS”, “url_file FILE” or “mail ADDRESS”",
        )
    )


def _hook(
    name: str, events: Sequence[str], *, url: str | None = None, url_file: Path | None = None
) -> Configured:
    from linkymonitor.sinks import webhook

    settings = webhook.Settings(name=PREFIX + name, events=tuple(events), url=url, url_file=url_file)
    settings.oldest = _OLDEST
    return Configured(webhook.Webhook, settings, "url")


def _is_address(words: str) -> bool:
    return words.isascii() and words.isprintable() and " " not in words and words[:1].isalnum()


def _mail(address: str, event: Event, lang: str) -> bytes:
    from email.message import EmailMessage
    from email.policy import SMTP

    message = EmailMessage(policy=SMTP.clone(linesep="\n"))
    words = sentence(event, lang)
    message["To"] = address
    message["Subject"] = f"linkymonitor: {words[:60]}"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(words + "\n" + ("" if event.at is None else f"{event.at:%Y-%m-%d %H:%M:%S} UTC\n"))
    return message.as_bytes()
