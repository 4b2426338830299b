"""The prices that the user has set."""

from dataclasses import dataclass, fields, replace
from decimal import Decimal

from linkymonitor.errors import BadSetting
from linkymonitor.language import Text
from linkymonitor.model.terms import PERIODS, code

#: A dearer kWh, in €, was probably set in centimes: bills print c€/kWh.
DOUBTED = Decimal(3)
#: So was a dearer subscription, in €/month; that of the greatest power for a house costs less than a third.
DOUBTED_SUBSCRIPTION = Decimal(300)

#: The period of energy whose period is not known.
UNKNOWN = "unknown"
#: Why such energy has no price.
PERIOD_UNKNOWN = Text(
    "période inconnue d’une partie de l’énergie (couleur du jour ou heures creuses non connues)",
    "period not known of some energy (colour of the day, or off-peak hours, not known)",
)
#: The register of energy that no register counted and the total of the meter did.
ELSEWHERE = "?"

#: Register code → key, where the key is not the code in lower case.
_KEYS = {"TH": "base"}


@dataclass(kw_only=True, slots=True, repr=False, eq=False)
class Prices:
    """``[tariff]`` and ``[tariff:DATE]``: prices in €/kWh, all taxes included, as on the contract.

    A price that is not set is unknown.
    """

    #: Base option.
    base: Decimal | None = None
    #: Off-peak hours (heures creuses).
    hc: Decimal | None = None
    #: Peak hours (heures pleines).
    hp: Decimal | None = None
    #: EJP, normal hours.
    hn: Decimal | None = None
    #: EJP, mobile peak.
    pm: Decimal | None = None
    #: Tempo, blue day, off-peak hours.
    hcjb: Decimal | None = None
    #: Tempo, blue day, peak hours.
    hpjb: Decimal | None = None
    #: Tempo, white day, off-peak hours.
    hcjw: Decimal | None = None
    #: Tempo, white day, peak hours.
    hpjw: Decimal | None = None
    #: Tempo, red day, off-peak hours.
    hcjr: Decimal | None = None
    #: Tempo, red day, peak hours.
    hpjr: Decimal | None = None
    #: Other contracts in standard mode: supplier index 1.
    f01: Decimal | None = None
    #: Supplier index 2.
    f02: Decimal | None = None
    #: Supplier index 3.
    f03: Decimal | None = None
    #: Supplier index 4.
    f04: Decimal | None = None
    #: Supplier index 5.
    f05: Decimal | None = None
    #: Supplier index 6.
    f06: Decimal | None = None
    #: Supplier index 7.
    f07: Decimal | None = None
    #: Supplier index 8.
    f08: Decimal | None = None
    #: Supplier index 9.
    f09: Decimal | None = None
    #: Supplier index 10.
    f10: Decimal | None = None
    #: The price that is paid for a kWh injected into the grid.
    injection: Decimal | None = None
    #: Subscription, €/month.
    subscription_month: Decimal | None = None

    def __post_init__(self) -> None:
        faults: list[Text] = []
        for name in _names():
            price = getattr(self, name)
            if price is not None and not (price.is_finite() and price >= 0):
                fr, en = ("€/mois", "€/month") if name == "subscription_month" else ("€/kWh", "€/kWh")
                faults.append(
                    Text(
                        f"{name} = {price} : on attend un prix en {fr}, nul ou positif",
                        f"{name} = {price}: expected a price in {en}, zero or more",
                    )
                )
        if faults:
            raise BadSetting(*faults)

    def then(self, later: "Prices") -> "Prices":
        """Return these prices with those that *later* sets; a price that *later* leaves empty stays."""
        set_anew = {name: price for name in _names() if (price := getattr(later, name)) is not None}
        return replace(self, **set_anew)

    @property
    def empty(self) -> bool:
        """Whether no price is set."""
        return all(getattr(self, name) is None for name in _names())

    @property
    def by_register(self) -> dict[str, Decimal]:
        """Register → its price of the kWh, of those that are set."""
        prices = {register: self.of(register) for register in _REGISTERS}
        return {register: price for register, price in prices.items() if price is not None}

    def of(self, register: str) -> Decimal | None:
        """Return the price of *register* (``HN``, ``TH``, ``F01``) in €/kWh, or None when it is not set."""
        key = key_of(register)
        return getattr(self, key) if key in _REGISTER_KEYS else None

    @property
    def doubted(self) -> dict[str, Decimal]:
        """Key → its price, in €/kWh or €/month, for each one that was probably set in centimes."""
        prices = {name: getattr(self, name) for name in _names()}
        limits = dict.fromkeys(prices, DOUBTED) | {"subscription_month": DOUBTED_SUBSCRIPTION}
        return {name: price for name, price in prices.items() if price is not None and price > limits[name]}


def key_of(register: str) -> str:
    """Return the key of ``[tariff]`` for *register*: ``base`` for TH, else its code in lower case."""
    own = code(register)
    return _KEYS.get(own, own.lower())


def _names() -> list[str]:
    return [field.name for field in fields(Prices)]


_REGISTER_KEYS = frozenset(_names()) - {"injection", "subscription_month"}
_REGISTERS = (
    *(code(period) for periods in PERIODS.values() for period in periods),
    *(f"F{number:02}" for number in range(1, 11)),
)
