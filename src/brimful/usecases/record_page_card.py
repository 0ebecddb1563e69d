"""A card that was saved on a page of the gateway, put into use once (R27, R45)."""

from dataclasses import dataclass

from brimful.billing import card_pages, cards
from brimful.billing.card_pages import CardPage
from brimful.db.transaction import Transaction
from brimful.domain.effect import Effect
from brimful.domain.moment import Moment
from brimful.domain.payment import SavedMethod
from brimful.ledger import demands
from brimful.usecases.context import Context
from brimful.usecases.save_card import CardRecorded, put_into_use


@dataclass(frozen=True, slots=True)
class CardRemoved:
    """The page brought its card, and that was removed since, or another took its place."""

    effects: tuple[Effect, ...] = ()


async def record_page_card(
    ctx: Context,
    *,
    page: CardPage,
    saved: SavedMethod,
    owner_is_back: bool,
    moment: Moment,
) -> CardRecorded | CardRemoved | None:
    """Put the card that was saved on a page into use, once, whether the gateway's event, the owner's
    return or both say that the page is completed, and in any order (R27, R45). A card that was
    removed since does not come back by its page. Nor does the event of an older page, which may be days
    late, take the place of a card in use that came there since, unless ``owner_is_back`` from that very page.

    None when nobody is there to use it: the account is closed, or its seller charges elsewhere now.
    """

    async def body(tx: Transaction) -> CardRecorded | CardRemoved | None:
        await demands.lock_pools(tx, page.tenant_id, page.account_id)
        now = await card_pages.read_card_page(tx, page.tenant_id, page.account_id, page.page_id)
        assert now is not None, "a page that was noted stays"
        if now.removed:
            return CardRemoved()
        if now.method_id is not None:
            return CardRecorded(method_id=now.method_id, effects=())
        if not owner_is_back and await card_pages.is_overtaken(tx, page):
            return CardRemoved()
        owner = (page.tenant_id, page.account_id)
        if not await cards.is_charged_at(tx, *owner, page.gateway_account):
            return None
        recorded = await put_into_use(
            ctx,
            tx,
            tenant_id=page.tenant_id,
            account_id=page.account_id,
            gateway_account=page.gateway_account,
            saved=saved,
            role=page.role,
            moment=moment,
        )
        await card_pages.note_method(tx, page, recorded.method_id)
        return recorded

    return await ctx.db.run(body)
