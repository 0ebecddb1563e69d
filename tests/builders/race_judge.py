"""What a race came to, judged by the bank's own journal: who was charged what, in which window (R28)."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.builders.racing import PACK, Capped, Race

_SHARES = """
    select a.name, l.per_month_minor as may, c.payment_id, p.amount_minor, d.allocated_minor,
           to_char(p.planned_at at time zone 'UTC', 'YYYY-MM') as month
    from purchase_demand d
    join purchase p on p.tenant_id = d.tenant_id and p.purchase_id = d.purchase_id
    join charge c on c.tenant_id = p.tenant_id and c.purchase_id = p.purchase_id
    join account a on a.account_id = d.child_id
    left join child_limit l on l.tenant_id = d.tenant_id and l.child_id = d.child_id
    where p.automatic
"""


@dataclass(frozen=True, slots=True)
class Charge:
    """One automatic charge that the bank captured: who paid it, and when it was asked for."""

    payer: str
    payment_id: str
    at: str
    minor: int


def captured(race: Race) -> Iterator[Charge]:
    """The automatic charges in the order in which the bank took the money. What was sold is in the
    text that the payer sees: what only hands buy is no multiple of what auto-billing buys."""
    bank, asked_at = race.world.desk.bank, {}
    for effect in race.world.desk.journal.effects():
        payment = bank.payments[effect["payment"]]
        if effect["kind"] == "created":
            asked_at[payment["id"]] = effect["at"]
        if effect["kind"] == "captured" and int(payment["description"].split()[0]) % PACK == 0:
            card = bank.methods[payment["method"]]["fingerprint"]
            yield Charge(race.cards[card], payment["id"], asked_at[payment["id"]], effect["amount"])


def windows(capped: Capped, at: str) -> Iterator[tuple[str, int, bool]]:
    """The windows that a charge counts in: a name, what the cap is, whether charges are counted.
    A part of a race takes less than an hour, and no two of them are on one day."""
    day = at[:10]
    for kind, limit, counts in (
        (day[:7], capped.month, False),
        (day, capped.day, False),
        (f"hour of {day}", capped.hour, True),
    ):
        if limit is not None:
            yield kind, limit, counts


def check_caps(race: Race) -> dict[tuple[str, str], int]:
    """After no single charge was any cap passed; returns what each window of each account came to."""
    spent: Counter[tuple[str, str]] = Counter()
    for charge in captured(race):
        capped = race.capped[charge.payer]
        assert capped.charge is None or charge.minor <= capped.charge, charge
        for window, limit, counts in windows(capped, charge.at):
            spent[capped.name, window] += 1 if counts else charge.minor
            assert spent[capped.name, window] <= limit, (charge, window, limit)
    return dict(spent)


def check_reached(race: Race, name: str, at: str) -> None:
    """An account that is refused could not have bought once more: what one of its caps has left is
    less than that costs. Raises AssertionError otherwise, or when it has no cap."""
    spent, capped = check_caps(race), race.capped[name]
    left = [
        limit - spent.get((name, window), 0) < (1 if counts else capped.least)
        for window, limit, counts in windows(capped, at)
    ]
    assert any(left), (capped, spent, at)


async def check_children(race: Race) -> dict[tuple[str, str], int]:
    """What each child made its seller pay in a month, by the shares of what the bank captured: the
    shares of a charge are the charge, and none passes the child's limit (R13, R28)."""
    money = {charge.payment_id: charge.minor for charge in captured(race)}
    shares: defaultdict[str, int] = defaultdict(int)
    made: Counter[tuple[str, str]] = Counter()
    for row in await race.world.db.fetch(_SHARES):
        if row["payment_id"] not in money:
            continue
        shares[row["payment_id"]] += row["allocated_minor"]
        made[row["name"], row["month"]] += row["allocated_minor"]
        assert row["may"] is None or made[row["name"], row["month"]] <= row["may"], dict(row)
    assert all(money[payment] >= minor for payment, minor in shares.items())
    return dict(made)


async def delays(race: Race) -> list[timedelta]:
    """Of each charge, how long the bank had the money before we knew, in business time."""
    taken = {
        effect["payment"]: datetime.fromisoformat(effect["at"])
        for effect in race.world.desk.journal.effects()
        if effect["kind"] == "captured"
    }
    rows = await race.world.db.fetch(
        "select payment_id, captured_at from charge where captured_at is not null"
    )
    return [row["captured_at"] - taken[row["payment_id"]] for row in rows]
