"""The promises of R14 to R18, each on a real database, a real bank and real HTTP between them."""

from brimful.domain.explanation import sentences
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import Bought, SpendDone
from tests.builders.world import World, small_world


async def test_r14_worked_example(world: World) -> None:
    """Pool 9,000; a plan of 10,000 is bought; $10.00 is charged; pool 11,000, then 1,000."""
    await small_world(world)
    await world.stock("Agency", credits=9_000)
    plan = await world.package("Agency", 9_900, credits=10_000, interval="month", name="Plan")

    answer = await world.buy("Client 1", plan)
    await world.settle()

    assert isinstance(answer, Bought)
    assert world.taken("platform") == [1_000]
    agency, client = await world.credits("Agency"), await world.credits("Client 1")
    assert (agency.free, agency.reserved, agency.received) == (1_000, 0, 11_000)
    assert client.free == 10_000
    [bought] = await world.purchases("Agency")
    assert bought["explanation"]["balances"] == {
        "before": 9_000,
        "granted": 11_000,
        "after": 1_000,
    }
    assert bought["explanation"]["shortage"] == {"credits": 1_000, "chatbots": 0}
    assert "1,000 credits were missing" in sentences(bought["explanation"])[0]
    assert [notice["kind"] for notice in await world.notices("Agency")] == ["auto_billed"]


async def test_r7_an_agencys_own_query_short_by_one_is_served(world: World) -> None:
    """A reply of 25 with a balance of 24 is short by one, and is served all the same."""
    await small_world(world, clients=0)
    await world.stock("Agency", credits=24)

    answer = await world.spend("Agency", 25)

    assert isinstance(answer, SpendDone)
    assert answer.balance_after == 1_999
    assert world.taken() == [1_000]


async def test_r8_r17_a_clients_query_cascades_to_both_cards(world: World) -> None:
    """The client's card is held, the agency buys, the client is charged, the query is served."""
    await small_world(world)

    answer = await world.spend("Client 1", 25)
    await world.settle()

    assert isinstance(answer, SpendDone)
    agency = await world.account("Agency")
    # 3,000 credits are missing in the agency's pool: two packs of 2,000.
    assert world.taken("platform") == [2_000]
    assert world.taken(agency.merchant_ref) == [2_500]
    assert (await world.credits("Agency")).free == 1_000
    assert (await world.credits("Client 1")).free == 2_975
    assert world.held_open() == []


async def test_r18_a_declined_agency_costs_the_client_nothing(world: World) -> None:
    """Neutral to the client, who is neither charged nor held; the agency's owner learns all."""
    await small_world(world)
    await world.card("Agency", "tok_lost_card")

    answer = await world.spend("Client 1", 25)
    await world.settle()

    assert isinstance(answer, Refuse)
    assert answer.reason is Reason.temporarily_unavailable
    assert world.taken() == []
    assert world.held_open() == []
    [notice] = await world.notices("Agency")
    assert notice["kind"] == "auto_billing_failed"
    assert "Client 1" in notice["body"]
    told = " ".join(n["body"] for n in await world.notices("Client 1"))
    assert "declined" not in told
    assert "$" not in told


async def test_r29_paused_refuses_at_once_and_a_new_card_resumes(world: World) -> None:
    """After a hard decline nothing is tried again, until the card is replaced."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_lost_card")
    first = await world.spend("Agency", 10)
    await world.settle()  # the cancellation follows the answer
    effects = len(world.desk.journal.effects())
    second = await world.spend("Agency", 10)
    assert isinstance(first, Refuse)
    assert first.reason is Reason.card_declined
    assert isinstance(second, Refuse)
    assert second.reason is Reason.auto_billing_paused
    assert len(world.desk.journal.effects()) == effects

    await world.card("Agency", "tok_success_2")
    assert isinstance(await world.spend("Agency", 10), SpendDone)
    assert "resumed" in [notice["kind"] for notice in await world.notices("Agency")]


async def test_r28_a_cap_holds_and_says_so(world: World) -> None:
    """A charge that would pass the month's cap is refused; nothing is charged; one notice of each kind."""
    await small_world(world, clients=0)
    await world.auto_billing("Agency", per_month_minor=2_500)
    assert isinstance(await world.spend("Agency", 4_000), SpendDone)

    answers = [await world.spend("Agency", 1_000) for _ in range(3)]

    assert world.taken() == [2_000]
    assert {a.reason for a in answers if isinstance(a, Refuse)} == {Reason.cap_per_month}
    kinds = [notice["kind"] for notice in await world.notices("Agency")]
    assert sorted(kinds) == ["auto_billed", "cap_80", "cap_reached"]


async def test_r5_r11_exactly_the_missing_chatbots(world: World) -> None:
    """Pool 5, a plan with 10: five are subscribed, the customer has 10, the pool 0."""
    await small_world(world)
    await world.stock("Agency", credits=100, chatbots=5)
    plan = await world.package(
        "Agency", 5_000, credits=100, chatbots=10, interval="month", name="Ten"
    )

    assert isinstance(await world.buy("Client 1", plan), Bought)
    await world.settle()

    assert world.taken("platform") == [2_500]
    assert (await world.chatbots("Agency")).free == 0
    assert (await world.chatbots("Client 1")).free == 10


async def test_r4_a_chatbot_uses_a_seat_and_is_never_bought_unasked(world: World) -> None:
    """Short of seats a chatbot is refused; with one it is created."""
    await small_world(world)
    refused = await world.create_chatbot("Client 1", "bot-1")
    assert isinstance(refused, Refuse)
    assert refused.reason is Reason.insufficient_chatbots
    await world.stock("Agency", chatbots=1)
    await world.stock("Client 1", chatbots=1)
    await world.create_chatbot("Client 1", "bot-1")
    assert (await world.chatbots("Client 1")).used == 1
    assert world.taken() == []
