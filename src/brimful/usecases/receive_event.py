"""Taking an event of the gateway: stored before it is answered, handled afterwards (R45)."""

from brimful.billing import events
from brimful.domain.effect import Effect, HandleEvent
from brimful.domain.event import is_sound
from brimful.domain.moment import Moment
from brimful.domain.payment import Event
from brimful.usecases.context import Context


async def receive_event(ctx: Context, *, event: Event, moment: Moment) -> tuple[Effect, ...] | None:
    """Store an authentic event durably, once by its id; one that came before changes nothing.

    Returns what follows, and None for one with values that no gateway sends, of which nothing is
    stored. That it is authentic says nothing of whether it is true: see ``handle_event``.
    """
    if not is_sound(event):
        return None
    if not await events.store(ctx.db, ctx.gateway, event, moment):
        return ()
    return (HandleEvent(event.event_id),)
