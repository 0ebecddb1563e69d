"""Faults on request, before and after the effect; the hooks over HTTP; the core without it (R22)."""

import asyncio
import sys
from typing import Any

import httpx
import pytest
import stripe

from tests.builders.held import SOON_S
from tests.gateways.stripe_server.desk import Desk, desk_at, refusal
from tests.stripe_server.core import Request, Response, StripeCore
from tests.stripe_server.faults import Rule

START = 1_800_000_000


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("fault", ["reset", "truncated", "html", "503", "500"])
async def test_r22_nobody_can_tell_whether_it_happened(desk: Desk, fault: Any, when: Any) -> None:
    """The client sees an error either way; a read-back tells."""
    intent = await desk.intent()
    rule = Rule(fault=fault, when=when, verb="payment_intents.confirm")
    desk.server.faults.rules.append(rule)
    error = await refusal(desk.v1.payment_intents.confirm_async(intent.id, {"off_session": True}))
    assert isinstance(error, stripe.APIConnectionError | stripe.APIError)
    assert not isinstance(error, stripe.CardError | stripe.InvalidRequestError)
    effect = when == "after"
    seen = await desk.read(intent.id)
    assert seen.status == ("succeeded" if effect else "requires_confirmation")
    assert desk.moved(intent.id) == ([1_000] if effect else [])


async def test_r22_a_lost_reply_is_replayed_by_its_key(desk: Desk) -> None:
    """The effect was once; the same key tells of it."""
    intent = await desk.intent()
    desk.hooks.fault(fault="reset", when="after", verb="payment_intents.confirm")
    call = ({"off_session": True}, {"idempotency_key": "k"})
    error = await refusal(desk.v1.payment_intents.confirm_async(intent.id, *call))
    assert isinstance(error, stripe.APIConnectionError)
    again = await desk.v1.payment_intents.confirm_async(intent.id, *call)
    assert again.status == "succeeded" and desk.moved(intent.id) == [1_000]


@pytest.mark.parametrize("fault", ["503", "429", "html", "truncated"])
async def test_r22_an_answer_spoiled_after_its_effect_is_replayed(desk: Desk, fault: Any) -> None:
    """A refund that nobody heard of is given once with its key."""
    paid = await desk.paid()
    desk.hooks.fault(fault=fault, when="after", verb="refunds.create")
    call = ({"payment_intent": paid.id, "amount": 100}, {"idempotency_key": "k"})
    assert isinstance(await refusal(desk.v1.refunds.create_async(*call)), stripe.StripeError)
    assert (await desk.v1.refunds.create_async(*call)).amount == 100
    assert desk.moved(paid.id) == [1_000, -100]


async def test_r22_a_request_that_comes_late_meets_the_cancel(desk: Desk) -> None:
    """The client gave up and cancelled; the zombie confirm finds a fence."""
    intent = await desk.intent()
    other = desk_at(desk.url, desk.server)
    rule = Rule(fault="wait", verb="payment_intents.confirm")
    desk.server.faults.rules.append(rule)
    call = ({"off_session": True}, {"idempotency_key": "k"})
    gives_up = asyncio.create_task(other.v1.payment_intents.confirm_async(intent.id, *call))
    await rule.arrived.wait()
    gives_up.cancel()
    await asyncio.gather(gives_up, return_exceptions=True)
    assert (await desk.v1.payment_intents.cancel_async(intent.id)).status == "canceled"
    error = await refusal(desk.v1.payment_intents.confirm_async(intent.id, *call))
    assert error.http_status == 409
    rule.opened.set()
    error = await refusal(desk.v1.payment_intents.confirm_async(intent.id, *call))
    assert error.code == "payment_intent_unexpected_state"
    assert error.headers["idempotent-replayed"] == "true"
    assert desk.moved(intent.id) == []
    await other.close()


async def test_r22_a_rule_strikes_where_it_is_told(desk: Desk) -> None:
    """By verb, account, card and count, and no longer than told."""
    agency = desk.hooks.open_account()["id"]
    desk.hooks.fault(fault="503", verb="customers.*", account=agency, nth=2, times=2)
    options = {"stripe_account": agency}
    statuses = []
    for _ in range(4):
        await desk.v1.customers.create_async()
        try:
            await desk.v1.customers.create_async({}, options)
            statuses.append(200)
        except stripe.StripeError as refused:
            statuses.append(refused.http_status or 0)
    assert statuses == [200, 503, 503, 200]
    desk.hooks.clear_faults()
    desk.hooks.fault(fault="429", about="5555555555554444")
    assert (await desk.paid()).status == "succeeded"
    error = await refusal(desk.paid("pm_card_mastercard"))
    assert isinstance(error, stripe.RateLimitError)


