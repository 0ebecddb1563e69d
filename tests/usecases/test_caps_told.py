"""R28, R42: notices at 80 and 100 per cent of a cap are of what counts against it."""

from typing import Any

from brimful.usecases.answers import Bought, SpendDone
from tests.builders.world import World, small_world
from tests.usecases.test_caps_foreseen import limit_child


async def shares(world: World, name: str) -> list[dict[str, Any]]:
    """The notices of shares of caps to an account's owner."""
    told = await world.notices(name)
    return [one for one in told if one["kind"] in ("cap_80", "cap_100")]


async def test_r28_r42_what_a_charge_collects_besides_counts_in_the_notices(world: World) -> None:
    """45 cents owed from a purchase by hand and $7.60 bought automatically are $8.05 of $10.00: the
    owner is told at this purchase, for at the next one 80 per cent is no news any more."""
    await small_world(world)
    await world.stock("Agency", credits=10_000)
    small = await world.package("Agency", 45, credits=1)
    await world.package("Agency", 760, credits=1_000)
    await world.auto_billing("Client 1", per_month_minor=1_000)
    assert isinstance(await world.buy("Client 1", small), Bought)
    assert isinstance(await world.spend("Client 1", 100), SpendDone)
    await world.settle()
    assert world.taken((await world.account("Agency")).merchant_ref) == [805]
    [told] = await shares(world, "Client 1")
    assert told["kind"] == "cap_80"
    assert (told["facts"]["used_minor"], told["facts"]["limit_minor"]) == (805, 1_000)


async def test_r28_r42_the_limit_of_each_child_is_told_of(world: World) -> None:
    """Each of two clients makes the agency pay $10.00 of the $12.50 that it may cost: the agency hears
    of each by its name."""
    await small_world(world, clients=2)
    small = await world.package("Agency", 700, credits=100)
    for child in ("Client 1", "Client 2"):
        await limit_child(world, "Agency", child, 1_250)
    # The second finds 1,900 credits of the first pack of 2,000 left, and 100 missing.
    assert isinstance(await world.buy("Client 1", small), Bought)
    assert isinstance(await world.buy("Client 2", small, 20), Bought)
    await world.settle()
    assert world.taken("platform") == [1_000, 1_000]
    told = await shares(world, "Agency")
    assert [(one["kind"], one["subject_id"]) for one in told] == [
        ("cap_80", world.names["Client 1"]),
        ("cap_80", world.names["Client 2"]),
    ]
    assert told[0]["title"] == "80 per cent of your limit for Client 1 is used"
    assert told[1]["body"].startswith(
        "Auto-billing has used $10.00 of $12.50 for Client 2 this month."
    )
