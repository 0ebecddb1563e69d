"""Tenant walls (R40): every endpoint × role × foreign account, generated from the routes.

What lies outside a key's scope is not read, not changed, and answered to the byte as if it did not
exist: under its own account's id, under one's own, in bodies and in cursors. Every account has one
of everything; ``test_right_keys`` shows that the right key is let through by the same routes.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts

from brimful.api.app import create_app
from brimful.billing.keys import make_secret
from tests.api.routes import BELOW, PAGES, PUBLIC, ROUTES, TEST_CLOCK, WHOAMI, Route
from tests.api.tree import KINDS_OF_IDS, PLATFORM, ROLES, SUPPLIES, TREE, Ids, Tree, nowhere
from tests.api.wire import BAD_BODY, BAD_QUERY, MALFORMED, Answer, Wire, changes_nothing

shared = pytest.mark.asyncio(loop_scope="module")
# Whose bad requests are tried as well: a seller's and a client's.
ASKS_BADLY = ("Agency", "Client 1")
OFFERS = tuple(route for route in ROUTES if route.body in ("Purchase", "PreviewPurchase"))


def lost() -> Ids:
    """Ids of each kind, that nothing has."""
    return {**{what: nowhere(what) for what in KINDS_OF_IDS}, "model": "gpt-4"}


def ways(route: Route, role: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Ways to ask, good and bad, with what is answered outside the key's scope."""
    yield 404, {}
    if role not in ASKS_BADLY:
        return
    yield 405, {"verb": "PATCH"}
    if route.verb == "GET":
        yield 404, {"query": BAD_QUERY}
    if route.body is not None:
        yield 404, {"body": BAD_BODY}
        yield 400, {"body": MALFORMED}
    if route.keyed:
        yield 404, {"key": None}
        yield 404, {"key": None, "body": BAD_BODY}
        yield 404, {"key": "not plain"}


def test_every_route_has_its_entry() -> None:
    """A new route without an entry in the table fails here, documented or not."""
    there = set()
    for route in iter_route_contexts(create_app(None).routes):  # type: ignore[arg-type]
        verbs = getattr(route, "methods", None) or {"MOUNT"}
        there |= {(verb, route.path) for verb in verbs - {"HEAD"}}
    listed = {(route.verb, BELOW + route.path) for route in ROUTES}
    assert len(listed) == len(ROUTES) >= 39
    assert there == listed | PUBLIC | {WHOAMI} | TEST_CLOCK


def foreign_accounts(tree: Tree, wire: Wire) -> None:
    """Real objects under the ids of the accounts that have them."""
    for role in ROLES:
        secret, foreign = tree.keys[role], [tree.ids(one) for one in tree.foreign(role)]
        assert len(foreign) >= len(SUPPLIES)
        for route in ROUTES:
            for status, how in ways(route, role):
                reference = wire.ask(route, secret, lost(), **how)
                assert reference.status == status, (role, route, how, reference)
                for ids in foreign:
                    answer = wire.ask(route, secret, ids, **how)
                    assert answer == reference, (role, route, how, ids)


@shared
async def test_r40_what_is_foreign_does_not_exist(tree: Tree) -> None:
    """No read, no change, and no difference from an account that was never opened, whether the
    request is good, has a bad body or query, or lacks its key."""
    assert await changes_nothing(tree, foreign_accounts) > 3_000


def readers(tree: Tree, wire: Wire) -> None:
    """With read-only keys: all of what is in scope, and what is foreign to some."""
    for role in ROLES:
        secret = tree.readers[role]
        assert wire.send("GET", WHOAMI[1], f"Bearer {secret}").json["read_only"] is True
        for route in ROUTES:
            reads = route.verb == "GET"
            reference = wire.ask(route, secret, lost())
            assert reference.status == (404 if reads else 403), (role, route, reference)
            for one in tree.foreign(role) if role in ASKS_BADLY else SUPPLIES:
                assert wire.ask(route, secret, tree.ids(one)) == reference, (role, route, one)
            for one in tree.below(role):
                answer = wire.ask(route, secret, tree.ids(one))
                if reads:
                    expected = route.answer_to(tree.kind(one), its_own_key=one == role)
                    assert (answer.status, answer.code) == expected, (role, route, one)
                else:
                    assert answer == reference and answer.code == "read_only_key"


@shared
async def test_r40_a_read_only_key_changes_nothing_and_sees_nothing_foreign(tree: Tree) -> None:
    """Every route: it reads what its account may read, and no command is done or told apart."""
    assert await changes_nothing(tree, readers) > 1_000


