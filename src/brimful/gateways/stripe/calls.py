"""One call to Stripe by its SDK: keys, accounts and time-outs explicit, whatever goes wrong a value.

The SDK never retries by itself: what is sent again, and when, is decided in one place (R22). A call
that passes its time as a whole is `Unknown`, however slowly its answer trickles in.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog
from stripe import (
    APIConnectionError,
    AuthenticationError,
    CardError,
    HTTPXClient,
    IdempotencyError,
    InvalidRequestError,
    PermissionError,
    StripeClient,
    StripeError,
)
from stripe import RequestOptions as Options

from brimful.db.transaction import assert_no_transaction
from brimful.domain.payment import DISCONNECTED, Unknown, Unreachable

_log = structlog.get_logger()

Object = dict[str, Any]

# How the platform's own account is named on our side; every other name is a connected account's id.
PLATFORM = "platform"
# Of the time for a call, so much may pass until there is a connection, in seconds.
CONNECT_S = 5.0
# No connection was made: the request provably never left.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
# Stripe's code for an account that is not there, or whose owner took it back from the platform.
_NO_ACCESS = "account_invalid"
# A server error that Stripe has saved for the key: under it the answer will be no other for a day.
SAVED_ERROR = "saved server error"
# Stripe's codes for what the engine knows by names of its own, by the parameter they are about.
CARD_GONE = "no_such_method"
CUSTOMER_GONE = "no_such_customer"
_GONE = {"payment_method": CARD_GONE, "customer": CUSTOMER_GONE}


# What an answer of another shape than Stripe's raises while it is read: it says nothing.
UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Stripe refused the request; it had no effect on money, unless ``declined`` names what the card
    said. ``replayed`` answers say what was so when the key was first used."""

    status: int
    code: str
    param: str | None = None
    declined: bool = False
    replayed: bool = False
    error: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """Stripe did it; ``body`` is the object as it was then. A ``replayed`` one answered this key
    before, so that the object may have changed since."""

    body: Object
    replayed: bool = False


Answer = Right | Wrong | Unknown | Unreachable


class Calls:
    """The way to Stripe's API with one key; ``timeout_s`` is for a whole call, in seconds."""

    def __init__(self, key: str, *, url: str | None, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._http = HTTPXClient(
            timeout=httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))
        )
        self.sdk = StripeClient(
            key,
            base_addresses={} if url is None else {"api": url},
            max_network_retries=0,
            http_client=self._http,
        ).v1

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close_async()  # type: ignore[no-untyped-call]

    def options(self, account_ref: str, key: str | None = None) -> Options:
        """Whose account a call is about, and the idempotency key of one that changes something."""
        options: Options = {}
        if account_ref != PLATFORM:
            options["stripe_account"] = account_ref
        if key is not None:
            options["idempotency_key"] = key
        return options

    async def ask(self, call: Callable[[], Awaitable[Any]]) -> Answer:
        """Make one call. Raises `NetworkInTransaction` before the first byte, and nothing else."""
        assert_no_transaction()
        try:
            async with asyncio.timeout(self._timeout_s):
                made = await call()
        except StripeError as error:
            return _problem(error)
        except TimeoutError:
            return Unknown(why="time-out")
        except (httpx.HTTPError, ValueError, TypeError, LookupError, AttributeError) as odd:
            # The SDK could not read the answer, such as JSON that is no object.
            return Unknown(why=type(odd).__name__)
        if not hasattr(made, "to_dict"):
            return Unknown(why="unreadable reply")
        reply = made.last_response
        return Right(body=made.to_dict(), replayed=reply is not None and _replayed(reply.headers))


def is_missing(wrong: Wrong) -> bool:
    """Whether the object that a call named is not there, under the account asked for."""
    return wrong.status == 404 and wrong.code == "resource_missing"


def _replayed(headers: Mapping[str, str] | None) -> bool:
    return headers is not None and headers.get("idempotent-replayed") == "true"


def _problem(error: StripeError) -> Wrong | Unknown | Unreachable:
    """What an error of the SDK says of the request."""
    if isinstance(error, APIConnectionError):
        cause = error.__cause__
        why = type(cause).__name__
        return Unreachable(why=why) if isinstance(cause, _NOT_SENT) else Unknown(why=why)
    status = error.http_status or 0
    if isinstance(error, AuthenticationError):
        # Our own key is wrong or was rolled: nothing happened, and nothing will until it is mended.
        return Unreachable(why="the API key is not accepted")
    said = _said(error)
    if isinstance(error, PermissionError) and said.get("code") != _NO_ACCESS:
        # Of the account it says nothing: our key may not do this, until whoever made it allows it.
        _log.error("stripe_key_not_permitted", said=str(said.get("message") or "")[:300])
        return Unreachable(why="the API key is not permitted to do this")
    refused = CardError | InvalidRequestError | IdempotencyError | PermissionError
    # The key is in use, another request works on the object, there are too many: neither done nor
    # refused. So is a server error, for ever under this key: then the payment is read back.
    if not isinstance(error, refused) or status in (409, 424, 429):
        saved = status >= 500 and _replayed(error.headers)
        why = SAVED_ERROR if saved else f"status {status}"
        return Unknown(why=why, busy=status == 429)
    param = said.get("param")
    code = str(said.get("code") or said.get("type") or "refused")
    if code == _NO_ACCESS:
        code = DISCONNECTED
    if code == "resource_missing" and param in _GONE:
        code = _GONE[param]
    return Wrong(
        status=status,
        code=code,
        param=param,
        # The SDK takes each 402 for a card's; an account that may take no payments says 402, too.
        declined=said.get("type") == "card_error",
        replayed=_replayed(error.headers),
        error=said,
    )


def _said(error: StripeError) -> Mapping[str, Any]:
    body = error.json_body
    said = body.get("error") if isinstance(body, dict) else None
    return said if isinstance(said, dict) else {}
