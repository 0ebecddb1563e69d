"""What the engine's rows and the bank's journal say, in the form in which the model says it."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.histories.real import Real

_ROWS = """
    select
        (select json_agg(b) from balance b where tenant_id = $1) as balances,
        (select json_agg(l order by expires_at nulls last, lot_id) from lot l
         where tenant_id = $1 and free > 0) as lots,
        (select json_agg(s) from subscription s where tenant_id = $1) as subscriptions,
        (select json_agg(r) from receivable r where tenant_id = $1 and collected_by is null) as owed,
        (select count(*) from purchase where tenant_id = $1 and state not in ('delivered', 'failed'))
        + (select count(*) from demand where tenant_id = $1 and state in ('waiting', 'met'))
        + (select count(*) from spend where tenant_id = $1 and state = 'waiting') as open
"""


async def read_state(real: Real) -> Mapping[str, Any]:
    """What can be compared. Asserts that nothing is under way, here or at the bank."""
    row = await real.db.fetchrow(_ROWS, real.tenant)
    assert not row["open"], "something is under way"
    tables = {name: json.loads(row[name] or "[]") for name in ("balances", "lots", "subscriptions")}
    owed: dict[str, int] = {}
    for one in json.loads(row["owed"] or "[]"):
        owed[one["account_id"]] = owed.get(one["account_id"], 0) + one["amount_minor"]
    state: dict[str, Any] = {"paid": _paid(real)}
    for name, account in real.accounts.items():
        if not account.supply:
            state[name] = _of(account.account_id, tables, real.now)
            state[name]["owed"] = owed.get(str(account.account_id), 0)
    return state


def _of(account_id: UUID, tables: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    mine = {
        name: [one for one in rows if one["account_id"] == str(account_id)]
        for name, rows in tables.items()
    }
    credits, seats = sorted(mine["balances"], key=lambda one: one["resource"] != "credits")
    assert not credits["reserved"] + credits["held"] + seats["reserved"] + seats["held"]
    lots, lapsing = _lots(mine["lots"], credits["unsettled"], now)
    return {
        "credits": (
            credits["free"] - lapsing, credits["used"], credits["sold"],
            credits["lapsed"] + lapsing,
        ),
        "lots": dict(sorted(lots.items())),
        "chatbots": (seats["free"], seats["used"], seats["sold"]),
        "subscriptions": sorted(_subscription(one) for one in mine["subscriptions"]),
    }  # fmt: skip


def _lots(rows: list[dict[str, Any]], unsettled: int, now: datetime) -> tuple[dict[str, int], int]:
    """What is left of each end's lots once what was spent is taken from the soonest, and what of
    that has ended, which nobody has settled yet."""
    lots: dict[str, int] = {}
    lapsing = 0
    for row in rows:
        take = min(unsettled, row["free"])
        unsettled -= take
        left = row["free"] - take
        ends = None if row["expires_at"] is None else datetime.fromisoformat(row["expires_at"])
        if ends is not None and ends <= now:
            lapsing += left
        elif left:
            lots[str(ends)] = lots.get(str(ends), 0) + left
    assert not unsettled, "more was spent than the lots have"
    return lots, lapsing


def _subscription(row: dict[str, Any]) -> tuple[Any, ...]:
    due, wake, ends = (
        str(None if row[name] is None else datetime.fromisoformat(row[name]))
        for name in ("due_at", "wake_at", "period_ends_at")
    )
    return (
        row["kind"], row["credits"], row["chatbots"], row["recurring_minor"], row["state"], due,
        wake, ends, row["automatic"],
    )  # fmt: skip


def _paid(real: Real) -> dict[str, int]:
    """By the bank's journal: what each card of this history has paid; no hold is left on one."""
    effects = real.bank.journal.effects
    for effect in effects[real.seen :]:
        payment = real.bank.bank.payments[effect["payment"]]
        token = real.tokens.get(payment["method"])
        if token is None:
            continue
        if effect["kind"] == "held":
            real.held.add(effect["payment"])
        if effect["kind"] in ("captured", "canceled", "declined"):
            real.held.discard(effect["payment"])
        if effect["amount"]:
            real.paid[token] = real.paid.get(token, 0) + effect["amount"]
    real.seen = len(effects)
    assert not real.held, "a card is held for nothing"
    return dict(sorted(real.paid.items()))
