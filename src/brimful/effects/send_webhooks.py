"""Sending the webhooks that are due, each at least once (R42).

Each endpoint is sent to by one process at a time, in the order of the notices, beside the others: one
that is slow or down holds up nobody else. These tasks have places of their own, so that money never
waits for one of them; tenants have them in turns, so that none waits for all of another's.
"""

import asyncio
from collections.abc import Callable, Iterable
from datetime import timedelta
from uuid import UUID

import structlog

from brimful.domain.effect import Effect
from brimful.domain.moment import Moment
from brimful.domain.webhook import Arrived, judge, rest_after, why_not
from brimful.effects.http_post import Poster
from brimful.effects.lookups import AT_ONCE
from brimful.notices import webhooks
from brimful.notices.signing import event_of, headers_of
from brimful.notices.webhooks import Claimed, Delivery
from brimful.usecases.context import Context
from brimful.usecases.record_webhook import record_webhook

_log = structlog.get_logger()

# A process sends to as many endpoints at once as it looks up names (AT_ONCE), to so many of one tenant, and
# so many notices to one in a row.
OF_TENANT = 8
BATCH = 20
# Whoever dies with an endpoint leaves it to others after a minute; nobody begins a try that may end
# later than that.
LEASE = timedelta(seconds=60)
SENDS_FOR = timedelta(seconds=45)


class Courier:
    """Sends what is due to the endpoints that it takes."""

    def __init__(
        self,
        *,
        ctx: Context,
        poster: Poster,
        now: Callable[[], Moment],
        run: Callable[[Iterable[Effect]], None],
    ) -> None:
        self._ctx, self._poster, self._now, self._run = ctx, poster, now, run
        self._tasks: dict[asyncio.Task[None], UUID | None] = {}
        self._stopped = False

    async def send_due(self) -> None:
        """Take endpoints to which something is due, as many as there are places, and begin to send;
        returns at once. Tenants are served in turns."""
        free = AT_ONCE - len(self._tasks)
        if free < 1 or self._stopped:
            return
        claimed = await webhooks.claim_endpoints(
            self._ctx.db,
            self._now(),
            LEASE,
            free,
            sending=list(self._tasks.values()),
            of_tenant=OF_TENANT,
        )
        if self._stopped:
            return  # Meanwhile; the leases free them.
        for endpoint in claimed:
            task = asyncio.create_task(self._serve(endpoint))
            self._tasks[task] = endpoint.tenant_id
            task.add_done_callback(self._tasks.pop)

    @property
    def is_sending(self) -> bool:
        """Some endpoint is being sent to."""
        return bool(self._tasks)

    async def idle(self) -> None:
        """Wait until nothing is being sent."""
        while self._tasks:
            await asyncio.wait(list(self._tasks))

    async def stop(self) -> None:
        """Give up what is being sent; the rows keep it due."""
        self._stopped = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._poster.close()

    async def _serve(self, endpoint: Claimed) -> None:
        try:
            failures = await self._send_all(endpoint)
            rest = rest_after(failures) if failures else timedelta(0)
            free_at = self._now().real_at + rest
            await webhooks.free_endpoint(self._ctx.db, endpoint, free_at, failures)
        except Exception:
            # A fault of our own, such as a database that is away: the lease frees the endpoint.
            _log.exception("webhooks_not_sent", endpoint_id=str(endpoint.endpoint_id))

    async def _send_all(self, endpoint: Claimed) -> int:
        """Send to one endpoint until nothing is due there, it fails, or the lease is nearly over; how
        many failures in a row it has now."""
        until = endpoint.busy_until - LEASE + SENDS_FOR
        while due := await webhooks.take_due(
            self._ctx.db, endpoint.endpoint_id, self._now(), BATCH
        ):
            for delivery in due:
                if failures := await self._send(endpoint, delivery):
                    return failures
                if self._now().real_at >= until:
                    return 0
        return 0

    async def _send(self, endpoint: Claimed, delivery: Delivery) -> int:
        """One try; how many failures in a row the endpoint has now."""
        body = event_of(delivery)
        headers = headers_of(endpoint, delivery, body, self._now().real_at)
        answer = await self._poster.post(endpoint.url, headers, body)
        self._run(
            await record_webhook(
                self._ctx, endpoint=endpoint, delivery=delivery, answer=answer, moment=self._now()
            )
        )
        if isinstance(judge(answer, delivery.tries), Arrived):
            return 0
        _log.warning("webhook_failed", endpoint_id=str(endpoint.endpoint_id), why=why_not(answer))
        return endpoint.failures + 1
