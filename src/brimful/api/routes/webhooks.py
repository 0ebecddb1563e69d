"""Webhook endpoints, and what was sent to them (R39, R40, R42)."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from brimful.api import ids
from brimful.api.auth import EngineDep, Target, TargetDep
from brimful.api.problem import Problem, documented, not_found, of_answer
from brimful.api.requests import After, Body, Limit
from brimful.domain.reason import Refuse
from brimful.domain.webhook import OVERLAP_HOURS
from brimful.notices import webhooks
from brimful.notices.address import URL_LENGTH_MAX, read_url
from brimful.notices.catalogue import kinds
from brimful.notices.webhooks import Owner, Wanted
from brimful.usecases import set_webhook
from brimful.usecases.answers import Missing
from brimful.usecases.set_webhook import WebhookQueued
from brimful.wiring import Engine

router = APIRouter(tags=["webhooks"])

_Url = Annotated[str, StringConstraints(min_length=1, max_length=URL_LENGTH_MAX)]
_Kind = Annotated[str, StringConstraints(max_length=64)]


class OpenWebhookEndpoint(Body):
    """Where notices are sent, and which."""

    url: _Url = Field(description="https; outside production http to this machine, too")
    kinds: Annotated[list[_Kind], Field(min_length=1, max_length=100)] | None = Field(
        None, description="kinds of notices; null for all"
    )
    subtree: bool = Field(
        False, strict=True, description="those of all accounts below, too; for accounts that sell"
    )


class ChangeWebhookEndpoint(OpenWebhookEndpoint):
    """The endpoint as it is to be; `enabled` false sends nothing and gives up what is due."""

    enabled: bool = Field(True, strict=True)


class RotateSecret(Body):
    """For how many hours the old secret signs beside the new one."""

    overlap_hours: Annotated[int, Field(strict=True, ge=0, le=168)] = OVERLAP_HOURS


class WebhookEndpointBody(BaseModel):
    """An endpoint, without its secret."""

    id: str
    url: str
    kinds: list[str] | None
    subtree: bool
    enabled: bool
    disabled_because: str | None = Field(description="owner; gone: the receiver answered 410")
    old_secret_until: datetime | None
    created_at: datetime


class WebhookSecretBody(WebhookEndpointBody):
    """An endpoint with its secret, which is shown this once."""

    secret: str = Field(description="for a Standard Webhooks library", examples=["whsec_…"])


class WebhookEndpointsBody(BaseModel):
    """All endpoints of an account."""

    data: list[WebhookEndpointBody]


class WebhookDeliveryBody(BaseModel):
    """What was sent, or is to be; `notice_id` is the `webhook-id` that the receiver sees."""

    id: str
    endpoint_id: str
    notice_id: str
    kind: str
    state: str = Field(description="due, sent, or dead: given up")
    tries: int
    last_status: int | None
    last_error: str | None
    next_try_at: datetime | None = Field(description="real time")
    created_at: datetime
    done_at: datetime | None = Field(description="real time")


class WebhookDeliveryPage(BaseModel):
    """A page of deliveries; `next` is the `after` of the page that follows, null on the last."""

    data: list[WebhookDeliveryBody]
    next: str | None


def _owner(target: Target) -> Owner:
    account = target.account
    if account is None:
        return Owner(tenant_id=None, account_id=target.platform.platform_id)
    return Owner(tenant_id=account.tenant_id, account_id=account.account_id)


def _wanted(target: Target, body: OpenWebhookEndpoint, engine: Engine) -> Wanted:
    """What is asked for, if it may be: a client hears only its own notices (R18)."""
    try:
        read_url(body.url, production=engine.settings.production)
    except ValueError as wrong:
        raise Problem(422, "invalid_request", f"url: {wrong}.") from None
    unknown = sorted(set(body.kinds or ()) - kinds())
    if unknown:
        raise Problem(422, "invalid_request", f"kinds: there is no notice {unknown[0]!r}.")
    if body.subtree and target.account is not None and not target.account.sells:
        raise Problem(403, "seller_cannot_sell", "subtree: this account does not sell.")
    chosen = None if body.kinds is None else sorted(set(body.kinds))
    return Wanted(url=body.url, kinds=chosen, subtree=body.subtree)


async def _read(engine: Engine, owner: Owner, endpoint_id: UUID) -> dict[str, Any]:
    found = await webhooks.list_endpoints(engine.ctx.db, owner.account_id, endpoint_id)
    if not found:
        raise not_found()
    return _shown(found[0], engine)


def _shown(row: Mapping[str, Any], engine: Engine) -> dict[str, Any]:
    until = row["secret_before_until"]
    return {
        "id": ids.show("whe", row["endpoint_id"]),
        "url": row["url"],
        "kinds": row["kinds"],
        "subtree": row["subtree"],
        "enabled": row["disabled_at"] is None,
        "disabled_because": row["disabled_because"],
        "old_secret_until": until if until and until > engine.now().real_at else None,
        "created_at": row["created_at"],
    }


def _delivery(row: Mapping[str, Any]) -> WebhookDeliveryBody:
    return WebhookDeliveryBody(
        id=ids.show("whd", row["delivery_id"]),
        endpoint_id=ids.show("whe", row["endpoint_id"]),
        notice_id=ids.show("ntc", row["notice_id"]),
        kind=row["kind"],
        state=row["state"],
        tries=row["tries"],
        last_status=row["last_status"],
        last_error=row["last_error"],
        next_try_at=row["due_real_at"] if row["state"] == "due" else None,
        created_at=row["created_at"],
        done_at=row["done_real_at"],
    )


async def _queued(
    engine: Engine, owner: Owner, answer: WebhookQueued | Missing | Refuse
) -> WebhookDeliveryBody:
    if isinstance(answer, Missing):
        raise not_found()
    if isinstance(answer, Refuse):
        raise of_answer(answer)
    [row] = await webhooks.list_deliveries(engine.ctx.db, owner.account_id, only=answer.delivery_id)
    engine.run(answer.effects)
    return _delivery(row)


@router.post(
    "/v1/accounts/{account_id}/webhook-endpoints",
    status_code=201,
    responses=documented(403, 409),
    summary="Open a webhook endpoint",
)
async def open_endpoint(
    target: TargetDep, body: OpenWebhookEndpoint, engine: EngineDep
) -> WebhookSecretBody:
    """Notices are sent there from now on, signed by Standard Webhooks. An account has one endpoint
    for a URL: sent twice, this makes one. The secret is shown this once."""
    owner = _owner(target)
    answer = await set_webhook.open_webhook(
        engine.ctx,
        owner=owner,
        wanted=_wanted(target, body, engine),
        moment=engine.now(),
        by=target.principal,
    )
    if isinstance(answer, Refuse):
        raise of_answer(answer)
    if isinstance(answer, Missing):
        raise not_found()
    shown = await _read(engine, owner, answer.endpoint_id)
    return WebhookSecretBody(**shown, secret=answer.secret)


@router.get(
    "/v1/accounts/{account_id}/webhook-endpoints",
    responses=documented(),
    summary="List webhook endpoints",
)
async def list_endpoints(target: TargetDep, engine: EngineDep) -> WebhookEndpointsBody:
    """All of them, at most 16, without their secrets."""
    rows = await webhooks.list_endpoints(engine.ctx.db, _owner(target).account_id)
    return WebhookEndpointsBody(data=[WebhookEndpointBody(**_shown(row, engine)) for row in rows])


@router.get(
    "/v1/accounts/{account_id}/webhook-endpoints/{endpoint_id}",
    responses=documented(),
    summary="Read a webhook endpoint",
)
async def read_endpoint(
    target: TargetDep, endpoint_id: str, engine: EngineDep
) -> WebhookEndpointBody:
    """Without its secret."""
    shown = await _read(engine, _owner(target), ids.parse("whe", endpoint_id))
    return WebhookEndpointBody(**shown)


@router.put(
    "/v1/accounts/{account_id}/webhook-endpoints/{endpoint_id}",
    responses=documented(403, 409),
    summary="Change a webhook endpoint",
)
async def change_endpoint(
    target: TargetDep, endpoint_id: str, body: ChangeWebhookEndpoint, engine: EngineDep
) -> WebhookEndpointBody:
    """All of it but its secret. Switched off, what is due there is given up."""
    owner, wanted_id = _owner(target), ids.parse("whe", endpoint_id)
    await _read(engine, owner, wanted_id)
    answer = await set_webhook.change_webhook(
        engine.ctx,
        owner=owner,
        endpoint_id=wanted_id,
        wanted=_wanted(target, body, engine),
        enabled=body.enabled,
        moment=engine.now(),
        by=target.principal,
    )
    if isinstance(answer, Refuse):
        raise of_answer(answer)
    if isinstance(answer, Missing):
        raise not_found()
    return WebhookEndpointBody(**await _read(engine, owner, wanted_id))


@router.delete(
    "/v1/accounts/{account_id}/webhook-endpoints/{endpoint_id}",
    status_code=204,
    responses=documented(403),
    summary="Take a webhook endpoint away",
)
async def delete_endpoint(target: TargetDep, endpoint_id: str, engine: EngineDep) -> None:
    """Nothing more is sent to it; what was sent can still be read."""
    done = await set_webhook.delete_webhook(
        engine.ctx,
        owner=_owner(target),
        endpoint_id=ids.parse("whe", endpoint_id),
        moment=engine.now(),
    )
    if not done:
        raise not_found()


@router.post(
    "/v1/accounts/{account_id}/webhook-endpoints/{endpoint_id}/rotate",
    responses=documented(403),
    summary="Rotate a webhook endpoint's secret",
)
async def rotate_secret(
    target: TargetDep, endpoint_id: str, body: RotateSecret, engine: EngineDep
) -> WebhookSecretBody:
    """A new secret, shown this once. The old one signs beside it for a while, one before that no
    longer."""
    owner = _owner(target)
    answer = await set_webhook.rotate_webhook(
        engine.ctx,
        owner=owner,
        endpoint_id=ids.parse("whe", endpoint_id),
        overlap_hours=body.overlap_hours,
        moment=engine.now(),
        by=target.principal,
    )
    if isinstance(answer, Refuse):
        raise of_answer(answer)
    if isinstance(answer, Missing):
        raise not_found()
    shown = await _read(engine, owner, answer.endpoint_id)
    return WebhookSecretBody(**shown, secret=answer.secret)


@router.post(
    "/v1/accounts/{account_id}/webhook-endpoints/{endpoint_id}/test",
    status_code=201,
    responses=documented(403, 409),
    summary="Send a test to a webhook endpoint",
)
async def send_test(target: TargetDep, endpoint_id: str, engine: EngineDep) -> WebhookDeliveryBody:
    """An event of type `webhook_test`, signed like a notice; look it up among the deliveries."""
    owner = _owner(target)
    answer = await set_webhook.send_test(
        engine.ctx,
        owner=owner,
        endpoint_id=ids.parse("whe", endpoint_id),
        moment=engine.now(),
    )
    return await _queued(engine, owner, answer)


@router.get(
    "/v1/accounts/{account_id}/webhook-deliveries",
    responses=documented(),
    summary="List webhook deliveries",
)
async def list_deliveries(
    target: TargetDep, engine: EngineDep, limit: Limit = 50, after: After = None
) -> WebhookDeliveryPage:
    """What was sent to the account's endpoints, or is to be, newest first."""
    rows = await webhooks.list_deliveries(
        engine.ctx.db,
        _owner(target).account_id,
        after=None if after is None else ids.parse("whd", after),
        limit=limit + 1,
    )
    data = [_delivery(row) for row in rows[:limit]]
    return WebhookDeliveryPage(data=data, next=data[-1].id if len(rows) > limit else None)


@router.post(
    "/v1/accounts/{account_id}/webhook-deliveries/{delivery_id}/resend",
    responses=documented(403, 409),
    summary="Send a webhook again",
)
async def resend(target: TargetDep, delivery_id: str, engine: EngineDep) -> WebhookDeliveryBody:
    """Under the same `webhook-id`, whatever became of it, with all its tries anew."""
    owner = _owner(target)
    answer = await set_webhook.resend_webhook(
        engine.ctx,
        owner=owner,
        delivery_id=ids.parse("whd", delivery_id),
        moment=engine.now(),
    )
    return await _queued(engine, owner, answer)
