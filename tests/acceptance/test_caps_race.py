"""Caps that are raced for are never passed by one minor unit (R28): hundreds of charges of many accounts,
of their sellers too, in two processes, while a bank loses requests and replies and is slow.

The judge is the bank's journal: after no single movement of money was any cap passed, whatever became
known of it and when. And the caps are reached: who is refused could not have bought once more.

BRIMFUL_RACING_CHARGES=1000 has so many payments asked of the bank, as a rule it is a seventh of that.
"""

import os
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from brimful.db.transaction import Database
from brimful.domain.reason import Reason
from brimful.usecases.set_auto_billing import set_child_limit
from tests.builders.race_judge import check_caps, check_children, check_reached, delays
from tests.builders.racing import (
    BY_HAND,
    CAPS,
    COST,
    PACK,
    PLAN,
    PRICE,
    SMALL,
    Capped,
    PacedClock,
    Race,
    racing,
)

CHARGES = int(os.environ.get("BRIMFUL_RACING_CHARGES", "150"))
# One family of each sort asks for so many payments.
OF_A_SET = 150
SEED = 28
# Two days of a month, and one of the next on which plans that were bought on the first are due.
DAYS = (
    datetime(2027, 1, 30, 6, tzinfo=UTC),
    datetime(2027, 1, 31, 6, tzinfo=UTC),
    datetime(2027, 2, 28, 7, tzinfo=UTC),
)
HOUR, OUTAGE_OVER = timedelta(hours=1), timedelta(minutes=6)
# Business time begins so many times as fast as real time, so that the pauses of an outage are soon over;
# but each day's part of the race has to end within an hour of it: the race itself and what follows it.
PACE = 20 if CHARGES < 500 else 8
BOUND = (HOUR - OUTAGE_OVER) / 2
# A second of real time.
LATE = timedelta(seconds=PACE)


async def seller_with_caps(race: Race, number: int) -> None:
    """An agency that is capped by month and day, which its clients are not. They buy by hand as well,
    have plans that renew, and what they owe for little things is collected with the next charge."""
    agency = f"Seller {number}"
    await race.open(
        Capped(name=agency, least=COST, month=20 * COST - 1, day=12 * COST + 49),
        None,
        asks=True,
    )
    packages = await offers(race, agency)
    await race.world.stock(agency, credits=2 * PLAN[0])
    for child in range(2):
        client = Capped(name=f"{agency} client {child}", least=PRICE)
        await race.open(client, agency, asks=True, allowed=packages.pack)
        await race.world.buy(client.name, packages.plan)
        race.hands[client.name] = (packages.small, packages.by_hand, packages.small)


async def clients_with_caps(race: Race, number: int) -> None:
    """Clients with a cap each of its own sort, and an agency without."""
    agency = f"Free {number}"
    await race.open(Capped(name=agency, least=COST), None, asks=False)
    packages = await offers(race, agency)
    collecting = PRICE + SMALL[1]
    for capped in (
        Capped(name=f"Monthly {number}", least=collecting, month=7 * PRICE + SMALL[1] - 1),
        Capped(name=f"Daily {number}", least=collecting, day=4 * PRICE - 1),
        Capped(name=f"Hourly {number}", least=PRICE, hour=3),
        Capped(name=f"Pack by pack {number}", least=PRICE, charge=PRICE, month=5 * PRICE),
    ):
        await race.open(capped, agency, asks=True, allowed=packages.pack)
        small = () if capped.charge else (packages.small,)
        race.hands[capped.name] = (*small, packages.by_hand, *small)


async def limited_children(race: Race, number: int) -> None:
    """An agency that limits what each of its clients may make it pay, one of them its only client."""
    for agency, limits in (
        (f"Wary {number}", (5 * COST + 49, 3 * COST, 4 * COST - 1)),
        (f"Single {number}", (6 * COST + 1,)),
    ):
        await race.open(Capped(name=agency, least=COST), None, asks=False)
        if len(limits) == 1:
            # Of an only client the bank's journal alone knows what it made its seller pay.
            race.capped[agency] = Capped(name=agency, least=COST, month=limits[0])
        packages = await offers(race, agency)
        account = await race.world.account(agency)
        for child, limit in enumerate(limits):
            name = f"{agency} client {child}"
            await race.open(
                Capped(name=name, least=PRICE), agency, asks=True, allowed=packages.pack
            )
            race.child_limits[name] = limit
            await set_child_limit(
                race.world.engine.ctx,
                tenant_id=account.tenant_id,
                account_id=account.account_id,
                child_id=race.world.names[name],
                per_month_minor=limit,
            )


@dataclass(frozen=True, slots=True)
class Offered:
    """What an agency sells: a pack for auto-billing, and what only hands buy."""

    pack: UUID
    by_hand: UUID
    small: UUID
    plan: UUID


async def offers(race: Race, agency: str) -> Offered:
    """Publish the price list of an agency."""
    package = race.world.package
    return Offered(
        pack=await package(agency, PRICE, credits=PACK),
        by_hand=await package(agency, BY_HAND[1], credits=BY_HAND[0]),
        small=await package(agency, SMALL[1], credits=SMALL[0]),
        plan=await package(agency, PLAN[1], credits=PLAN[0], interval="month"),
    )


async def end_of(race: Race, day: datetime) -> None:
    """Nothing is spoilt any more, the pauses of outages are over: everybody asks until it is refused,
    and that is because a cap is reached, its own or its seller's."""
    assert race.clock.moment().at - day < BOUND
    race.clock.leap(race.clock.moment().at + OUTAGE_OVER)
    at = day.isoformat()
    refused = {name: await race.exhaust(name) for name in race.askers}
    await race.settle()
    for name, refusal in refused.items():
        if refusal.reason in CAPS:
            check_reached(race, name, at)
        else:
            assert refusal.reason == Reason.temporarily_unavailable, (name, refusal)
            seller = name.split(" client ")[0]
            limit = race.child_limits.get(name)
            if limit is None or seller.startswith("Single"):
                check_reached(race, seller, at)
            else:
                made = await check_children(race)
                assert limit - made.get((name, at[:7]), 0) < COST, (name, made)


@pytest.mark.timeout(900)
async def test_r28_caps_that_are_raced_for_are_reached_and_never_passed(
    db: Database, dsn: str, tmp_path: Path
) -> None:
    """By charge, hour, day and month, of buyers and sellers, and what a child may make its seller pay."""
    async with racing(dsn, tmp_path, seed=SEED, clock=PacedClock(DAYS[0], PACE, BOUND)) as race:
        for number in range(max(1, CHARGES // OF_A_SET)):
            await seller_with_caps(race, number)
            await clients_with_caps(race, number)
            await limited_children(race, number)
        for day in DAYS:
            race.clock.leap(day)
            await race.run()
            await end_of(race, day)
            check_caps(race)
            await check_children(race)
        effects = Counter(effect["kind"] for effect in race.world.desk.journal.effects())
        late = sum([delay > LATE for delay in await delays(race)])
        print(
            f"\n{effects['created']} payments, {effects['captured']} captured, {late} of them at "
            f"least a second before we knew; {effects['declined']} declined; caps of {len(check_caps(race))} "
            f"windows; told {dict(race.told)}; faults {dict(race.faults.done)}"
        )
    assert effects["created"] >= CHARGES
    assert late and effects["declined"] and race.faults.done["slow"]
    assert sum(race.told[cap] for cap in CAPS) >= len(DAYS)
