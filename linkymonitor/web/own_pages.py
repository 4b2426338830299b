"""The pages that `serve` makes itself, in the look of the drawn ones: to sign in, and answers without a page."""

from __future__ import annotations

from html import escape

from linkymonitor.language import Text
from linkymonitor.system.resources import shipped
from linkymonitor.web import texts

_BOLT = (
    '<svg class="bolt" viewBox="0 0 16 16" aria-hidden="true"><rect width="16" height="16" rx="4" fill="#b5532a"/>'
    '<path d="M9 2 4 9h3l-1 5 6-8H8z" fill="#fff"/></svg>'
)
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Crect width='16' "
    "height='16' rx='4' fill='%23b5532a'/%3E%3Cpath d='M9 2 4 9h3l-1 5 6-8H8z' fill='%23fff'/%3E%3C/svg%3E"
)
#: Seconds after which a page that waits for a drawing reloads itself.
RELOAD = 15


class OwnPages:
    """Makes these pages.

    Args:
        lang: the language of the settings; None: French, or English for a browser that prefers it.
    """

    def __init__(self, lang: str | None) -> None:
        self._lang = lang
        folder = shipped("templates")
        self._style = "".join((folder / name).read_text("utf-8") for name in ("page.css", "serve.css"))

    def language(self, accepted: str) -> str:
        """Return ``fr`` or ``en``; *accepted* is the header Accept-Language of the browser."""
        first = accepted.partition(",")[0].strip().lower()
        return self._lang or ("en" if first.startswith("en") else "fr")

    def foot(self, lang: str) -> str:
        """Return what stands at the end of the foot of each drawn page when there is a password."""
        return f'<span><a href="/logout">{escape(texts.SIGN_OUT.render(lang))}</a></span>'

    def sign_in(self, lang: str, back: str, fault: Text | None = None) -> bytes:
        """Return the page with the form; *back* is the page to which it leads, one of our own paths."""
        problem = "" if fault is None else f'<p class="fault" role="alert">{escape(fault.render(lang))}</p>'
        form = (
            f"<p>{escape(texts.ASKED.render(lang))}</p>{problem}"
            '<form method="post" action="/login">'
            f'<input type="hidden" name="back" value="{escape(back)}">'
            # A program that keeps passwords looks for a name.
            '<input type="text" name="name" value="linkymonitor" autocomplete="username" hidden>'
            f'<label for="password">{escape(texts.PASSWORD.render(lang))}</label>'
            '<input type="password" id="password" name="password" required autofocus maxlength="128" '
            'autocomplete="current-password">'
            f"<button>{escape(texts.SIGN_IN.render(lang))}</button></form>"
        )
        return self._page(lang, texts.HOUSE, form)

    def sign_out(self, lang: str) -> bytes:
        """Return the page with the form that ends the session."""
        form = (
            f"<p>{escape(texts.SIGNED_IN.render(lang))}</p>"
            f'<form method="post" action="/logout"><button>{escape(texts.SIGN_OUT.render(lang))}</button></form>'
        )
        return self._page(lang, texts.HOUSE, form, link=True)

    def sentence(
        self, lang: str, title: Text, sentence: Text, *, link: bool = False, reload: bool = False
    ) -> bytes:
        """Return a page with one sentence; with a *link* to the calendar, and reloaded by itself, if so asked."""
        return self._page(lang, title, f"<p>{escape(sentence.render(lang))}</p>", link=link, reload=reload)

    def _page(self, lang: str, title: Text, body: str, *, link: bool = False, reload: bool = False) -> bytes:
        heading = escape(title.render(lang))
        calendar = f'<p><a href="/">{escape(texts.CALENDAR.render(lang))}</a></p>' if link else ""
        again = f'<meta http-equiv="refresh" content="{RELOAD}">\n' if reload else ""
        return (
            f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n{again}'
            '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            f'<link rel="icon" href="{_ICON}">\n<title>{heading}</title>\n<style>\n{self._style}</style>\n</head>\n'
            f'<body>\n<main class="alone" id="main">\n<section>{_BOLT}<h1>{heading}</h1>{body}{calendar}</section>\n'
            "</main>\n</body>\n</html>\n"
        ).encode()
