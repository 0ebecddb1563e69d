"""Handling the event of a completed page: its card is read afresh and recorded once (R27, R45).

An owner who closes the browser on the way back has saved a card all the same. The event says no more
than that; which account's page it is, under which gateway account and for which customer it is read,
is what was written down when it was made.
"""

from brimful.billing import card_pages
from brimful.billing.events import Taken
from brimful.domain.effect import Effect
from brimful.domain.event import Verdict, judge_page
from brimful.domain.payment import DISCONNECTED, MethodRefused, Unknown, Unreachable
from brimful.effects.drive import Driver
from brimful.usecases.record_page_card import record_page_card


async def handle_page(driver: Driver, taken: Taken) -> tuple[Verdict | None, tuple[Effect, ...]]:
    """What became of an event about a page, and what follows; None when the gateway gave no answer, so
    that nobody knows yet."""
    hint = taken.hint
    assert hint.page_id is not None
    page = await card_pages.find_card_page(driver.ctx.db, taken.gateway, hint.page_id)
    account = None if page is None else page.gateway_account
    verdict = judge_page(hint, account, driver.gateway.mode)
    if verdict is not None:
        return verdict, ()
    assert page is not None
    if page.method_id is not None:
        return Verdict.recorded, ()
    saved = await driver.gateway.save_method(
        account_ref=page.gateway_account, customer_id=page.gateway_customer, token=page.page_id
    )
    if isinstance(saved, Unknown | Unreachable):
        return None, ()
    if isinstance(saved, MethodRefused) and saved.code == DISCONNECTED:
        # The card is on the page all the same: it is read when the account is open again (R10).
        return None, ()
    if isinstance(saved, MethodRefused):
        return Verdict.read_disagrees, ()
    recorded = await record_page_card(
        driver.ctx, page=page, saved=saved, owner_is_back=False, moment=driver.now()
    )
    if recorded is None:
        return Verdict.page_void, ()
    return Verdict.recorded, recorded.effects
