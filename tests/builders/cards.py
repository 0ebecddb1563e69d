"""Cards that several accounts share, and how the bank treats them."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from brimful.billing import accounts
from brimful.domain.payment import SavedMethod
from brimful.usecases.save_card import record_card
from brimful_testbank.cards import Behaviour
from tests.builders.world import World

POOR = Behaviour(decline="insufficient_funds")
LOST = Behaviour(decline="lost_card", advice="do_not_try_again")


async def share_card(world: World, name: str, token: str) -> None:
    """Save the card of a token for an account: the same card for each who saves it."""
    account = await world.account(name)
    assert account.parent_id is not None
    seller = await accounts.read_account(world.db, account.tenant_id, account.parent_id)
    assert seller is not None
    saved = await world.engine.gateway.save_method(
        account_ref=seller.merchant_ref, customer_id=None, token=token
    )
    assert isinstance(saved, SavedMethod), saved
    recorded = await record_card(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        gateway_account=seller.merchant_ref,
        saved=saved,
        moment=world.engine.clock.moment(),
    )
    world.engine.run(recorded.effects)


def behave(world: World, behaviour: Behaviour | None, *, last4: str = "") -> None:
    """Let all cards (or those with these last digits) behave so; None: as they should."""
    bank = world.desk.bank
    for method in bank.methods.values():
        if method["last4"].endswith(last4):
            bank.overrides.pop(method["fingerprint"], None)
            if behaviour is not None:
                bank.overrides[method["fingerprint"]] = behaviour


def declines(world: World) -> int:
    """By the bank's journal: how often a card was declined."""
    return sum(effect["kind"] == "declined" for effect in world.desk.journal.effects())


def most_within(instants: Sequence[datetime], span: timedelta) -> int:
    """The most of some instants that lie in one window of a span."""
    return max((sum(end - span < one <= end for one in instants) for end in instants), default=0)
