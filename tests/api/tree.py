"""A tree three levels deep in two tenants, in which every account has one of everything."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from brimful.db.transaction import connect
from brimful.ledger.audit import audit
from brimful.usecases.answers import Bought, ChatbotCreated, SpendDone
from brimful.usecases.set_auto_billing import set_child_limit
from tests.api.routes import Kind
from tests.builders.holds import held
from tests.builders.hooks import hook, try_hook
from tests.builders.http import key_for
from tests.builders.reversals import charge_of, refund_elsewhere
from tests.builders.world import World, running_world

# Each account with its seller; None is the platform.
TREE: dict[str, str | None] = {
    "Agency": None,
    "Client 1": "Agency",
    "Client 2": "Agency",
    "Sub-agency": "Agency",
    "Sub-client": "Sub-agency",
    "Other agency": None,
    "Other client": "Other agency",
}
SELLERS = ("Agency", "Sub-agency", "Other agency")
# Credits and chatbots allotted: enough for all that the right keys do.
STOCK = {"Agency": (90_000, 900), "Sub-agency": (30_000, 300), "Other agency": (30_000, 300)}
SUPPLIES = ("Supply of Agency", "Supply of Other agency")
PLATFORM = "Platform"
ROLES = (PLATFORM, *TREE)

# The ids that paths, bodies and cursors take, with the owner of each.
_OBJECTS = """
select 'package_id' as what, 'pkg' as prefix, package_id as id, seller_ref as owner from package
union all select 'plan_id', 'pkg', package_id, seller_ref from package where kind = 'subscription'
union all select 'purchase_id', 'pur', purchase_id, buyer_id from purchase where not automatic
union all select 'auto_billing_id', 'pur', purchase_id, buyer_id from purchase where automatic
union all select 'spend_id', 'spd', spend_id, account_id from spend where held_as is null
union all select 'hold_id', 'hld', hold_id, account_id from credit_hold where not leased
union all select 'lease_id', 'hld', hold_id, account_id from credit_hold where leased
union all select 'chatbot_id', 'bot', chatbot_id, account_id from chatbot
union all select 'notice_id', 'ntc', notice_id, account_id from notice
union all select 'key_id', 'key', key_id, account_id from api_key
union all select 'method_id', 'pmt', method_id, account_id from payment_method where removed_at is null
union all select 'child_id', 'acc', account_id, parent_id from account where account_id <> tenant_id
union all select 'child_id', 'acc', account_id, $1::uuid from account where account_id = tenant_id
union all select 'charge_id', 'chg', charge_id, account_id from charge
    join purchase_line using (tenant_id, purchase_id) where kind = 'subscription'
union all select 'debt_id', 'dbt', debt_id, account_id from reversal where missing > 0
union all select 'client_debt_id', 'dbt', debt_id, seller_id from reversal where missing > 0
union all select 'lot_id', 'lot', lot_id, account_id from lot
union all select 'subscription_id', 'sub', subscription_id, account_id from subscription
union all select 'endpoint_id', 'whe', endpoint_id, account_id from webhook_endpoint
union all select 'delivery_id', 'whd', delivery_id, owner_id from webhook_delivery
order by 3
"""
KINDS_OF_IDS = {
    "package_id": "pkg", "purchase_id": "pur", "auto_billing_id": "pur", "spend_id": "spd",
    "chatbot_id": "bot", "notice_id": "ntc", "key_id": "key", "method_id": "pmt", "child_id": "acc",
    "charge_id": "chg", "lot_id": "lot", "subscription_id": "sub", "account_id": "acc",
    "offer_id": "pkg", "plan_id": "pkg", "endpoint_id": "whe", "delivery_id": "whd", "debt_id": "dbt",
    "client_debt_id": "dbt",
    "hold_id": "hld", "lease_id": "hld",
}  # fmt: skip
OF_EVERY_ACCOUNT = set(KINDS_OF_IDS) - {
    "package_id", "child_id", "client_debt_id", "account_id", "offer_id", "plan_id",
}  # fmt: skip
OF_SELLERS = {"package_id", "plan_id", "child_id", "key_id"}
Ids = dict[str, str]


def nowhere(what: str) -> str:
    """An id of a kind that nothing has."""
    return f"{KINDS_OF_IDS[what]}_{uuid4().hex}"


@dataclass(slots=True)
class Tree:
    """The world, keys of every account, the ids of what each has, and what it can buy."""

    world: World
    keys: dict[str, str]
    readers: dict[str, str]
    revoked: str
    accounts: Ids
    owned: dict[str, Ids]

    def below(self, role: str) -> list[str]:
        """The accounts that a role may name: itself, and those under it."""
        if role == PLATFORM:
            return [*ROLES]
        return [one for one in TREE if role in (one, *self.above(one))]

    def at_both_ends(self, role: str) -> list[str]:
        """The account of a role, and the last one under it."""
        mine = self.below(role)
        return [role] if len(mine) == 1 else [role, mine[-1]]

    def above(self, account: str) -> list[str]:
        """The sellers of an account up to the platform."""
        seller = TREE.get(account)
        return [] if seller is None else [seller, *self.above(seller)]

    def foreign(self, role: str) -> list[str]:
        """All that a role may not name; the supplies are nobody's to name."""
        mine = self.below(role)
        return [one for one in (*ROLES, *SUPPLIES) if one not in mine]

    def kind(self, account: str) -> Kind:
        """What an account is."""
        if account == PLATFORM:
            return "platform"
        return "seller" if account in SELLERS else "client"

    def ids(self, account: str) -> Ids:
        """One object of each kind that an account has, ids that nothing has for the others."""
        made = {what: nowhere(what) for what in KINDS_OF_IDS}
        made |= self.owned.get(account, {})
        seller = TREE.get(account) or PLATFORM
        offer = self.owned[seller].get("package_id", made["offer_id"])
        plan = self.owned[seller].get("plan_id", made["plan_id"])
        chosen = {"account_id": self.accounts[account], "offer_id": offer, "plan_id": plan}
        return {**made, **chosen, "model": "gpt-4"}


