"""R31: the owner may choose which chatbots keep their seats; the others pause and come back."""

from brimful.usecases.answers import ChatbotCreated, Missing
from brimful.usecases.delete_chatbot import delete_chatbot
from brimful.usecases.keep_chatbots import keep_chatbots
from tests.builders.year import Year
from tests.usecases.test_period_end import MAY, client_with_plan


async def choose(year: Year, *names: str) -> object:
    """Choose chatbots to keep by their external ids."""
    account = await year.account("Client")
    rows = await year.db.fetch("select chatbot_id, external_id from chatbot")
    ids = {row["external_id"]: row["chatbot_id"] for row in rows}
    return await keep_chatbots(
        year.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        keep=[ids[name] for name in names],
        moment=year.engine.clock.moment(),
    )


async def down_to_two(year: Year, *kept: str) -> None:
    """4 chatbots on a plan of 5, which becomes one of 2 in May."""
    await client_with_plan(year, bots=4)
    small = await year.package("Agency", 900, credits=10, chatbots=2, interval="month")
    if kept:
        await choose(year, *kept)
    await year.change("Client", small)
    await year.until(MAY)


async def test_r31_chosen_before_the_period_ends(year: Year) -> None:
    """The newest is kept, so that the oldest beside it stays and the two between pause."""
    await down_to_two(year, "bot 3")
    states = {"bot 0": "active", "bot 1": "paused", "bot 2": "paused", "bot 3": "active"}
    assert await year.bots("Client") == states


async def test_r31_chosen_afterwards(year: Year) -> None:
    """Those that are kept take the seats at once; the number of seats is what it was."""
    await down_to_two(year)
    await choose(year, "bot 2", "bot 3")
    states = {"bot 0": "paused", "bot 1": "paused", "bot 2": "active", "bot 3": "active"}
    assert await year.bots("Client") == states
    assert (await year.chatbots("Client")).used == 2
    await choose(year)
    assert list((await year.bots("Client")).values()) == ["active", "active", "paused", "paused"]


async def test_r31_a_seat_that_comes_free_goes_to_a_paused_chatbot(year: Year) -> None:
    """A gift brings one back, a deletion another; a paused one that is deleted frees nothing."""
    await down_to_two(year)
    await year.stock("Agency", chatbots=1)
    await year.stock("Client", chatbots=1)
    assert list((await year.bots("Client")).values()) == ["active", "active", "active", "paused"]
    account = await year.account("Client")
    for name in ("bot 0", "bot 3"):
        chatbot_id = await year.db.fetchval(
            "select chatbot_id from chatbot where external_id = $1", name
        )
        await delete_chatbot(
            year.engine.ctx,
            tenant_id=account.tenant_id,
            account_id=account.account_id,
            chatbot_id=chatbot_id,
            moment=year.engine.clock.moment(),
        )
        assert (await year.chatbots("Client")).used == (3 if name == "bot 0" else 2)
    assert isinstance(await year.create_chatbot("Client", "bot 0"), ChatbotCreated)


async def test_r31_only_ones_own_chatbots_can_be_chosen(year: Year) -> None:
    """Anything else changes nothing."""
    await down_to_two(year)
    before = await year.bots("Client")
    account = await year.account("Agency")
    own = await year.db.fetchval("select chatbot_id from chatbot limit 1")
    answer = await keep_chatbots(
        year.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        keep=[own],
        moment=year.engine.clock.moment(),
    )
    assert answer == Missing(what="chatbot")
    assert await year.bots("Client") == before
