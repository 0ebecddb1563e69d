"""The walls let through what they should (R40): every route with every key that may use it; what is
answered names nothing foreign, and others' names and keys are free."""

import asyncio
import re
from collections import defaultdict

import pytest

from tests.api.routes import GOOD, ROUTES, WHOAMI, Route
from tests.api.tree import PLATFORM, ROLES, TREE, Tree, nowhere
from tests.api.wire import Wire, fill, served

shared = pytest.mark.asyncio(loop_scope="module")
AN_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
AN_ADDRESS = re.compile(r"[\w.-]+@[\w.-]+")
# Every id that the API might tell, with the account that has it.
OWNERS = """
select purchase_id as id, buyer_id as owner from purchase
union all select spend_id, account_id from spend
union all select chatbot_id, account_id from chatbot
union all select notice_id, account_id from notice
union all select key_id, account_id from api_key
union all select method_id, account_id from payment_method
union all select charge_id, account_id from charge
union all select lot_id, account_id from lot
union all select refund_id, account_id from refund
union all select debt_id, account_id from reversal
union all select subscription_id, account_id from subscription
union all select demand_id, account_id from demand
union all select operation_id, buyer_id from transfer where kind = 'allotment'
union all select package_id, seller_ref from package
union all select account_id, account_id from account
union all select platform_id, platform_id from platform
union all select endpoint_id, account_id from webhook_endpoint
union all select delivery_id, owner_id from webhook_delivery
union all select notice_id, owner_id from webhook_delivery where kind = 'webhook_test'
"""


def use_everything(tree: Tree, wire: Wire, heard: dict[str, list[bytes]]) -> None:
    """Each role: every route on each account that it may name, in an order in which it can be."""
    for role in ROLES:
        secret = tree.keys[role]
        whoami = wire.send("GET", WHOAMI[1], f"Bearer {secret}")
        assert whoami.json == {
            "account_id": tree.accounts[role],
            "read_only": False,
            "platform": role == PLATFORM,
        }
        for account in tree.below(role):
            ids, kind = tree.ids(account), tree.kind(account)
            for route in ROUTES:
                if route.ends and kind == "client":
                    continue
                answer = wire.ask(route, secret, ids, key=f"right-{wire.asked}")
                expected = route.answer_to(kind, its_own_key=role == account)
                assert (answer.status, answer.code) == expected, (role, account, route, answer)
                if route.makes and answer.status < 300:
                    ids[route.makes] = answer.json["id"]
                heard[role].append(answer.body)


async def may_be_told(tree: Tree, role: str) -> set[str]:
    """The ids of all that a role's scope holds, of its account's seller, and of what it offers."""
    db, me = tree.world.db, tree.accounts[role][4:]
    scope = await db.fetch("select account_id, ancestors from account where not supply")
    mine = {
        row["account_id"].hex
        for row in scope
        if role == PLATFORM or me in [one.hex for one in row["ancestors"]]
    }
    seller = tree.accounts[TREE.get(role) or PLATFORM][4:]
    packages = await db.fetch("select package_id, seller_ref from package")
    offered = {row["package_id"].hex for row in packages if row["seller_ref"].hex == seller}
    owned = await db.fetch(OWNERS)
    return {row["id"].hex for row in owned if row["owner"].hex in mine | {me}} | offered | {seller}


@shared
async def test_r40_every_route_does_its_work_for_every_right_key(tree: Tree) -> None:
    """Done, or the refusal that is stated. No id that is told belongs to what is foreign, but for
    the account's seller and what that one offers; nor is anybody's address told who is foreign."""
    heard: dict[str, list[bytes]] = defaultdict(list)
    async with served(tree) as wire:
        await asyncio.to_thread(use_everything, tree, wire, heard)
    await tree.world.settle()
    for role in ROLES:
        text = b"".join(heard[role]).decode()
        told = {one.replace("-", "") for one in AN_ID.findall(text)}
        assert len(told) > 20
        assert told - await may_be_told(tree, role) == set(), role
        foreign = {f"{other.lower().replace(' ', '.')}@example.com" for other in tree.foreign(role)}
        assert foreign & set(AN_ADDRESS.findall(text)) == set(), role


def route_of(body: str) -> Route:
    """The command with this body."""
    [found] = [route for route in ROUTES if route.body == body]
    return found


@shared
async def test_r40_keys_and_names_that_others_use_are_free(tree: Tree) -> None:
    """Were they not, they would tell that somebody has them: idempotency keys, external ids of
    chatbots and of accounts."""

    def walk() -> None:
        for role in ("Agency", "Sub-agency", "Other agency", "Client 1", "Other client"):
            ids, secret = tree.ids(role), tree.keys[role]
            for body, named in (
                ("Spend", {"credits": 1 + len(done), "wait_ms": 0}),
                ("CreateChatbot", {"external_id": "the same"}),
                ("OpenAccount", {"name": role, "owner_name": "X", "owner_email": "x@example.com", "external_id": "the same"}),
            ):  # fmt: skip
                if tree.kind(role) == "client" and body == "OpenAccount":
                    continue
                answer = wire.ask(
                    route_of(body), secret, ids, key=f"the-same-{body}", body=fill(named, ids)
                )
                assert answer.status in (200, 201), (role, body, answer)
                done.add(answer.json["id"])

    done: set[str] = set()
    async with served(tree) as wire:
        await asyncio.to_thread(walk)
    assert len(done) == 13


@shared
async def test_r40_a_foreign_package_that_is_allowed_is_as_one_that_nobody_has(tree: Tree) -> None:
    """`allowed_packages` of the settings: the same answer, and nothing is changed by it."""

    def walk() -> None:
        settings = route_of("SetAutoBilling")
        for role in ("Agency", "Client 1", "Sub-client", "Other client"):
            ids, secret = tree.ids(role), tree.keys[role]
            theirs = [of["package_id"] for of in tree.owned.values() if "package_id" in of]
            assert wire.ask(route_of("SaveCard"), secret, ids).status == 201
            answers = []
            for package in (
                nowhere("package_id"),
                *(one for one in theirs if one != ids["offer_id"]),
            ):
                body = fill({**GOOD["SetAutoBilling"], "allowed_packages": [package]}, ids)
                answer = wire.ask(settings, secret, ids, body=body)
                text = answer.body.decode().replace(package, "it")
                answers.append((answer.status, answer.headers, text))
            assert len(answers) >= 3
            assert set(answers) == {answers[0]}
            assert answers[0][0] == 404
            assert wire.ask(settings, secret, ids).status == 200

    async with served(tree) as wire:
        await asyncio.to_thread(walk)


@shared
async def test_r40_secrets_are_not_kept(tree: Tree) -> None:
    """Of no key is more in the database than a prefix and a hash."""
    rows = await tree.world.db.fetch("select k::text as row from api_key k")
    kept = "".join(row["row"] for row in rows)
    secrets = [*tree.keys.values(), *tree.readers.values(), tree.revoked]
    assert all(secret[:8] in kept and secret[8:] not in kept for secret in secrets)
