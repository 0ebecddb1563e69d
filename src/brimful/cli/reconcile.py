"""What ``brimful reconcile`` does: compare, mend what is proved, list what is for a person (R24)."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from brimful.cli.database import kept_database
from brimful.cli.errors import BadInput
from brimful.cli.progress import instant
from brimful.cli.serve import beside
from brimful.domain.money import format_money
from brimful.effects.reconcile import Finding, Report, reconcile
from brimful.runtime import engine_of
from brimful.settings import Settings

DAYS_MAX = 365
_CLOSED = "is closed to us. None of its clients is charged until its owner connects it again."
_UNREAD = "was not listed by the gateway"
_NOT_THIS_ONE = "the gateway keeps no list of payments to compare with"
TITLES = {
    "captured_without_grant": "money was taken for a purchase that failed: refund it at the gateway",
    "captured_twice": "money was taken twice for one purchase: refund the second at the gateway",
    "captured_unknown": "money was taken that this database knows nothing of: was it restored to an "
    "earlier time, or is it not the right one?",
    "open_unknown": "a card is held that this database knows nothing of",
    "not_at_gateway": "we have a payment that the gateway does not have",
    "not_captured": "credits were granted, and the gateway took no money for them",
    "amount_differs": "the gateway took another amount than was granted for",
    "refund_differs": "the gateway gave back another amount than we recorded",
}
OUTCOMES = {
    "recorded": "recorded",
    "canceled": "cancelled at the gateway",
    "no_answer": "the gateway gave no answer: run this again",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A report, for people and for scripts."""

    report: Report

    @property
    def status(self) -> int:
        """The exit status: 1 when something needs a person, or the gateway gave no answer, be it of
        a whole account."""
        return 1 if self.report.needs_person else 0

    def plain(self) -> dict[str, Any]:
        """For ``--json``."""
        report = self.report
        return {
            "since": report.since.isoformat(),
            "before": report.before.isoformat(),
            "gateway_accounts": report.accounts,
            "charges": report.charges,
            "payments": report.payments,
            "closed_accounts": report.closed,
            "unread_accounts": [
                {"gateway_account": account, "why": why} for account, why in report.unread.items()
            ],
            "findings": [_plain(finding) for finding in report.findings],
        }

    def show(self) -> None:
        """For people."""
        console = Console(highlight=False, markup=False)
        report = self.report
        console.print(
            f"{report.charges:,} charges and {report.payments:,} payments of {report.accounts:,} "
            f"gateway accounts, made from {instant(report.since)} to {instant(report.before)}.",
            soft_wrap=True,
        )
        persons = [one for one in report.findings if one.outcome in ("person", "no_answer")]
        mended = [one for one in report.findings if one.outcome not in ("person", "no_answer")]
        for account in report.closed:
            console.print(f"Not compared: {account} {_CLOSED}", soft_wrap=True)
        for account, why in report.unread.items():
            console.print(f"Not compared: {account} {_UNREAD} ({why}).", soft_wrap=True)
        if report.unread:
            console.print("Run this again for what was not listed.")
        if mended:
            console.print(f"Mended: {len(mended):,}")
            console.print(_table(mended))
        if persons:
            console.print(f"For a person: {len(persons):,}")
            console.print(_table(persons))
            for trouble in sorted({str(one.trouble) for one in persons if one.trouble}):
                console.print(f"{trouble}: {TITLES[trouble]}.", soft_wrap=True)
        elif not mended and not report.closed and not report.unread:
            console.print("No difference.")


def since_days(days: int) -> timedelta:
    """How far back to compare. Raises BadInput beyond a year."""
    if not 1 <= days <= DAYS_MAX:
        raise BadInput(f"--days takes a number from 1 to {DAYS_MAX}")
    return timedelta(days=days)


async def compare_books(settings: Settings, *, days: int, with_testbank: bool) -> Shown:
    """Compare the last ``days`` days, mend what is proved, and see to what follows from it.

    Raises BadInput, NoRecords, or what the database raises."""
    span = since_days(days)
    async with AsyncExitStack() as stack:
        dsn = await stack.enter_async_context(kept_database(settings))
        if with_testbank:
            settings = await beside(stack, settings, None)
        engine = await stack.enter_async_context(engine_of(settings, dsn))
        if engine.records is None:
            raise BadInput(_NOT_THIS_ONE)
        console = Console(stderr=True, highlight=False, markup=False)
        with console.status("") as status:
            report = await reconcile(
                engine.driver,
                engine.records,
                since=engine.now().at - span,
                before=engine.now().at,
                seen=lambda name, count: status.update(f"{name}: {count:,} payments"),
            )
        engine.run(report.effects)
        await engine.idle()
        return Shown(report)


def _amount(finding: Finding) -> str:
    theirs, ours = finding.difference.theirs, finding.difference.charge
    if theirs is not None:
        return format_money(theirs.captured_minor or theirs.amount_minor, theirs.currency)
    assert ours is not None
    return format_money(ours.amount_minor, ours.currency)


def _plain(finding: Finding) -> dict[str, Any]:
    difference = finding.difference
    charge, theirs = difference.charge, difference.theirs
    return {
        "outcome": finding.outcome,
        "trouble": finding.trouble,
        "gateway_account": finding.gateway_account,
        "payment_id": difference.payment_id,
        "charge": None if charge is None else f"chg_{charge.charge_id.hex}",
        "purchase": None if charge is None else f"pur_{charge.purchase_id.hex}",
        "our_state": None if charge is None else charge.state,
        "gateway_state": None if theirs is None else theirs.state,
        "amount": _amount(finding),
    }


def _table(findings: list[Finding]) -> Table:
    table = Table("what", "payment", "gateway account", "amount", box=None)
    for finding in findings:
        what = finding.trouble or OUTCOMES[finding.outcome]
        payment = finding.difference.payment_id or ""
        table.add_row(str(what), payment, finding.gateway_account, _amount(finding))
    return table
