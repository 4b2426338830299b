"""What comes out in the end: sinks, prices, pages, and the address of the pages."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

from linkymonitor.daily_log.search import last_before
from linkymonitor.doctor.base import Row, Subject, Trials, lasting, to_mend, unread, unseen, well
from linkymonitor.language import Text, written_date
from linkymonitor.money.shelf import Shelf
from linkymonitor.money.statements import doubts
from linkymonitor.system.zones import midnight
from linkymonitor.web.address import addresses_of_house, urls
from linkymonitor.web.qr import qr_lines
from linkymonitor.web.section import GUARD, UNGUARDED, read_address

_PRICES = Text("prix", "prices")
_TABLE = Text("grille de prix", "price table")
#: The days after which a price table is old: a year brings new prices to most offers.
_OLDEST_TABLE = 365
_PAGE = Text("page", "page")
_ADDRESS = Text("adresse des pages", "address of the pages")
#: The page of yesterday is drawn after midnight.
_OLDEST_PAGE = timedelta(hours=30)


def begin(subject: Subject) -> Trials:
    """Send a test message to each sink that is in use, all at the same time, and return before they answer."""
    enabled = [name for name, sink in subject.settings.destinations.items() if sink.enabled]
    answers: dict[str, tuple[bool, Text]] = {}

    def ask(name: str) -> None:
        answers[name] = subject.try_sink(name)

    # A far end that does not answer keeps its thread; a daemon thread does not keep the program.
    threads = [threading.Thread(target=ask, args=(name,), name=name, daemon=True) for name in enabled]
    for thread in threads:
        thread.start()
    return Trials(threads, subject.world.clock.monotonic() + subject.world.patience.sinks, answers)


def sinks(subject: Subject) -> list[Row]:
    """Look at the answers of the sinks to their test messages."""
    threads, end, answers = subject.begun or begin(subject)
    for thread in threads:
        thread.join(max(end - subject.world.clock.monotonic(), 0.0))
    rows = []
    for name in (thread.name for thread in threads):
        what = Text("destination ", "sink ") + name
        taken, words = answers.get(name, (False, Text("pas de réponse à temps", "no answer in time")))
        if taken:
            rows.append(well(f"sink-{name}", what, words))
        else:
            cure = Text(
                f"corrigez [sink:{name}], ou remettez le serveur en marche ; « linkymonitor deliver --test "
                f"{name} » réessaie",
                f"correct [sink:{name}], or start the server; “linkymonitor deliver --test {name}” tries again",
            )
            rows.append(to_mend(f"sink-{name}", what, words, cure))
    return rows


def prices(subject: Subject) -> list[Row]:
    """Look at the prices of today: whether there are any, gaps, and doubtful ones."""
    settings = subject.settings
    today = subject.world.clock.now().astimezone(settings.zone).date()
    book = settings.price_book()
    change = Text("corrigez [contract] ou [tariff]", "correct [contract] or [tariff]")
    rows: list[Row] = []
    found = book.on(today, _kva(subject))
    if not book.priced:
        finding = Text("aucun prix : les pages n'ont pas de coût", "no price: the pages have no cost")
        cure = Text(
            "« linkymonitor tariffs new » propose les sections [contract]",
            "“linkymonitor tariffs new” proposes the sections [contract]",
        )
        return [*rows, unseen("prices", _PRICES, finding, cure)]
    if found.reason is not None:
        cure = Text(
            "mettez à jour la grille (nouvelle version de linkymonitor, ou [contract] tables), ou ajoutez "
            f"[tariff:{today}] avec les prix de votre facture",
            "update the table (a new version of linkymonitor, or [contract] tables), or add "
            f"[tariff:{today}] with the prices of your bill",
        )
        rows.append(to_mend("prices", _PRICES, Text("il manque : ", "missing: ") + found.reason, cure))
    revision = None if found.row is None else found.row.next_revision
    if revision is not None and revision <= today:
        rows += [to_mend("prices", _PRICES, words, change) for words in found.warnings]
    else:
        # Where a price was read is good to know, and nothing that an owner could mend.
        rows += [well("prices", _PRICES, words) for words in found.warnings]
    rows += [to_mend("prices", _PRICES, doubt, change) for doubt in doubts(book.tariff_on(today))]
    if not rows:
        since = Text("", "")
        if found.since is not None:
            since = Text(f", depuis le {found.since}", f", since {found.since}")
        rows.append(well("prices", _PRICES, Text("connus pour aujourd'hui", "known for today") + since))
    if found.row is not None and found.offer is not None:
        rows.append(_table(subject, found.offer, today))
    return rows


def _table(subject: Subject, offer: str, today: date) -> Row:
    """Return the row on the age of the price table of *offer*, which counts today."""
    checked = Shelf(subject.settings.table_folders).table(offer).checked
    age = (today - checked).days
    on = written_date(checked)
    finding = Text(
        f"{offer}, comparée à ses sources le {on.fr}, il y a {age} j",
        f"{offer}, compared with its sources on {on.en}, {age} days ago",
    )
    cure = None
    if age > _OLDEST_TABLE:
        cure = Text(
            "une version plus récente de linkymonitor a peut-être de nouveaux prix ; sinon, comparez avec une facture",
            "a newer version of linkymonitor may have newer prices; else compare them with a bill",
        )
    return well("price-table", _TABLE, finding, cure, checked=str(checked), days=age)


def _kva(subject: Subject) -> int | None:
    """Return the subscribed power in the newest record, None when there is none."""
    record = last_before(subject.settings.log.dir, subject.world.clock.now() + timedelta(days=1))
    contract = record.contract if record is not None else None
    if contract is None or contract.subscribed_power is None:
        return None
    return round(contract.subscribed_power / 1000)


def pages(subject: Subject) -> list[Row]:
    """Look at the age of the newest page."""
    folder = subject.settings.report.dir
    draw = Text(
        "« sudo systemctl start linkymonitor-report », puis « journalctl -u linkymonitor-report » si la page ne "
        "vient pas ; sans systemd : « linkymonitor report »",
        "“sudo systemctl start linkymonitor-report”, then “journalctl -u linkymonitor-report” if no page comes; "
        "without systemd: “linkymonitor report”",
    )
    try:
        touched = (folder / "yesterday.html").stat().st_mtime
    except FileNotFoundError:
        now = subject.world.clock.now()
        if (
            last_before(
                subject.settings.log.dir,
                midnight(now.astimezone(subject.settings.zone).date(), subject.settings.zone),
            )
            is None
        ):
            first = Text("la première se dessine cette nuit", "the first one is drawn tonight")
            return [well("page", _PAGE, first, draw)]
        return [to_mend("page", _PAGE, Text(f"aucune page dans {folder}", f"no page in {folder}"), draw)]
    except OSError as error:
        row = unread("page", _PAGE, error)
        return [row._replace(finding=f"{folder}" + Text(" : ", ": ") + row.finding)]
    age = subject.world.clock.now() - datetime.fromtimestamp(touched, UTC)
    hours = age.total_seconds() / 3600
    ago = lasting(age.total_seconds())
    finding = Text(f"dessinée il y a {ago.fr}", f"drawn {ago.en} ago")
    if age > _OLDEST_PAGE:
        return [to_mend("page", _PAGE, finding, draw, None, hours=round(hours, 1))]
    return [well("page", _PAGE, finding, None, hours=round(hours, 1))]


def lacks_password(subject: Subject) -> bool:
    """Return whether `serve` refuses to start: the whole house could see the pages, and no password is set."""
    serve = subject.settings.serve
    try:
        return serve.lacks_password(read_address(serve.bind), subject.state_dir)
    except OSError:  # closed to this user
        return False


def address(subject: Subject) -> list[Row]:
    """Look where the pages can be seen; the QR code of the address is for a phone."""
    bound = read_address(subject.settings.serve.bind)
    if lacks_password(subject):
        finding = f"[serve] bind = {subject.settings.serve.bind} " + UNGUARDED
        return [to_mend("address", _ADDRESS, finding, GUARD)]
    found = urls(bound, addresses_of_house())
    if bound.loopback:
        words = Text(
            f"{found[0]}, pour cette machine seule ; pour un téléphone : [serve] bind = 0.0.0.0:{bound.port}",
            f"{found[0]}, for this machine alone; for a phone: [serve] bind = 0.0.0.0:{bound.port}",
        )
        return [well("address", _ADDRESS, words, None, urls=found)]
    if not found:
        finding = Text("aucune dans la maison", "none in the house")
        cure = Text("branchez cette machine au réseau", "connect this machine to the network")
        return [to_mend("address", _ADDRESS, finding, cure)]
    row = well("address", _ADDRESS, Text(" ".join(found), " ".join(found)), None, urls=found)
    return [row._replace(picture=tuple(qr_lines(found[0])))]
