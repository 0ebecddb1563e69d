"""Sellers below one agency, and accounts that move between them (R46)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from brimful.domain.reason import Refuse
from brimful.usecases.answers import Bought, ChatbotCreated
from brimful.usecases.set_move import MoveSet, set_move
from tests.builders.world import World

MAY = datetime(2027, 5, 1, 9, tzinfo=UTC)
JUNE = datetime(2027, 6, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def two_sellers(year: World) -> None:
    """North and South, which an agency sells to; each sells credits, a plan and chatbots."""
    await year.open("Agency", sells=True)
    await year.card("Agency")
    await year.auto_billing("Agency")
    await year.stock("Agency", credits=90_000, chatbots=90)
    await year.package("Agency", 900, credits=3_000)
    for name in ("North", "South"):
        await year.open(name, "Agency", sells=True)
        await year.card(name)
        await year.auto_billing(name)
        await year.stock(name, credits=20_000, chatbots=9)
        await year.package(name, 2_500, credits=3_000)
        await year.package(name, 3_000, credits=1_000, chatbots=2, interval="month")


async def client_of_north(year: World) -> None:
    """A client of North with a plan, credits bought beside it, a gift, a chatbot and auto-billing."""
    await two_sellers(year)
    await year.open("Client", "North")
    await year.card("Client")
    await year.auto_billing("Client")
    assert isinstance(await year.buy("Client", await year.plan_of("North")), Bought)
    assert isinstance(await year.buy("Client", await pack_of(year, "North")), Bought)
    await year.stock("Client", credits=500, chatbots=1)
    assert isinstance(await year.create_chatbot("Client", "bot"), ChatbotCreated)
    await year.settle()


async def pack_of(year: World, seller: str) -> Any:
    """The credits that a seller offers."""
    return await year.db.fetchval(
        "select package_id from package where seller_ref = $1 and kind = 'additional_credits'",
        year.names[seller],
    )


async def move(year: World, name: str, to: str, *, wait: bool = True) -> MoveSet | Refuse:
    """Let an account move, as the API does; without ``wait``, what follows is not waited for."""
    account = await year.account(name)
    answer = await set_move(
        year.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        to=await year.account(to),
        given_by="Head of sales",
        moment=year.engine.clock.moment(),
    )
    if isinstance(answer, MoveSet):
        year.engine.run(answer.effects)
        if wait:
            await year.settle()
    return answer


async def told(year: World, name: str) -> list[str]:
    """The kinds of what an owner was told of moves."""
    kinds = [notice["kind"] for notice in await year.notices(name)]
    return [kind for kind in kinds if kind.startswith(("move_", "client_leaving", "client_coming"))]


async def seller_of(year: World, name: str) -> str:
    """Who sells to an account now."""
    account = await year.account(name)
    return next(of for of, one in year.names.items() if one == account.parent_id)


async def merchant(year: World, name: str) -> str:
    """A seller's own account at the bank."""
    return (await year.account(name)).merchant_ref
