"""What is to be expected of an account: its burn rate, its run-out, its clients' renewals (R33)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from brimful.billing import accounts
from brimful.billing.needs import read_needs
from brimful.db.transaction import Transaction
from brimful.domain.forecast import HORIZON, Rate, RenewalNeed, burn_rate, need_of, run_out_at
from brimful.domain.moment import Moment
from brimful.ledger import balances
from brimful.ledger.usage import read_usage
from brimful.usecases.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is free now, how fast it is used, when it is expected to be used up (None: not within 60
    days), and what the renewals of the account's buyers need."""

    free: int
    rate: Rate
    run_out_at: datetime | None
    need_7_days: RenewalNeed
    need_30_days: RenewalNeed


async def forecast(ctx: Context, *, tenant_id: UUID, account_id: UUID, moment: Moment) -> Forecast:
    """The forecast of an account; changes nothing."""

    async def body(tx: Transaction) -> Forecast:
        return await forecast_in(tx, tenant_id, account_id, moment)

    return await ctx.db.run(body)


async def forecast_in(
    tx: Transaction, tenant_id: UUID, account_id: UUID, moment: Moment
) -> Forecast:
    """The forecast of an account, read in a transaction that is open."""
    at = moment.at
    account = await accounts.read_account(tx, tenant_id, account_id)
    assert account is not None
    usage = await read_usage(tx, tenant_id, account_id, since=account.created_at, at=at)
    needs = await read_needs(tx, tenant_id, account_id, at=at, until=at + HORIZON)
    credits, _ = await balances.read_stock_at(tx, tenant_id, account_id, at)
    free = credits.free - credits.overdrawn
    return Forecast(
        free=free,
        rate=burn_rate(usage, at),
        run_out_at=run_out_at(free=free, usage=usage, renewals_due=needs, at=at),
        need_7_days=need_of(needs, at=at, days=7),
        need_30_days=need_of(needs, at=at, days=30),
    )
