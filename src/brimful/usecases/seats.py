"""Chatbots that go back to their seller, and which of an account's own pause or come back (R31)."""

from dataclasses import dataclass
from uuid import UUID

from brimful.billing import chatbots
from brimful.billing.chatbots import OwnChatbot
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect
from brimful.domain.excess import to_pause, to_resume
from brimful.domain.moment import Moment
from brimful.ledger import balances, demands, transfers
from brimful.ledger.transfers import Route
from brimful.usecases.outcomes import effects_of


async def returnable(tx: Transaction, tenant_id: UUID, account_id: UUID) -> int:
    """How many chatbots an account could give back now: those that are free, and its own, which can
    pause; not those that it sold or that a client's purchase has reserved."""
    _, seats = await balances.read_stock(tx, tenant_id, account_id)
    return seats.free + seats.used


@dataclass(frozen=True, slots=True)
class GaveBack:
    """The names of the chatbots that paused for it, and what follows at the seller."""

    paused: list[str]
    effects: tuple[Effect, ...]


async def give_back(
    tx: Transaction, *, route: Route, seller_is_supply: bool, chatbots: int, moment: Moment
) -> GaveBack:
    """Give chatbots, at most those that are ``returnable``, back to the seller of a buyer; the pools
    of both are locked. The newest chatbots pause where too few seats are free (R31). The seller's
    stock goes to what waits for it, then to its own paused chatbots."""
    if not chatbots:
        return GaveBack([], ())
    tenant_id, buyer_id = route.tenant_id, route.buyer_id
    _, seats = await balances.read_stock(tx, tenant_id, buyer_id)
    paused = await _pause(tx, tenant_id, buyer_id, max(0, chatbots - seats.free), moment)
    await transfers.return_chatbots(tx, route=route, chatbots=chatbots, moment=moment)
    effects = () if seller_is_supply else await offer(tx, tenant_id, route.seller_id, moment)
    return GaveBack(paused, effects)


async def offer(
    tx: Transaction, tenant_id: UUID, account_id: UUID, moment: Moment
) -> tuple[Effect, ...]:
    """Offer what came free in a locked pool to what waits, then to the account's paused chatbots."""
    moved = await demands.offer_stock(tx, tenant_id=tenant_id, account_id=account_id, moment=moment)
    await resume_paused(tx, tenant_id, account_id, moment)
    return effects_of(tenant_id, moved)


async def resume_paused(tx: Transaction, tenant_id: UUID, account_id: UUID, moment: Moment) -> None:
    """Give free seats to paused chatbots: those that the owner chose to keep, then the oldest."""
    _, seats = await balances.read_stock(tx, tenant_id, account_id)
    if not seats.free:
        return
    own = await chatbots.read_own(tx, tenant_id, account_id)
    paused = [(one.chatbot_id, one.created_at) for one in own if one.state == "paused"]
    back = to_resume(paused, seats.free, _kept(own))
    await balances.resume_chatbots(tx, tenant_id, account_id, back, moment)


async def choose_again(
    tx: Transaction, tenant_id: UUID, account_id: UUID, moment: Moment
) -> list[OwnChatbot]:
    """Let the account's seats go to the chatbots that its owner chose, then to the oldest; its pool
    is locked. Returns the chatbots as they are then."""
    own = await chatbots.read_own(tx, tenant_id, account_id)
    _, seats = await balances.read_stock(tx, tenant_id, account_id)
    every = [(one.chatbot_id, one.created_at) for one in own]
    out = set(to_pause(every, seats.free + seats.used, _kept(own)))
    pause = [one.chatbot_id for one in own if one.state == "active" and one.chatbot_id in out]
    back = [one.chatbot_id for one in own if one.state == "paused" and one.chatbot_id not in out]
    await balances.pause_chatbots(tx, tenant_id, account_id, pause, moment)
    await balances.resume_chatbots(tx, tenant_id, account_id, back, moment)
    return await chatbots.read_own(tx, tenant_id, account_id)


async def _pause(
    tx: Transaction, tenant_id: UUID, account_id: UUID, short: int, moment: Moment
) -> list[str]:
    if not short:
        return []
    own = await chatbots.read_own(tx, tenant_id, account_id)
    active = [one for one in own if one.state == "active"]
    names = {one.chatbot_id: one.name for one in active}
    ranked = [(one.chatbot_id, one.created_at) for one in active]
    out = to_pause(ranked, len(active) - short, _kept(own))
    await balances.pause_chatbots(tx, tenant_id, account_id, out, moment)
    return [names[one] for one in out]


def _kept(own: list[OwnChatbot]) -> list[UUID]:
    return [one.chatbot_id for one in own if one.keep]
