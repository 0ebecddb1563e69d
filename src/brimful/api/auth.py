"""Who asks, and what they may name (R40)."""

import asyncio
import re
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.types import Scope

from brimful.api import ids
from brimful.api.problem import Problem, not_found
from brimful.api.readers import Readers
from brimful.billing import accounts, keys
from brimful.billing.accounts import Account, Platform
from brimful.billing.keys import Principal
from brimful.domain.reason import Reason, title
from brimful.wiring import Engine

# What may be asked of an account that is closed, beside reading it: to end what it had begun, and, of its
# seller, to give its money back and let go of its debts. Whole paths, since the last word of one may be a
# name that somebody chose, such as a model's.
_ENDS = re.compile(
    r"/v1/accounts/[^/]+/(close|holds/[^/]+/(capture|release)|leases/[^/]+/(report|return)"
    r"|charges/[^/]+/refunds|previews/refund|(client-)?debts/[^/]+/clear)"
)

_bearer = HTTPBearer(auto_error=False, description="An API key, such as brm_…")


async def engine_of(request: Request) -> Engine:
    """The engine that the app was made with, at the business time of this request (R38)."""
    engine: Engine = request.app.state.engine
    await engine.follow_clock()
    return engine


EngineDep = Annotated[Engine, Depends(engine_of)]


async def readers_of(request: Request, engine: EngineDep) -> Readers:
    """What requests read together, at the business time of this one."""
    readers: Readers = request.app.state.readers
    return readers


ReadersDep = Annotated[Readers, Depends(readers_of)]


async def secret_of(
    given: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> str:
    """The key that was sent, whosoever it may be. Raises Problem for none, or one that cannot be a key."""
    if given is None or not keys.is_well_formed(given.credentials):
        raise _not_authenticated()
    return given.credentials


SecretDep = Annotated[str, Depends(secret_of)]


async def has_key(scope: Scope) -> bool:
    """Whether a request comes with what could be a key at all."""
    given = await _bearer(Request(scope))
    return given is not None and keys.is_well_formed(given.credentials)


async def find_out_who_asks(scope: Scope) -> None:
    """Look the key of a request up, before its body is read. Raises Problem, as ``principal_of`` does,
    which goes by what was found."""
    request = Request(scope)
    secret = await secret_of(await _bearer(request))
    readers: Readers = request.app.state.readers
    request.state.principal = await principal_of(request, readers, secret)


async def principal_of(request: Request, readers: ReadersDep, secret: SecretDep) -> Principal:
    """Whom the key speaks for. A key that may only read may not command anything. Raises Problem."""
    found: Principal | None = getattr(request.state, "principal", None)
    principal = found or await readers.principal(secret)
    if principal is None:
        raise _not_authenticated()
    if principal.read_only and request.method not in ("GET", "HEAD"):
        raise Problem(403, "read_only_key", "This key may only read.")
    return principal


PrincipalDep = Annotated[Principal, Depends(principal_of)]


def _not_authenticated() -> Problem:
    return Problem(
        401,
        "not_authenticated",
        "Send a valid API key: Authorization: Bearer brm_…",
        headers={"WWW-Authenticate": "Bearer"},
    )


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names: an account, or the platform itself (``account`` None)."""

    principal: Principal
    platform: Platform
    account: Account | None

    @property
    def seller_ref(self) -> UUID:
        """Whose catalogue it is."""
        return self.platform.platform_id if self.account is None else self.account.seller_ref

    @property
    def currency(self) -> str:
        """What it sells in."""
        return self.platform.currency if self.account is None else self.account.currency

    @property
    def acted_by_seller(self) -> bool:
        """The key is of one above the account named, not of the account itself."""
        return self.account is not None and self.principal.account_id != self.account.account_id


def is_in_scope(principal: Principal, account: Account) -> bool:
    """The platform may name every account, an account itself and all below it. The platform's own
    places inside tenants are nobody's to name.

    Said four times more in SQL, where an account is looked up with the key or by whoever asks: by
    `who_spends_v1` for `spend_many_v1`, in `find_stocks.sql`, in `read_spenders.sql` (the accounts of a batch,
    of which the supply has no seller and so is not found) and in `share_account.sql` (below an account that
    was found to be in scope). Change all five; `tests/usecases/test_spend_with_keys.py`,
    `tests/api/test_plain_balances.py` and `tests/api/test_tenant_walls.py` compare them.
    """
    if account.supply:
        return False
    if principal.tenant_id is None:
        return True
    return account.tenant_id == principal.tenant_id and principal.account_id in account.ancestors


async def target_of(
    request: Request, account_id: str, readers: ReadersDep, secret: SecretDep
) -> Target:
    """The account of the path, or the platform, if the key may name it: else nothing is there. One
    that is closed can be read, and closed again; what it had begun can be ended, and its money given
    back (R25, R46). Raises Problem."""
    wanted = ids.read("acc", account_id)
    # At once, as each is a round trip to the database; what is found is used once it is known who asks.
    principal, platform, account = await asyncio.gather(
        principal_of(request, readers, secret), readers.platform(), _account(readers, wanted)
    )
    if platform is None:
        raise not_found()
    if account is None and wanted == platform.platform_id and principal.tenant_id is None:
        return Target(principal, platform, None)
    if account is None or not is_in_scope(principal, account):
        raise not_found()
    is_command = request.method not in ("GET", "HEAD") and not _ENDS.fullmatch(request.url.path)
    if account.state == "closed" and is_command:
        raise Problem(403, str(Reason.account_closed), title(Reason.account_closed))
    return Target(principal, platform, account)


async def _account(readers: Readers, account_id: UUID | None) -> Account | None:
    return None if account_id is None else await readers.account(account_id)


TargetDep = Annotated[Target, Depends(target_of)]


@dataclass(frozen=True, slots=True)
class Buyer:
    """An account that buys and holds: any but the platform."""

    account: Account
    target: Target

    @property
    def tenant_id(self) -> UUID:
        """Its tenant."""
        return self.account.tenant_id

    @property
    def account_id(self) -> UUID:
        """Its id."""
        return self.account.account_id


async def buyer_of(target: TargetDep) -> Buyer:
    """The account of the path; the platform holds nothing and buys nothing. Raises Problem for it."""
    if target.account is None:
        raise not_found()
    return Buyer(target.account, target)


BuyerDep = Annotated[Buyer, Depends(buyer_of)]


async def seller_of(target: TargetDep) -> Target:
    """The account of the path as a seller. Raises Problem for one that does not sell."""
    if target.account is not None and not target.account.sells:
        raise Problem(403, "seller_cannot_sell", "This account does not sell.")
    return target


SellerDep = Annotated[Target, Depends(seller_of)]


async def seller_of_buyer(engine: Engine, buyer: Buyer) -> Account:
    """The account that sells to a buyer (its tenant's supply for one under the platform)."""
    assert buyer.account.parent_id is not None
    seller = await accounts.read_account(engine.ctx.db, buyer.tenant_id, buyer.account.parent_id)
    assert seller is not None
    return seller