def same_answer(
    wire: Wire, route: Route, secret: str, mine: Ids, what: str, theirs: list[str], **how: Any
) -> Answer:
    """Others' ids in the place of one's own are answered as one that nothing has."""
    assert theirs, (route, what)
    reference = wire.ask(route, secret, {**mine, what: nowhere(what)}, **how)
    assert reference.status in (403, 404, 422), (route, reference)
    for one in theirs:
        answer = wire.ask(route, secret, {**mine, what: one}, **how)
        assert answer == reference, (route, what, one, answer, reference)
    return reference


def not_of(tree: Tree, account: str, what: str) -> list[str]:
    """What other accounts have of a kind; of accounts, all that are not children of this one."""
    if what == "child_id":
        children = [name for name, seller in TREE.items() if (seller or PLATFORM) == account]
        return [of for name, of in tree.accounts.items() if name not in children]
    owned = (ids for name, ids in tree.owned.items() if name != account)
    return [ids[what] for ids in owned if what in ids]


def objects(tree: Tree, wire: Wire) -> None:
    """The objects of every other account under the accounts that a key may name."""
    for role in ROLES:
        for account in tree.at_both_ends(role):
            mine = tree.ids(account)
            for route in ROUTES:
                for what in route.objects:
                    theirs = not_of(tree, account, what)
                    same_answer(wire, route, tree.keys[role], mine, what, theirs)
                    if route.body and role in ASKS_BADLY:
                        bad = {"body": BAD_BODY}
                        same_answer(wire, route, tree.keys[role], mine, what, theirs, **bad)


@shared
async def test_r40_an_object_of_another_account_is_not_under_ones_own(tree: Tree) -> None:
    """A purchase, a spend, a chatbot, a notice, a key, a card, a package or a child of any other
    account, in scope or not, in a path of one's own account: as one that nothing has."""
    assert await changes_nothing(tree, objects) > 700


def packages(tree: Tree, wire: Wire) -> None:
    """Packages of everybody but the account's seller, to be bought or looked at."""
    for role in ROLES:
        for account in tree.at_both_ends(role):
            mine = tree.ids(account)
            offered = {ids["package_id"] for ids in tree.owned.values() if "package_id" in ids}
            theirs = sorted(offered - {mine["offer_id"]})
            for route in OFFERS:
                reference = same_answer(wire, route, tree.keys[role], mine, "offer_id", theirs)
                assert reference.status == 404


@shared
async def test_r40_a_package_of_another_seller_cannot_be_named(tree: Tree) -> None:
    """Bought or previewed, it is as one that nobody offers."""
    assert await changes_nothing(tree, packages) > 90


def cursors(tree: Tree, wire: Wire) -> None:
    """Others' ids as the `after` of a list, and the ids beside them, which nothing has."""
    for role in ("Agency", "Client 1", "Sub-client"):
        for path, prefix in PAGES.items():
            [route] = [one for one in ROUTES if (one.verb, one.path) == ("GET", path)]
            ids = {one for name in tree.foreign(role) for one in tree.ids(name).values()}
            # A debt is among the ids of both, who owes it and whom it is owed to.
            ids -= set(tree.ids(role).values())
            for one in {one for one in ids if one.startswith(f"{prefix}_")}:
                pages = [
                    wire.ask(route, tree.keys[role], tree.ids(role), query=f"?after={after}")
                    for after in (one, f"{prefix}_{int(one[4:], 16) + 1:032x}")
                ]
                assert pages[0].status == 200 and pages[0] == pages[1], (role, path, one)


@shared
async def test_r40_a_foreign_id_in_a_cursor_is_only_a_place_in_an_order(tree: Tree) -> None:
    """The page after it is the page after the id beside it."""
    assert await changes_nothing(tree, cursors) > 200


def strangers(tree: Tree, wire: Wire) -> None:
    """No key, keys that are none, one that was revoked: on everything."""
    secret = tree.keys["Agency"]
    mistyped = secret[:10] + ("x" if secret[10] != "x" else "y") + secret[11:]
    nobody = wire.send("GET", WHOAMI[1], None)
    assert nobody.status == 401
    for given in ("Basic eA==", secret, "Bearer", "Bearer \xe9", f"Bearer {make_secret()}"):
        assert wire.send("GET", WHOAMI[1], given) == nobody
    for key in (None, "brm_nothing", mistyped, tree.revoked):
        for route in ROUTES:
            for ids in (tree.ids("Agency"), tree.ids(SUPPLIES[0]), lost()):
                assert wire.ask(route, key, ids) == nobody, (key, route)


@shared
async def test_r40_without_a_key_everything_looks_alike(tree: Tree) -> None:
    """401, to the byte, for what is there and for what is not; a revoked key opens nothing."""
    assert await changes_nothing(tree, strangers) > 400