@contextlib.asynccontextmanager
async def grown_tree(dsn: str, mail: Path) -> AsyncIterator[Tree]:
    """The tree on a database; its books must be right at the end."""
    db = await connect(dsn)
    try:
        async with running_world(db, mail) as world:
            await _grow(world)
            yield await _seen(world)
        findings = await audit(db)
        assert not findings, findings
    finally:
        await db.close()


async def _grow(world: World) -> None:
    await world.package(None, 5_000, credits=500, chatbots=2, interval="month", name="Plan")
    for name, seller in TREE.items():
        await world.open(name, seller, sells=name in SELLERS)
        await world.card(name)
        await world.auto_billing(name)
        if name in SELLERS:
            await world.package(name, 2_500, credits=3_000, name=f"Credits of {name}")
            await world.package(name, 900, credits=50, chatbots=1, interval="month", name="Plan")
            await world.package(name, 700, kind="extra_chatbots", interval="month", name="Seat")
            await world.rate(name, "gpt-4", 25)
    for name in reversed(TREE):
        # At balance zero: each is billed automatically, and so are its sellers.
        assert isinstance(await world.spend(name, 25), SpendDone)
    await world.settle()
    for name in TREE:
        # What was used of it is a debt; the purchases by hand that follow end the pause.
        charge = await charge_of(world, name)
        await refund_elsewhere(world, charge["payment_id"], charge["amount_minor"])
    for name, seller in TREE.items():
        plan = await world.db.fetchval(
            "select package_id from package where seller_ref = $1 and kind = 'subscription'",
            world.platform.platform_id if seller is None else world.names[seller],
        )
        assert isinstance(await world.buy(name, plan), Bought)
        assert isinstance(await world.create_chatbot(name, f"Bot of {name}"), ChatbotCreated)
        await world.stock(name, *STOCK.get(name, (100, 10)))
        await held(world, name, 5, ttl_s=86_400)
        await held(world, name, 5, ttl_s=3_600, held_as="lease")
    for name in SELLERS:
        await _limit_a_child(world, name)
    for owner in (None, *TREE):
        await _open_webhook(world, owner)
    await world.settle()


async def _open_webhook(world: World, name: str | None) -> None:
    """An endpoint where nobody listens, and a test that was sent to it."""
    opened = await hook(world, name, url="http://127.0.0.1:9/of-the-tree")
    await try_hook(world, name, opened.endpoint_id)


async def _limit_a_child(world: World, name: str) -> None:
    account = await world.account(name)
    child = next(one for one, seller in TREE.items() if seller == name)
    await set_child_limit(
        world.engine.ctx,
        tenant_id=account.tenant_id,
        account_id=account.account_id,
        child_id=world.names[child],
        per_month_minor=900_000,
    )


async def _seen(world: World) -> Tree:
    names = {PLATFORM: world.platform.platform_id, **world.names}
    for supply in SUPPLIES:
        tenant = world.names[supply.removeprefix("Supply of ")]
        names[supply] = await world.db.fetchval(
            "select account_id from account where tenant_id = $1 and supply", tenant
        )
    opened = {name: None if name == PLATFORM else name for name in ROLES}
    keys = {name: await key_for(world, of) for name, of in opened.items()}
    readers = {name: await key_for(world, of, read_only=True) for name, of in opened.items()}
    revoked = await key_for(world, "Agency")
    await world.db.execute(
        "update api_key set revoked_at = created_at where secret_hash = sha256($1)",
        revoked.encode(),
    )
    owned: dict[str, Ids] = {name: {} for name in ROLES}
    by_id = {of: name for name, of in names.items()}
    for row in await world.db.fetch(_OBJECTS, world.platform.platform_id):
        if by_id.get(row["owner"]) in owned:
            owned[by_id[row["owner"]]].setdefault(row["what"], f"{row['prefix']}_{row['id'].hex}")
    for name, ids in owned.items():
        wanted = set() if name == PLATFORM else OF_EVERY_ACCOUNT
        assert set(ids) >= (wanted | OF_SELLERS if name in (PLATFORM, *SELLERS) else wanted), name
        assert name not in SELLERS or "client_debt_id" in ids, name
    accounts = {name: f"acc_{of.hex}" for name, of in names.items()}
    return Tree(world, keys, readers, revoked, accounts, owned)
