"""What is told of money that was taken as agreed (R26, R42).

Facts: ``amount_minor`` in minor units of ``currency``, ``charged`` whether a card was charged (else it
is collected with the next charge), ``card`` (or none), ``lines`` with ``name``, ``quantity`` and
``amount_minor``.
"""

from collections.abc import Callable, Mapping

from brimful.domain.money import format_money
from brimful.notices.text import Facts, Text


def _renewed(facts: Facts) -> Text:
    amount = format_money(facts["amount_minor"], facts["currency"])
    names = ", ".join(dict.fromkeys(line["name"] for line in facts["lines"] if line["name"]))
    lines = [
        f"  {line['quantity']} × {line['name'] or 'outstanding amount'}: "
        f"{format_money(line['amount_minor'], facts['currency'])}"
        for line in facts["lines"]
    ]
    paid = f"{amount} is collected with your next charge."
    if facts["charged"]:
        paid = f"{amount} was charged on {facts['card']}."
    return Text(f"Renewed: {names}", "\n".join([paid, *lines]))


KINDS_OF_RECEIPTS: Mapping[str, Callable[[Facts], Text]] = {"renewed": _renewed}