@pytest.mark.parametrize(("card", "moved"), [("ours_lostBefore", []), ("ours_lostAfter", [1_000])])
async def test_r22_cards_of_our_own_bring_their_fault(
    desk: Desk, card: str, moved: list[int]
) -> None:
    """Once per intent, at its first confirm."""
    intent = await desk.intent(f"pm_card_{card}")
    call = desk.v1.payment_intents.confirm_async(intent.id, {"off_session": True})
    assert isinstance(await refusal(call), stripe.APIConnectionError)
    assert desk.moved(intent.id) == moved


async def test_r22_the_sdk_itself_retries_what_says_so(desk: Desk) -> None:
    """`Stripe-Should-Retry` is obeyed: one effect, with the same key."""
    http: Any = stripe.HTTPXClient(timeout=5)
    patient = stripe.StripeClient(
        "sk_test_brimful", base_addresses={"api": desk.url}, max_network_retries=2,
        http_client=http,
    )  # fmt: skip
    intent = await desk.intent()
    desk.hooks.fault(fault="lock_timeout", verb="payment_intents.confirm")
    done = await patient.v1.payment_intents.confirm_async(intent.id, {"off_session": True})
    assert done.status == "succeeded" and desk.moved(intent.id) == [1_000]
    await http.close_async()


async def test_r44_hooks_over_http(desk: Desk) -> None:
    """As another process would use them; what is no hook, or does not fit, is 400."""
    paid = await desk.paid()
    async with httpx.AsyncClient(base_url=desk.url, timeout=60) as http:
        dispute = await http.post("/_control/dispute", json={"payment": paid.id, "amount": 5})
        assert dispute.json()["status"] == "needs_response"
        journal = (await http.post("/_control/journal")).json()
        assert [line["amount_minor"] for line in journal] == [1_000, -5]
        assert (await http.post("/_control/deliver")).json() == 0
        before = (await http.post("/_control/now")).json()
        after = (await http.post("/_control/advance", json={"seconds": 60})).json()
        assert 60 <= after - before <= 60 + SOON_S
        for name, body in (
            ("nothing", {}),
            ("_call", {}),
            ("advance", {"x": 1}),
            ("dispute", {"payment": "x"}),
        ):
            assert (await http.post(f"/_control/{name}", json=body)).status_code == 400
        assert (await http.post("/_control/now", content=b"{")).status_code == 400


async def test_r44_a_server_in_a_process_of_its_own() -> None:
    """It says where it is, and is reached by the SDK and by its hooks."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.stripe_server", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        url, key = (await process.stdout.readline()).decode().split()
        http: Any = stripe.HTTPXClient(timeout=60)
        client = stripe.StripeClient(key, base_addresses={"api": url}, http_client=http)
        made = await client.v1.customers.create_async()
        async with httpx.AsyncClient(base_url=url, timeout=60) as control:
            (event,) = (await control.post("/_control/events")).json()
        assert event["data"]["object"]["id"] == made.id
        await http.close_async()
    finally:
        process.kill()
        await process.wait()


def _send(core: StripeCore, path: str, form: str, now: int = START, key: str = "") -> Response:
    headers = {"authorization": "Bearer sk_test_brimful"}
    if key:
        headers["idempotency-key"] = key
    return core.handle(Request(method="POST", path=path, form=form, headers=headers), now)


def test_r22_the_core_needs_no_network_and_no_clock() -> None:
    """The same seed, requests and times: the same answers, to the byte."""

    def play() -> list[str]:
        core = StripeCore(seed=7, now=START)
        made = _send(core, "/v1/payment_intents", "amount=500&currency=usd", key="k")
        path = f"/v1/payment_intents/{made.json['id']}"
        bodies = [made.body]
        wish = "payment_method=pm_card_visa&off_session=true"
        bodies.append(_send(core, f"{path}/confirm", wish, START + 5).body)
        bodies.append(_send(core, f"{path}/cancel", "", START + 6).body)
        again = _send(core, "/v1/payment_intents", "amount=500&currency=usd", START + 7, key="k")
        assert again.body == made.body
        assert core.state.journal.moved(made.json["id"]) == [500]
        return bodies

    assert play() == play()


def test_r38_time_never_runs_backwards() -> None:
    """A request that is dated earlier sees the time that has come."""
    core = StripeCore(seed=1, now=START)
    _send(core, "/v1/customers", "", START + 100)
    assert _send(core, "/v1/customers", "", START).json["created"] == START + 100
