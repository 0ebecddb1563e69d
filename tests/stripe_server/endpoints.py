"""Webhook endpoints and events, as the API shows them."""

from fnmatch import fnmatchcase

from tests.stripe_server.errors import missing
from tests.stripe_server.lists import page
from tests.stripe_server.state import Call, Obj, merge_metadata

KEPT_S = 30 * 86_400


def create(call: Call) -> Obj:
    """A new endpoint; only this answer shows its secret."""
    wish = call.params
    secret = call.state.new_id("whsec_", 32)
    made = call.new(
        "webhook_endpoint", "we_",
        api_version=wish.get("api_version"), application=None,
        description=wish.get("description"), enabled_events=wish["enabled_events"],
        metadata=merge_metadata({}, wish.get("metadata")), status="enabled", url=wish["url"],
        _secret=secret, _connect=wish.get("connect", False), _account=call.book.account,
    )  # fmt: skip
    return {**made, "secret": secret}


def retrieve(call: Call) -> Obj:
    """One endpoint."""
    return call.get("webhook_endpoint", call.ids[0], in_path=True)


def update(call: Call) -> Obj:
    """Change what it hears of, or switch it off."""
    endpoint, wish = retrieve(call), call.params
    for name in ("url", "enabled_events", "description"):
        if name in wish:
            endpoint[name] = wish[name]
    if "disabled" in wish:
        endpoint["status"] = "disabled" if wish["disabled"] else "enabled"
    return endpoint


def delete(call: Call) -> Obj:
    """It hears no more."""
    endpoint = retrieve(call)
    call.book.remove(endpoint)
    return {"id": endpoint["id"], "object": "webhook_endpoint", "deleted": True}


def list_all(call: Call) -> Obj:
    """The endpoints of this account."""
    return page(call, "/v1/webhook_endpoints", call.book.of("webhook_endpoint"))


def _kept(call: Call) -> list[Obj]:
    """The events of these books of the last 30 days, newest first."""
    return [
        event
        for account, event in reversed(call.state.events)
        if account == call.book.account
        and event["livemode"] == call.book.livemode
        and event["created"] >= call.now - KEPT_S
    ]


def retrieve_event(call: Call) -> Obj:
    """One event."""
    for event in _kept(call):
        if event["id"] == call.ids[0]:
            return event
    raise missing("event", call.ids[0], "id", 404)


def list_events(call: Call) -> Obj:
    """Events, newest first, by type and time."""
    wanted = call.params.get("types") or [call.params.get("type", "*")]
    rows = (e for e in _kept(call) if any(fnmatchcase(e["type"], kind) for kind in wanted))
    return page(call, "/v1/events", rows)
