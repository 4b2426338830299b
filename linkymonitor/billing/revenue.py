"""What is paid for injected energy, as a document of its own: what the paper of the buyer is compared with."""

from __future__ import annotations

from linkymonitor.billing.amounts import summed
from linkymonitor.billing.values import REVENUE, Bill
from linkymonitor.language import Text
from linkymonitor.money.contract import TaxPath


def revenue_of(bill: Bill) -> Bill:
    """Return the revenue of *bill* as a bill: its lines alone, without TVA or what is to be known of consumption."""
    lines = [line._replace(kind=REVENUE, register=None, tva=None) for line in bill.revenue]
    nothing = Text(
        "le journal n'a pas d'énergie injectée ces jours-là", "the log has no injected energy on those days"
    )
    return bill._replace(
        path=TaxPath.TTC,
        lines=lines,
        tva={},
        ht=None,
        total=summed(line.eur for line in lines),
        revenue=(),
        warnings=bill.log_warnings if lines else [*bill.log_warnings, nothing],
        peaks=(),
    )
