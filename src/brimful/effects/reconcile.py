"""Reconciling: the gateway's payments and our charges, compared both ways and mended where the
difference proves what is to be done (R24)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from brimful.billing import disconnections
from brimful.billing.reconciling import list_charges_at, list_gateway_accounts
from brimful.domain.disconnection import Connected, Disconnected
from brimful.domain.effect import Effect
from brimful.domain.payment import Canceled, NotFound, Refused, Unknown, Unreachable
from brimful.domain.payment_record import PaymentRecord
from brimful.domain.reconciling import (
    TAKEN,
    Difference,
    OurCharge,
    Repair,
    Trouble,
    compare,
)
from brimful.effects.drive import Driver
from brimful.effects.read_records import PAUSES_S, NotListed, Rest, read_records
from brimful.gateways.records import Records
from brimful.usecases.record_connection import record_connection
from brimful.usecases.record_payment import record_payment

# The gateway's clock and ours, and the moment between an intent and its payment, may differ by this.
MARGIN = timedelta(hours=1)

Outcome = Literal["recorded", "canceled", "person", "no_answer"]


class NoRecords(ConnectionError):
    """The gateway gave the records of no account; nothing was compared and nothing changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference and what became of it; ``trouble`` says what a person has to look at."""

    gateway_account: str
    difference: Difference
    outcome: Outcome
    trouble: Trouble | None = None


@dataclass(slots=True, kw_only=True)
class Report:
    """What was compared, and every difference that was found."""

    since: datetime
    before: datetime
    accounts: int = 0
    charges: int = 0
    payments: int = 0
    findings: list[Finding] = field(default_factory=list)
    # The sellers' accounts that are closed to us, whose payments could not be compared.
    closed: list[str] = field(default_factory=list)
    # The accounts whose payments the gateway did not list, and why: they are to be compared another time.
    unread: dict[str, str] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()

    @property
    def needs_person(self) -> bool:
        """Something could not be settled: it is a person's, or the gateway gave no answer, or an
        account is closed to us or was not listed."""
        unsettled = (one.outcome in ("person", "no_answer") for one in self.findings)
        return bool(self.closed) or bool(self.unread) or any(unsettled)


async def reconcile(
    driver: Driver,
    records: Records,
    *,
    since: datetime,
    before: datetime,
    seen: Callable[[str, int], None],
    rest: Rest = asyncio.sleep,
) -> Report:
    """Compare all payments made from ``since`` on and earlier than ``before``, account by account.

    ``seen`` is told each account's name and how many payments were read so far; ``rest`` waits so many
    seconds before a page that brought no answer is asked for again. May be repeated at any time,
    beside servers and workers: what it mends, it mends as they do. An account that is closed to us is
    told of and passed over; that one is, or is so no more, is recorded (R10). One that the gateway does
    not list keeps no other from being compared, and is told of. Returns the report, with the effects
    that follow. Raises NoRecords when not one account was listed, so that nothing changed.
    """
    report = Report(since=since, before=before)
    pauses_s = PAUSES_S
    for account in await list_gateway_accounts(driver.ctx.db, driver.ctx.gateway):
        report.accounts += 1
        asked = driver.now().real_at
        theirs = await read_records(
            records,
            account,
            since=since - MARGIN,
            before=before + MARGIN,
            seen=seen,
            pauses_s=pauses_s,
            rest=rest,
        )
        # While a gateway is away, each of a thousand accounts would be waited for as long as the first.
        away = isinstance(theirs, NotListed) and not theirs.answers
        pauses_s = PAUSES_S[:1] if away else PAUSES_S
        if isinstance(theirs, NotListed):
            report.unread[account] = theirs.why
            continue
        closed = isinstance(theirs, Disconnected)
        report.effects += await _learn_of_account(driver, account, closed, asked)
        if isinstance(theirs, Disconnected):
            report.closed.append(account)
            continue
        report.payments += len(theirs)
        await _compare_account(driver, account, theirs, report)
    if len(report.unread) == report.accounts:
        raise _no_records(report)
    return report


def _no_records(report: Report) -> NoRecords:
    account, why = next(iter(report.unread.items()))
    more = f", nor of {report.accounts - 1:,} more" if report.accounts > 1 else ""
    return NoRecords(f"the gateway did not list the payments of {account}{more} ({why})")


async def _learn_of_account(
    driver: Driver, account: str, closed: bool, asked: datetime
) -> tuple[Effect, ...]:
    """The list was given, or refused, at an instant of real time: what that says of the account."""
    ours = await disconnections.find_by_merchant(driver.ctx.db, account)
    if ours is None or ours.supply or (not closed and ours.since_at is None):
        return ()
    return await record_connection(
        driver.ctx,
        tenant_id=ours.tenant_id,
        seller_id=ours.account_id,
        outcome=Disconnected() if closed else Connected(),
        asked_real_at=asked,
        moment=driver.now(),
    )


async def _compare_account(
    driver: Driver, account: str, theirs: list[PaymentRecord], report: Report
) -> None:
    ours = await _ours(driver, account, report)
    report.charges += len(ours)
    expected = frozenset(
        charge.charge_id for charge in ours if report.since <= charge.created_at < report.before
    )
    for difference in compare(ours, theirs, expected=expected):
        found = await _settle(driver, account, difference, report)
        if found is not None:
            report.findings.append(found)


async def _ours(driver: Driver, account: str, report: Report) -> list[OurCharge]:
    """Ours of a span that is wider still, so that each payment of theirs finds its charge."""
    return await list_charges_at(
        driver.ctx.db,
        driver.ctx.gateway,
        account,
        since=report.since - 2 * MARGIN,
        before=report.before + 2 * MARGIN,
    )


async def _settle(
    driver: Driver, account: str, difference: Difference, report: Report
) -> Finding | None:
    """What became of a difference; None when a look at it brought nothing new."""
    verdict, payment_id = difference.verdict, difference.payment_id
    outcome: Outcome = "person"
    trouble: Trouble | None = None
    if isinstance(verdict, Trouble):
        trouble = verdict
    elif verdict is Repair.cancel:
        assert payment_id is not None
        outcome, trouble = await _cancel(driver, account, payment_id)
    else:
        outcome, trouble = await _record(driver, account, difference, report)
        if verdict is Repair.look and trouble is Trouble.refund_differs:
            return None
    return Finding(gateway_account=account, difference=difference, outcome=outcome, trouble=trouble)


async def _cancel(driver: Driver, account: str, payment_id: str) -> tuple[Outcome, Trouble | None]:
    """Cancel what nobody waits for. Should it have been taken meanwhile, a person decides."""
    answer = await driver.gateway.cancel(
        account_ref=account,
        payment_id=payment_id,
        idempotency_key=f"cancel-{account}-{payment_id}",
    )
    if isinstance(answer, Canceled):
        return "canceled", None
    if isinstance(answer, Unknown | Unreachable | Refused | NotFound):
        return "no_answer", None
    return "person", Trouble.captured_without_grant


async def _record(
    driver: Driver, account: str, difference: Difference, report: Report
) -> tuple[Outcome, Trouble | None]:
    """Read the payment afresh and record what is so, as for an event (R45)."""
    charge = difference.charge
    assert charge is not None and charge.payment_id is not None
    answer = await driver.gateway.look_up(account_ref=account, payment_id=charge.payment_id)
    if isinstance(answer, NotFound):
        return "person", Trouble.not_at_gateway
    if isinstance(answer, Unknown | Unreachable):
        return "no_answer", None
    report.effects += await record_payment(
        driver.ctx,
        tenant_id=charge.tenant_id,
        purchase_id=charge.purchase_id,
        outcome=answer,
        moment=driver.now(),
    )
    refund_unknown = difference.theirs is not None and charge.state in TAKEN
    if refund_unknown and charge in await _ours(driver, account, report):
        return "person", Trouble.refund_differs
    return "recorded", None
