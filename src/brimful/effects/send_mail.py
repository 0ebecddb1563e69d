"""Sending the mail that is due. It never holds up money, and money never waits for it (R16)."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import structlog

from brimful.db.transaction import Database
from brimful.domain.mail import pause_after
from brimful.domain.moment import Moment
from brimful.notices import outbox
from brimful.notices.mailer import Mailer, write_message
from brimful.notices.outbox import Taken

_log = structlog.get_logger()

# Whoever dies with mail leaves it to others after half a minute. Nobody begins to send what may take
# longer than that: what is begun in the first seconds has ended by then.
LEASE = timedelta(seconds=30)
BEGINS_FOR = timedelta(seconds=8)
SEND_S = 20.0


async def send_due(
    db: Database,
    mailer: Mailer,
    now: Callable[[], Moment],
    limit: int,
    sender: str,
    *,
    send_s: float = SEND_S,
) -> int:
    """Send what is due from the address ``sender``, each at least once, and once unless a process dies
    or a server gives no answer within ``send_s`` seconds; returns how many were sent. What fails, for
    whatever cause, is tried again later and later, for three days, and holds up no other. What there
    is no time for is left to whoever comes next."""
    start, sent = now(), 0
    taken = await outbox.take_due(db, start, LEASE, limit)
    for done, mail in enumerate(taken):
        if now().real_at > start.real_at + BEGINS_FOR:
            await outbox.give_back(db, taken[done:])
            break
        if (why := await _send(mailer, mail, sender, send_s)) is None:
            await outbox.mark_sent(db, mail)
            sent += 1
        else:
            await _note_failure(db, mail, why, now())
    return sent


async def _send(mailer: Mailer, mail: Taken, sender: str, send_s: float) -> str | None:
    """Why it was not sent; None when it was."""
    name = mail.notice_id.hex
    try:
        message = write_message(
            sender=sender,
            brand=mail.brand,
            recipient=mail.recipient,
            title=mail.title,
            body=mail.body,
            name=name,
        )
        async with asyncio.timeout(send_s):
            await mailer.send(message, name)
    except Exception as problem:
        return str(problem) or type(problem).__name__
    return None


async def _note_failure(db: Database, mail: Taken, why: str, moment: Moment) -> None:
    _log.warning("mail_not_sent", notice_id=str(mail.notice_id), why=why)
    pause = pause_after(mail.tries + 1)
    due_at = None if pause is None else moment.real_at + pause
    await outbox.mark_failed(db, mail, error=why[:500], due_at=due_at, moment=moment)
