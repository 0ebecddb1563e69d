"""Sending the mail that is due. It never holds up money, and money never waits for it (R16)."""

from brimful.db.transaction import Database
from brimful.domain.moment import Moment
from brimful.notices import outbox
from brimful.notices.mailer import Mailer, write_message

TRIES = 8


async def send_due(
    db: Database, mailer: Mailer, moment: Moment, limit: int, sender: str = "billing@localhost"
) -> int:
    """Send what is due, each at least once, and return how many were sent. What fails is tried
    again later and later, and given up after eight tries."""
    sent = 0
    for row in await outbox.take_due(db, moment, limit):
        message = write_message(
            sender=sender,
            brand=row["brand"],
            recipient=row["recipient"],
            title=row["title"],
            body=row["body"],
            name=row["notice_id"].hex,
        )
        try:
            await mailer.send(message, row["notice_id"].hex)
        except OSError as problem:
            state = "dead" if row["tries"] >= TRIES else "due"
            await outbox.mark(db, row["tenant_id"], row["notice_id"], state, str(problem)[:500])
            continue
        await outbox.mark(db, row["tenant_id"], row["notice_id"], "sent", None)
        sent += 1
    return sent
