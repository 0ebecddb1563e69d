"""Bugs of the kind that lose or double money, each a textual change of our own code.

Every one was found in public in some product, or is what a hasty change here would bring.
"""

from tests.seeded_bugs import (
    at_the_gateway,
    in_the_books,
    of_closed_accounts_and_pages,
    of_crowds_and_leases,
    of_holds_and_archives,
    of_meddling_sellers,
    of_outsiders,
    of_refusals,
    of_replaced_cards,
    of_the_payer,
)
from tests.seeded_bugs.bug import Bug

BUGS: tuple[Bug, ...] = (
    *at_the_gateway.BUGS,
    *in_the_books.BUGS,
    *of_the_payer.BUGS,
    *of_closed_accounts_and_pages.BUGS,
    *of_replaced_cards.BUGS,
    *of_holds_and_archives.BUGS,
    *of_meddling_sellers.BUGS,
    *of_refusals.BUGS,
    *of_outsiders.BUGS,
    *of_crowds_and_leases.BUGS,
)
