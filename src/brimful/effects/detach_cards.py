"""Removing at the gateway the cards that were removed here (R27)."""

from brimful.billing import cards
from brimful.db.transaction import Database
from brimful.domain.moment import Moment
from brimful.domain.payment import NotFound, Removed
from brimful.gateways.port import Gateway


async def detach_due(db: Database, gateway: Gateway, moment: Moment, limit: int) -> int:
    """Remove what is due at the gateway and return how many it has no more; what gets no answer is
    due again in a minute."""
    gone = 0
    for card in await cards.take_undetached(db, moment, limit):
        outcome = await gateway.remove_method(
            account_ref=card.gateway_account, method_id=card.gateway_method
        )
        if isinstance(outcome, Removed | NotFound):
            await cards.note_detached(db, card, moment)
            gone += 1
    return gone
