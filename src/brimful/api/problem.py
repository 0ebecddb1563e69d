"""Errors as application/problem+json, each with a stable code (R39)."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from brimful.db.address import DatabaseGone, TakesNothing, TookTooLong
from brimful.domain.reason import Reason, Refuse, title
from brimful.effects.gatherer import Overloaded
from brimful.usecases.answers import KeyConflict, Missing, TooMuch

MEDIA_TYPE = "application/problem+json"


class ProblemBody(BaseModel):
    """What every error looks like. Programs decide by `code`, people read `detail`. Of `try_again` and
    `internal_error` it is not known whether it was done: the same request, with its Idempotency-Key,
    finds out and has one effect."""

    type: str = "about:blank"
    title: str
    status: int
    code: str = Field(examples=["insufficient_credits"])
    detail: str
    errors: list[dict[str, Any]] | None = None
    facts: dict[str, Any] | None = None


class Problem(Exception):
    """Raised anywhere in a route; becomes the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        facts: Mapping[str, Any] | None = None,
        errors: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.facts, self.errors, self.headers = facts, errors, headers


_TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    402: "Refused",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    408: "Too slow",
    409: "Conflict",
    413: "Too large",
    415: "Unsupported media type",
    422: "Invalid",
    500: "Internal error",
    503: "Temporarily unavailable",
}

_CONFLICTS = (
    Reason.already_subscribed,
    Reason.has_clients,
    Reason.same_seller,
    Reason.below_itself,
    Reason.another_tenant,
    Reason.another_currency,
    Reason.external_id_taken,
    Reason.seller_changed,
    Reason.renewal_under_way,
    Reason.chatbot_exists,
    Reason.package_withdrawn,
    Reason.purchase_under_way,
    Reason.charge_disputed,
    Reason.not_refundable,
    Reason.too_many_packages,
    Reason.sizes_too_uneven,
    Reason.webhook_endpoint_exists,
    Reason.webhook_endpoint_disabled,
    Reason.too_many_webhook_endpoints,
    Reason.too_many_webhook_tests,
    Reason.hold_captured,
    Reason.hold_released,
    Reason.hold_expired,
    Reason.hold_leased,
    Reason.not_leased,
    Reason.lease_exceeded,
    Reason.lease_reported,
)


def not_found() -> Problem:
    """One answer for what is not there and for what is not yours to see (R40)."""
    return Problem(404, "not_found", "There is nothing here by this name.")


def bad_event() -> Problem:
    """The one answer to whatever is malformed, forged or too old at a gateway's endpoint (R45)."""
    return Problem(400, "bad_event", "This is not an event of the gateway.")


def refused(refusal: Refuse) -> Problem:
    """The answer to a refusal: 402, or 503 for what may pass, or 409 for what is so already."""
    reason = refusal.reason
    status = 402
    headers = {}
    if reason in (Reason.temporarily_unavailable, Reason.gateway_unavailable):
        status, headers = 503, {"Retry-After": "60"}
    elif reason is Reason.seller_cannot_sell:
        status = 403
    elif reason in _CONFLICTS:
        status = 409
    return Problem(status, str(reason), title(reason), facts=refusal.detail, headers=headers)


def key_conflict() -> Problem:
    """The idempotency key was used for another request."""
    return Problem(
        409,
        "idempotency_key_reused",
        "This Idempotency-Key was used with another request. Choose a new key for a new request.",
    )


def of_answer(answer: Refuse | KeyConflict | Missing | TooMuch) -> Problem:
    """The problem that a use case's answer is."""
    if isinstance(answer, Refuse):
        return refused(answer)
    if isinstance(answer, KeyConflict):
        return key_conflict()
    if isinstance(answer, TooMuch):
        return Problem(422, "invalid_request", answer.why)
    return Problem(404, f"unknown_{answer.what}", f"The seller offers no such {answer.what}.")


def body_of(problem: Problem) -> dict[str, Any]:
    """The body of a problem."""
    return ProblemBody(
        title=_TITLES.get(problem.status, "Error"),
        status=problem.status,
        code=problem.code,
        detail=problem.detail,
        errors=problem.errors,
        facts=dict(problem.facts) if problem.facts else None,
    ).model_dump(exclude_none=True)


def response_of(problem: Problem) -> JSONResponse:
    """Render a problem."""
    return JSONResponse(
        body_of(problem),
        problem.status,
        headers=dict(problem.headers or {}),
        media_type=MEDIA_TYPE,
    )


def of_exception(exc: Exception) -> Problem:
    """What is told of something that was raised; what is inside stays inside."""
    if isinstance(exc, Overloaded):
        # More is asked than can be done soon: nothing was done.
        detail = "More is asked at once than can be done. Send the same request again in a moment."
        return Problem(503, "overloaded", detail, headers={"Retry-After": "1"})
    if isinstance(exc, DatabaseGone):
        # Whether it was done is told to whoever sends it again under its key (R39). No refusal has this
        # code: a refusal is an answer.
        why = "The database cannot be reached"
        if isinstance(exc, TookTooLong):
            why = "This takes too long"
        elif isinstance(exc, TakesNothing):
            why = "The database takes nothing at present"
        return Problem(
            503,
            "try_again",
            f"{why}. Send the same request again, with its Idempotency-Key.",
            headers={"Retry-After": "1"},
        )
    return Problem(500, "internal_error", "Something went wrong on our side.")


def _invalid(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, RequestValidationError)
    errors = exc.errors()
    if any(error["type"] == "json_invalid" for error in errors):
        return response_of(Problem(400, "malformed_json", "The body is not valid JSON."))
    told = [
        {"where": ".".join(str(part) for part in error["loc"]), "what": error["msg"]}
        for error in errors
    ]
    first = told[0]
    return response_of(
        Problem(422, "invalid_request", f"{first['where']}: {first['what']}.", errors=told)
    )


def _http(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, HTTPException)
    if exc.status_code == 404:
        return response_of(not_found())
    codes = {405: "method_not_allowed", 400: "malformed_json"}
    code = codes.get(exc.status_code, "http_error")
    problem = Problem(exc.status_code, code, str(exc.detail), headers=exc.headers)
    return response_of(problem)


def _problem(request: Request, exc: Exception) -> JSONResponse:
    assert isinstance(exc, Problem)
    return response_of(exc)


def _raised(request: Request, exc: Exception) -> JSONResponse:
    """Of a fault of ours, which the server logs; of a crowd or a database that is away."""
    return response_of(of_exception(exc))


def install(app: FastAPI) -> None:
    """Let every error of an app be a problem."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for kind in (DatabaseGone, Overloaded, Exception):
        app.add_exception_handler(kind, _raised)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems of an operation, for its documentation."""
    always = (400, 401, 404, 408, 413, 415, 422)
    return {
        status: {
            "description": _TITLES[status],
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemBody"}}},
        }
        for status in sorted({*always, *statuses})
    }
