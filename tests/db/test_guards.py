"""What the database refuses by itself, whoever writes: the last net below every use case."""

import asyncpg
import pytest

from brimful.usecases.answers import SpendDone
from tests.builders.world import World, small_world

# Each makes of rows that are right one that a rule forbids; the rule's guard has a name.
FORBIDDEN = {
    "r2_a_balance_below_zero": (
        "update balance set used = used + free + 1, free = -1 where free > 0",
        asyncpg.CheckViolationError,
        "balance_free_check",
    ),
    "r1_credits_from_nowhere": (
        "update balance set free = free + 1 where free > 0",
        asyncpg.CheckViolationError,
        "balance_check",
    ),
    "r17_more_reserved_than_asked_for": (
        "update demand set state = 'waiting', reserved_credits = credits + 1",
        asyncpg.CheckViolationError,
        "demand_check",
    ),
    "r19_two_open_auto_billings": (
        "update purchase set state = 'planned' where automatic",
        asyncpg.UniqueViolationError,
        "one_open_auto_billing",
    ),
    "r34_two_open_renewals": (
        "update purchase set state = 'planned', origin = 'renewal'",
        asyncpg.UniqueViolationError,
        "one_open_renewal",
    ),
    "r23_one_payment_of_two_charges": (
        "update charge set payment_id = (select min(payment_id) from charge)",
        asyncpg.UniqueViolationError,
        "charge_payment",
    ),
    "r22_two_charges_of_one_purchase": (
        "update charge set purchase_id = (select purchase_id from charge limit 1)",
        asyncpg.UniqueViolationError,
        "one_open_charge",
    ),
}


@pytest.mark.parametrize("forbidden", FORBIDDEN)
async def test_r19_r23_the_database_refuses_by_itself(world: World, forbidden: str) -> None:
    """Two auto-billings of one agency, done; then a statement that no use case makes."""
    await small_world(world, clients=0)
    for _ in range(2):
        assert isinstance(await world.spend("Agency", 1_990), SpendDone)
    statement, refusal, guard = FORBIDDEN[forbidden]
    with pytest.raises(refusal) as refused:
        await world.db.execute(statement)
    assert getattr(refused.value, "constraint_name", "").startswith(guard)
