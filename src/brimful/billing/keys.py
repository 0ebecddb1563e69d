"""API keys: shown once, kept as a hash, recognised by a prefix (R40)."""

import hashlib
import secrets
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from brimful.db.ids import new_id
from brimful.db.sqlfile import load
from brimful.db.transaction import Database, Transaction
from brimful.domain.moment import Moment

_sql = partial(load, "brimful.billing")

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A key, as it was read, and who it speaks for: the platform (``tenant_id`` None) or one account;
    and the accounts with whose keys it was issued."""

    key_id: UUID
    account_id: UUID
    tenant_id: UUID | None
    read_only: bool
    vouched_by: tuple[UUID, ...] = ()

    @property
    def vouchers(self) -> tuple[UUID, ...]:
        """Who vouches for what is made with this key: whoever does for it, and whom it speaks for."""
        return (*self.vouched_by, self.account_id)

    @property
    def scope_id(self) -> UUID | None:
        """The account within whose subtree it may act; None: anywhere."""
        return None if self.tenant_id is None else self.account_id


def make_secret() -> str:
    """A new key: a prefix to find leaked ones by, 190 random bits, and a check of typing errors."""
    body = "".join(secrets.choice(_ALPHABET) for _ in range(32))
    return f"brm_{body}{zlib.crc32(body.encode()):08x}"


def is_well_formed(secret: str) -> bool:
    """Whether a string could be a key at all, by its form and check digits."""
    if not (secret.isascii() and secret.startswith("brm_") and len(secret) == 44):
        return False
    body = secret[4:36]
    return f"{zlib.crc32(body.encode()):08x}" == secret[36:]


def hash_of(secret: str) -> bytes:
    """What is kept of a key, and looked for."""
    return hashlib.sha256(secret.encode()).digest()


async def issue(
    tx: Transaction | Database,
    *,
    account_id: UUID,
    tenant_id: UUID | None,
    read_only: bool,
    label: str,
    moment: Moment,
    vouched_by: Collection[UUID] = (),
) -> tuple[UUID, str]:
    """Issue a key for an account (of the platform: without a tenant); (id, the secret, once). It stands
    for as long as all that vouch for it are above the account."""
    key_id, secret = new_id(), make_secret()
    await tx.execute(
        _sql("issue_key"),
        key_id,
        secret[:8],
        hash_of(secret),
        account_id,
        tenant_id,
        read_only,
        label,
        list(vouched_by),
        moment.at,
    )
    return key_id, secret


async def authenticate(db: Database, secret: str) -> Principal | None:
    """Whom a key speaks for; None for one that is malformed, unknown or revoked."""
    if not is_well_formed(secret):
        return None
    hashed = hash_of(secret)
    return (await find_principals(db, [hashed])).get(hashed)


async def find_principals(db: Database, hashes: Collection[bytes]) -> dict[bytes, Principal]:
    """Whom keys speak for, by their hashes (``hash_of``); those unknown or revoked are not in it."""
    rows = await db.fetch(_sql("find_keys"), list(hashes))
    return {
        bytes(row["secret_hash"]): Principal(
            key_id=row["key_id"],
            account_id=row["account_id"],
            tenant_id=row["tenant_id"],
            read_only=row["read_only"],
            vouched_by=tuple(row["vouched_by"]),
        )
        for row in rows
    }


async def stands(tx: Transaction, key_id: UUID) -> bool:
    """Whether a key that was read before is not revoked."""
    return await tx.fetchval(_sql("does_key_stand"), key_id) is not None


async def revoke(db: Database, account_id: UUID, key_id: UUID, moment: Moment) -> bool:
    """End a key of an account; False when there is none such."""
    return await db.fetchval(_sql("revoke_key"), account_id, key_id, moment.at) is not None


async def revoke_all(tx: Transaction, account_id: UUID, moment: Moment) -> None:
    """End all keys of an account."""
    await tx.execute(_sql("revoke_keys"), account_id, moment.at)


async def revoke_vouched(
    tx: Transaction, tenant_id: UUID, account_id: UUID, by: Collection[UUID], moment: Moment
) -> int:
    """End the keys of an account, and of all below it, for which one of some accounts vouches; how
    many."""
    sql = _sql("revoke_vouched_keys")
    return len(await tx.fetch(sql, tenant_id, account_id, list(by), moment.at))


async def list_keys(db: Database, account_id: UUID) -> list[dict[str, Any]]:
    """The keys of an account, without their secrets."""
    return [dict(row) for row in await db.fetch(_sql("list_keys"), account_id)]
