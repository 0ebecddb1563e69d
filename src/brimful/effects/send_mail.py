"""Sending the mail that is due. It never holds up money, and money never waits for it (R16)."""

import structlog

from brimful.db.transaction import Database
from brimful.domain.moment import Moment
from brimful.notices import outbox
from brimful.notices.mailer import Mailer, write_message

_log = structlog.get_logger()

TRIES = 8


async def send_due(db: Database, mailer: Mailer, moment: Moment, limit: int, sender: str) -> int:
    """Send what is due from the address ``sender``, each at least once; returns how many were sent.
    What fails, for whatever cause, is tried again later and later, is given up after eight tries,
    and holds up no other."""
    sent = 0
    for row in await outbox.take_due(db, moment, limit):
        try:
            message = write_message(
                sender=sender,
                brand=row["brand"],
                recipient=row["recipient"],
                title=row["title"],
                body=row["body"],
                name=row["notice_id"].hex,
            )
            await mailer.send(message, row["notice_id"].hex)
        except Exception as problem:
            _log.warning("mail_not_sent", notice_id=str(row["notice_id"]), why=str(problem))
            state = "dead" if row["tries"] >= TRIES else "due"
            await outbox.mark(db, row["tenant_id"], row["notice_id"], state, str(problem)[:500])
            continue
        await outbox.mark(db, row["tenant_id"], row["notice_id"], "sent", None)
        sent += 1
    return sent
