"""R33: credits bought before they are missing, by the same path and within the same limits as all."""

from datetime import timedelta
from typing import Any

from brimful.domain.explanation import sentences
from brimful.domain.moment import Moment
from brimful.domain.reason import Reason, Refuse
from brimful.usecases.answers import SpendDone
from brimful.usecases.buy_ahead import LOOK, buy_ahead
from brimful.usecases.set_buy_ahead import AheadSet, Consent, set_forecast, set_threshold
from brimful.usecases.steps import Step
from tests.builders.held import held_at
from tests.builders.world import World, small_world

OWNER = Consent(given_by="Owner", terms="Fill my pool before it is empty.")


async def threshold(
    world: World, name: str, at: int | None, to: int | None, consent: Consent = OWNER
) -> Any:
    """Set an account's threshold and target, and look at it at once, as the API does."""
    account = await world.account(name)
    answer = await set_threshold(
        world.engine.ctx, tenant_id=account.tenant_id, account_id=account.account_id,
        threshold_credits=at, target_credits=to, consent=consent,
        moment=world.engine.clock.moment(),
    )  # fmt: skip
    if isinstance(answer, AheadSet):
        world.engine.run(answer.effects)
    await world.settle()
    return answer


async def forecasts(world: World, name: str, *, enabled: bool = True, **more: Any) -> Any:
    """Switch an account's forecast."""
    account = await world.account(name)
    return await set_forecast(
        world.engine.ctx, tenant_id=account.tenant_id, account_id=account.account_id,
        enabled=enabled, renewals=more.get("renewals", False), consent=more.get("consent", OWNER),
        moment=world.engine.clock.moment(),
    )  # fmt: skip


async def look(world: World) -> None:
    """One scan of the worker, and all that follows."""
    await world.engine.take_up_due_work()
    await world.settle()


async def kinds(world: World, name: str) -> list[str]:
    """The kinds of an account's notices."""
    return [notice["kind"] for notice in await world.notices(name)]


async def test_r33_below_the_threshold_it_buys_to_the_target(world: World) -> None:
    """1,500 free, threshold 1,000, target 5,000: after a spend of 600, 4,100 are missing to the target;
    three packs of 2,000 in one charge, explained; above the threshold nothing happens."""
    await small_world(world, clients=0)
    await world.stock("Agency", credits=1_500)
    assert isinstance(await threshold(world, "Agency", 1_000, 5_000), AheadSet)
    await world.spend("Agency", 500)
    await look(world)
    assert world.taken() == []

    assert isinstance(await world.spend("Agency", 100), SpendDone)
    await look(world)

    assert world.taken() == [3_000]
    assert (await world.credits("Agency")).free == 6_900
    [bought] = await world.purchases("Agency")
    assert (bought["trigger_kind"], bought["origin"]) == ("threshold", "auto_billing")
    told = sentences(bought["explanation"])
    assert told[0] == (
        "The pool had 900 credits free, fewer than the threshold of 1,000; 4,100 were missing to the "
        "target of 5,000."
    )
    assert told[-1] == "Credits in the pool: 900 → 6,900 → 6,900."
    [notice] = await world.notices("Agency")
    assert notice["kind"] == "auto_billed"
    assert notice["body"].startswith("Your pool had fallen below your threshold, so 6,000 credits")
    await look(world)
    assert world.taken() == [3_000]


async def test_r33_each_half_has_a_consent_of_its_own(world: World) -> None:
    """Off by default; who, when and the terms are kept for each; taking one back leaves the other."""
    await small_world(world, clients=0)
    await world.stock("Agency", credits=100)
    await look(world)
    assert world.taken() == []
    await threshold(world, "Agency", 50, 60)
    await forecasts(world, "Agency", renewals=True)
    await threshold(world, "Agency", None, None, Consent(given_by="Deputy", terms=""))

    rows = await world.db.fetch(
        "select what, enabled, figures, given_by, terms from consent where account_id = $1 "
        "order by consent_id", world.names["Agency"],
    )  # fmt: skip
    assert [(row["what"], row["enabled"], row["given_by"]) for row in rows] == [
        ("auto_billing", True, "Owner of Agency"),
        ("threshold", True, "Owner"),
        ("forecast", True, "Owner"),
        ("threshold", False, "Deputy"),
    ]
    assert rows[1]["figures"] == {"threshold_credits": 50, "target_credits": 60}
    assert rows[2]["figures"] == {"forecast": True, "renewals": True}
    assert rows[1]["terms"] == OWNER.terms
    kept = await world.db.fetchrow("select * from buy_ahead")
    assert (kept["threshold_credits"], kept["forecast"], kept["renewals"]) == (None, True, True)


async def test_r33_it_needs_a_seller_auto_billing_a_card_and_a_name(world: World) -> None:
    """Refused otherwise, each with its reason, and nothing is written; switching off is not."""
    await small_world(world)
    nobody = Consent(given_by=" ", terms="")
    answers = [
        await threshold(world, "Client 1", 5, 9),
        await forecasts(world, "Client 1", enabled=False),
        await threshold(world, "Agency", 5, 9, nobody),
        await forecasts(world, "Agency", consent=nobody),
    ]
    await world.auto_billing("Agency", enabled=False)
    answers.append(await forecasts(world, "Agency"))
    await world.auto_billing("Agency")
    await world.db.execute("update payment_method set removed_at = created_at")
    answers.append(await threshold(world, "Agency", 5, 9))

    assert [one.reason for one in answers if isinstance(one, Refuse)] == [
        Reason.seller_cannot_sell, Reason.seller_cannot_sell, Reason.name_required,
        Reason.name_required, Reason.auto_billing_off, Reason.no_payment_method,
    ]  # fmt: skip
    assert await world.db.fetchval("select count(*) from buy_ahead") == 0
    assert isinstance(await forecasts(world, "Agency", enabled=False), AheadSet)


