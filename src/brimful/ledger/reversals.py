"""Credits that refunds and disputes take back, set aside and give again, line by line (R25)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment
from brimful.domain.refunds import PaidLine, Wanted
from brimful.domain.reversal import Change, LotState, change, to_restore
from brimful.ledger.transfers import return_credits

_sql = partial(load, "brimful.ledger")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """A delivered purchase, as the books see it: who sold what to whom."""

    tenant_id: UUID
    purchase_id: UUID
    buyer_id: UUID
    seller_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line that brought credits, its lot, and what could not be done to it so far; of what is
    ``missing``, ``cleared`` was let go by the seller."""

    paid: PaidLine
    lot_id: UUID
    lot: LotState
    missing: int
    unfrozen: int
    owed: int
    cleared: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversed:
    """What a reversal did, in credits: given to the seller, given again to the buyer or set free for
    him, set aside; what the buyer owes now and owed before (``missing``), or would if what is open were
    lost (``lacking``); and what of it the seller has not let go (``debt``)."""

    taken: int = 0
    restored: int = 0
    frozen: int = 0
    freed: int = 0
    missing_before: int = 0
    missing: int = 0
    debt: int = 0
    lacking_before: int = 0
    lacking: int = 0


async def read_lines(tx: Transaction, sale: Sale, moment: Moment) -> list[Line]:
    """The lines of a delivered purchase that brought credits; the buyer's pool is locked, and is
    settled by this."""
    await tx.execute(_sql("settle"), sale.tenant_id, sale.buyer_id, moment.at)
    rows = await tx.fetch(_sql("read_paid_lines"), sale.tenant_id, sale.purchase_id)
    return [
        Line(
            paid=PaidLine(line=row["line"], credits=row["credits"], price_minor=row["price_minor"]),
            lot_id=row["lot_id"],
            lot=LotState(
                free=row["free"],
                frozen=row["frozen"],
                taken=row["taken"],
                otherwise=row["returned"] - row["taken"],
                lapsed=row["lapsed"],
            ),
            missing=row["missing"],
            unfrozen=row["unfrozen"],
            owed=row["owed"],
            cleared=row["cleared"],
        )
        for row in rows
    ]


async def reverse(
    tx: Transaction, sale: Sale, asked: Mapping[int, Wanted], moment: Moment
) -> Reversed:
    """Bring the credits of each line to what is ``asked``, as far as they are there. The pools of
    buyer and seller are locked. Asked again for the same, nothing moves."""
    done = Reversed()
    for line in await read_lines(tx, sale, moment):
        wanted = asked[line.paid.line]
        restored = await _restore(tx, sale, line, to_restore(line.lot, wanted), moment)
        lot = await _read_again(tx, sale, line, restored, moment) if restored else line.lot
        what = change(lot, wanted, line.cleared)
        await _apply(tx, sale, line, what, moment)
        await _write(tx, sale, line, what, restored, moment)
        done = _and(done, line, what, restored)
    return done


async def find_owed(db: Database, limit: int) -> list[Sale]:
    """Purchases whose buyers are due credits that their sellers have again, or lack credits that have
    come free."""
    rows = await db.fetch(_sql("find_owed"), limit)
    return [Sale(**dict(row)) for row in rows]


async def lack_credits(tx: Transaction, tenant_id: UUID, account_id: UUID) -> bool:
    """Whether refunds or disputes still take, or set aside, credits that an account has free."""
    return bool(await tx.fetchval(_sql("lacks_credits"), tenant_id, account_id))


async def _restore(tx: Transaction, sale: Sale, line: Line, credits: int, moment: Moment) -> int:
    if not credits:
        return 0
    return int(
        await tx.fetchval(
            _sql("restore_credits"),
            sale.tenant_id,
            new_id(),
            line.lot_id,
            credits,
            sale.purchase_id,
            moment.at,
        )
    )


async def _read_again(
    tx: Transaction, sale: Sale, line: Line, restored: int, moment: Moment
) -> LotState:
    """The lot after what came back to it, some of which may have lapsed at once."""
    lots = {one.lot_id: one.lot for one in await read_lines(tx, sale, moment)}
    return replace(lots[line.lot_id], taken=line.lot.taken - restored, otherwise=line.lot.otherwise)


async def _apply(tx: Transaction, sale: Sale, line: Line, what: Change, moment: Moment) -> None:
    for credits, frozen in ((what.take_frozen, True), (what.take_free, False)):
        if credits:
            await return_credits(
                tx,
                tenant_id=sale.tenant_id,
                lot_id=line.lot_id,
                credits=credits,
                operation_id=sale.purchase_id,
                moment=moment,
                frozen=frozen,
            )
    if what.freeze:
        await tx.execute(
            _sql("freeze_credits"),
            sale.tenant_id,
            line.lot_id,
            what.freeze,
            sale.purchase_id,
            moment.at,
        )


async def _write(
    tx: Transaction, sale: Sale, line: Line, what: Change, restored: int, moment: Moment
) -> None:
    taken = line.lot.taken - restored + what.take_frozen + what.take_free
    frozen = line.lot.frozen - what.take_frozen + what.freeze
    now = (taken, frozen, what.missing, what.unfrozen, what.owed)
    before = (line.lot.taken, line.lot.frozen, line.missing, line.unfrozen, line.owed)
    if now != before:
        await tx.execute(
            _sql("write_reversal"),
            sale.tenant_id,
            sale.purchase_id,
            line.paid.line,
            new_id(),
            sale.buyer_id,
            sale.seller_id,
            line.lot_id,
            *now,
            moment.at,
        )


def _and(done: Reversed, line: Line, what: Change, restored: int) -> Reversed:
    """What was done so far, and to this line."""
    return Reversed(
        taken=done.taken + what.take_frozen + what.take_free,
        restored=done.restored + restored,
        frozen=done.frozen + max(0, what.freeze),
        freed=done.freed + max(0, -what.freeze),
        missing_before=done.missing_before + line.missing,
        missing=done.missing + what.missing,
        debt=done.debt + max(0, what.missing - line.cleared),
        lacking_before=done.lacking_before + line.missing + line.unfrozen,
        lacking=done.lacking + what.missing + what.unfrozen,
    )
