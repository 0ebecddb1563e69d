"""Opening the platform, once, with its first API key."""

from dataclasses import dataclass
from uuid import UUID

from brimful.billing import accounts, keys
from brimful.cli.database import database_of, opened
from brimful.cli.errors import BadInput, check_text
from brimful.db.transaction import Database
from brimful.domain.moment import Moment
from brimful.domain.money import decimals
from brimful.effects.clocks import clock_of
from brimful.settings import MAIL_ADDRESS, Settings
from brimful.usecases.context import Context
from brimful.usecases.open_account import AlreadyOpen, check_zone, open_platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The platform that was opened, and the key that is shown this once."""

    platform_id: UUID
    secret: str


async def open_it(settings: Settings, *, name: str, currency: str, email: str, zone: str) -> Opened:
    """Open the platform and issue its first key. Raises BadInput when it is open already."""
    name = check_text("--name", name)
    _check(currency, email, zone)
    async with database_of(settings) as dsn, opened(dsn) as db:
        moment = (await clock_of(settings, db)).moment()
        return await _open(db, name=name, currency=currency, email=email, zone=zone, moment=moment)


async def _open(
    db: Database, *, name: str, currency: str, email: str, zone: str, moment: Moment
) -> Opened:
    # Nothing is bought here, so that no gateway is asked for anything.
    ctx = Context(db=db, gateway="testbank", minimum_minor=lambda _: 0)
    try:
        platform = await open_platform(
            ctx, name=name, currency=currency, owner_email=email, zone=zone, moment=moment
        )
    except AlreadyOpen:
        open_already = await accounts.read_platform(db)
        assert open_already is not None
        raise BadInput(
            f"the platform is open already: {open_already.name}, "
            f"acc_{open_already.platform_id.hex}; issue a key of it with: brimful keys issue"
        ) from None
    _, secret = await keys.issue(
        db,
        account_id=platform.platform_id,
        tenant_id=None,
        read_only=False,
        label="first",
        moment=moment,
    )
    return Opened(platform_id=platform.platform_id, secret=secret)


def _check(currency: str, email: str, zone: str) -> None:
    """Raises BadInput for what is not a currency, a mail address or a time zone."""
    if not MAIL_ADDRESS.fullmatch(email):
        raise BadInput(f"--email takes a mail address, not {email!r}")
    try:
        decimals(currency)
        check_zone(zone)
    except ValueError as wrong:
        raise BadInput(str(wrong)) from None