async def test_r27_r33_switched_off_nothing_is_bought_ahead(world: World) -> None:
    """The one switch stops it all; on again, what was agreed to holds again."""
    await small_world(world, clients=0)
    await world.stock("Agency", credits=2_000)
    await threshold(world, "Agency", 1_000, 1_000)
    await world.auto_billing("Agency", enabled=False)
    await world.spend("Agency", 1_500)
    await look(world)
    assert world.taken() == []
    await world.auto_billing("Agency")
    await look(world)
    assert world.taken() == [1_000]


async def test_r28_r33_a_cap_stops_it_and_is_told_once(world: World) -> None:
    """5,000 to the target cost $30.00, the limit is $25.00: nothing is charged or refused to anybody;
    one notice, and no other try before the next look."""
    await small_world(world, clients=0)
    await world.auto_billing("Agency", per_month_minor=2_500)
    await threshold(world, "Agency", 1_000, 5_000)
    for _ in range(3):
        await look(world)
    assert world.taken() == []
    assert await kinds(world, "Agency") == ["cap_reached"]
    account = await world.account("Agency")
    row = await world.db.fetchrow("select look_at, retry_at from buy_ahead")
    assert row["retry_at"] == row["look_at"] > world.engine.clock.moment().at

    await world.auto_billing("Agency", per_month_minor=5_000)
    later = world.engine.clock.moment()
    later = Moment(at=later.at + LOOK, real_at=later.real_at)
    effects = await buy_ahead(
        world.engine.ctx, tenant_id=account.tenant_id, account_id=account.account_id, moment=later
    )
    world.engine.run(effects)
    await world.settle()
    assert world.taken() == [3_000]


async def test_r29_r33_a_decline_pauses_it_and_the_owner_is_told(world: World) -> None:
    """As any auto-billing that is declined; paused, nothing is tried again."""
    await small_world(world, clients=0)
    await world.card("Agency", "tok_lost_card")
    await threshold(world, "Agency", 1_000, 2_000)
    await look(world)
    tried = len(world.desk.journal.effects())
    await world.db.execute("update buy_ahead set retry_at = '-infinity'")
    await look(world)
    assert world.taken() == []
    assert len(world.desk.journal.effects()) == tried
    assert await kinds(world, "Agency") == ["auto_billing_failed"]


async def test_r19_r33_one_auto_billing_at_a_time(world: World) -> None:
    """While one is open nothing is bought ahead, whoever asks; two lookers at once make one charge."""
    await small_world(world, clients=0)
    account = await world.account("Agency")
    ids = {"tenant_id": account.tenant_id, "account_id": account.account_id}
    async with held_at(Step.before_create) as held:
        answer = await set_threshold(
            world.engine.ctx, **ids, threshold_credits=1_000, target_credits=1_500,
            consent=OWNER, moment=world.engine.clock.moment(),
        )  # fmt: skip
        assert isinstance(answer, AheadSet)
        world.engine.run(answer.effects)
        await held.arrived.wait()
        moment = world.engine.clock.moment()
        assert await buy_ahead(world.engine.ctx, **ids, moment=moment) == ()
        await world.engine.take_up_due_work()
        held.go.set()
        await world.settle()
    assert world.taken() == [1_000]
    assert len(await world.purchases("Agency")) == 1


async def test_r17_r18_r33_a_chain_that_cannot_furnish_it_charges_nobody(world: World) -> None:
    """The agency above has no card: its sub-agency buys nothing ahead, hears nothing of why, and the
    agency's owner learns who needs what."""
    await small_world(world, clients=0)
    await world.open("Branch", "Agency", sells=True)
    await world.card("Branch")
    await world.auto_billing("Branch")
    await world.db.execute(
        "update payment_method set removed_at = created_at where account_id = $1",
        world.names["Agency"],
    )
    await threshold(world, "Branch", 1_000, 3_000)
    assert world.taken() == []
    assert world.held_open() == []
    [told] = await world.notices("Branch")
    assert told["facts"]["reason"] == "temporarily_unavailable"
    [waiting] = await world.notices("Agency")
    assert waiting["kind"] == "client_waiting" and "Branch needed 3,000 credits" in waiting["body"]


async def test_r33_a_cascade_buys_ahead_at_every_level(world: World) -> None:
    """A sub-agency's threshold is a purchase like any other: its seller buys what it lacks first."""
    await small_world(world, clients=0)
    await world.open("Branch", "Agency", sells=True)
    await world.card("Branch")
    await world.auto_billing("Branch")
    await threshold(world, "Branch", 1_000, 3_000)
    assert (await world.credits("Branch")).free == 3_000
    assert world.taken("platform") == [2_000]
    assert (await world.credits("Agency")).free == 1_000


async def test_r33_r36_what_has_lapsed_is_not_counted(world: World) -> None:
    """2,000 are there on paper and have ended: the look sees it without any spend."""
    await small_world(world, clients=0)
    await world.stock("Agency", credits=2_000)
    await threshold(world, "Agency", 1_000, 1_000)
    assert world.taken() == []
    soon = world.engine.clock.moment().at - timedelta(seconds=1)
    await world.db.execute("update lot set expires_at = $1 where free > 0", soon)
    await world.db.execute("update balance set next_expiry_at = $1 where free > 0", soon)
    await look(world)
    assert world.taken() == [1_000]
    assert (await world.credits("Agency")).lapsed == 2_000
