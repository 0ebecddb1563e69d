"""Auto-billing settings, consents and per-child limits as records (R27, R28)."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from uuid import UUID

from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.brake import CHARGES, FACTOR
from brimful.domain.moment import Moment
from brimful.domain.planning import Strategy

_sql = partial(load, "brimful.billing")


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoBillingSetting:
    """What the owner chose. Limits in minor units of the seller's currency; None is no limit."""

    enabled: bool = False
    per_charge_minor: int | None = None
    per_hour_count: int | None = None
    per_day_minor: int | None = None
    per_month_minor: int | None = None
    strategy: Strategy = "best_cover"
    allowed_packages: list[UUID] | None = None
    buys_chatbots: bool = False
    release_chatbots: bool = False
    brake_charges: int = CHARGES
    brake_factor: int | None = FACTOR


async def read_setting(
    db: Transaction | Database, tenant_id: UUID, account_id: UUID
) -> AutoBillingSetting:
    """The setting of an account; off by default."""
    row = await db.fetchrow(_sql("read_setting"), tenant_id, account_id)
    return AutoBillingSetting() if row is None else AutoBillingSetting(**dict(row))


async def write_setting(
    tx: Transaction,
    tenant_id: UUID,
    account_id: UUID,
    setting: AutoBillingSetting,
    moment: Moment,
) -> None:
    """Write the setting of an account."""
    await tx.execute(
        _sql("write_setting"),
        tenant_id,
        account_id,
        setting.enabled,
        setting.per_charge_minor,
        setting.per_hour_count,
        setting.per_day_minor,
        setting.per_month_minor,
        setting.strategy,
        setting.allowed_packages,
        setting.buys_chatbots,
        setting.release_chatbots,
        moment.at,
        setting.brake_charges,
        setting.brake_factor,
    )


async def record_consent(
    tx: Transaction,
    *,
    tenant_id: UUID,
    account_id: UUID,
    enabled: bool,
    given_by: str,
    terms: str,
    monthly_limit: str,
    moment: Moment,
) -> None:
    """Add who switched what, when, and under which terms."""
    await tx.execute(
        _sql("record_consent"),
        tenant_id,
        new_id(),
        account_id,
        enabled,
        given_by,
        terms,
        monthly_limit,
        moment.at,
    )


async def write_child_limit(
    tx: Transaction, tenant_id: UUID, account_id: UUID, child_id: UUID, per_month_minor: int | None
) -> None:
    """Set or (with None) remove what a child may make its seller pay in a month."""
    if per_month_minor is None:
        await tx.execute(_sql("remove_child_limit"), tenant_id, account_id, child_id)
    else:
        await tx.execute(
            _sql("write_child_limit"), tenant_id, account_id, child_id, per_month_minor
        )


@dataclass(frozen=True, slots=True)
class EnabledBelow:
    """An account below a seller whose auto-billing is on; ``inactive_at`` is since when it is
    inactive, as its owner was told."""

    account_id: UUID
    inactive_at: datetime | None


async def read_enabled_below(
    tx: Transaction, tenant_id: UUID, account_id: UUID
) -> list[EnabledBelow]:
    """All below a seller that have auto-billing on, by id."""
    rows = await tx.fetch(_sql("read_enabled_below"), tenant_id, account_id)
    return [EnabledBelow(**dict(row)) for row in rows]


async def note_inactive(
    tx: Transaction, tenant_id: UUID, account_id: UUID, since: datetime | None
) -> None:
    """Note since when an account's auto-billing is inactive; None when it no longer is."""
    await tx.execute(_sql("note_inactive"), tenant_id, account_id, since)


async def read_mere_holds(
    tx: Transaction, tenant_id: UUID, account_id: UUID, by_hand: bool
) -> list[UUID]:
    """Automatic purchases of an account whose capture has not begun, and with ``by_hand`` those by
    hand as well."""
    rows = await tx.fetch(_sql("read_mere_holds"), tenant_id, account_id, by_hand)
    return [row["purchase_id"] for row in rows]


async def read_mere_holds_at(tx: Transaction, tenant_id: UUID, seller_id: UUID) -> list[UUID]:
    """Purchases from a seller, by whomever begun, whose capture has not begun."""
    rows = await tx.fetch(_sql("read_mere_holds_at"), tenant_id, seller_id)
    return [row["purchase_id"] for row in rows]
