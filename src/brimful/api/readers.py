"""What every request but a plain spend reads to know who asks for what (R40): together with the
requests beside it."""

from collections.abc import Collection, Mapping
from uuid import UUID

from brimful.billing import accounts, keys
from brimful.billing.accounts import Account, Platform
from brimful.billing.keys import Principal
from brimful.db.together import Together
from brimful.wiring import Engine


class Readers:
    """The reads of one API process. Nothing is kept of them: a key that is revoked is of no use to the
    very next request."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._principals = Together(self._read_principals)
        self._accounts = Together(self._read_accounts)
        self._platforms = Together(self._read_platforms)

    async def principal(self, secret: str) -> Principal | None:
        """Whom a key speaks for; None for one that is unknown or revoked."""
        return await self._principals.of(keys.hash_of(secret))

    async def account(self, account_id: UUID) -> Account | None:
        """An account by its id alone."""
        return await self._accounts.of(account_id)

    async def platform(self) -> Platform | None:
        """The platform, once it is opened."""
        return await self._platforms.of(None)

    async def _read_principals(self, hashes: Collection[bytes]) -> Mapping[bytes, Principal]:
        return await keys.find_principals(self._engine.ctx.db, hashes)

    async def _read_accounts(self, account_ids: Collection[UUID]) -> Mapping[UUID, Account]:
        return await accounts.find_accounts(self._engine.ctx.db, account_ids)

    async def _read_platforms(self, _: Collection[None]) -> Mapping[None, Platform]:
        platform = await accounts.read_platform(self._engine.ctx.db)
        return {} if platform is None else {None: platform}
