"""Connect: accounts that know nothing of each other, onboarding, access taken back (R44)."""

import stripe

from tests.gateways.stripe_server.desk import LIVE_KEY, Desk, desk_at, refusal

LINK = {
    "refresh_url": "https://x.test/r",
    "return_url": "https://x.test",
    "type": "account_onboarding",
}


async def test_r44_accounts_do_not_see_each_other(desk: Desk) -> None:
    """Whatever lives on one is unknown on another, and on the platform."""
    one, two = (desk.hooks.open_account()["id"] for _ in range(2))
    paid = await desk.paid(options={"stripe_account": one})
    assert (await desk.read(paid.id, stripe_account=one)).status == "succeeded"
    for options in ({"stripe_account": two}, {}):
        error = await refusal(desk.read(paid.id, **options))
        assert (error.http_status, error.code) == (404, "resource_missing")
        listed = await desk.v1.payment_intents.list_async({}, options or None)
        assert listed.data == []
        error = await refusal(
            desk.v1.refunds.create_async({"payment_intent": paid.id}, options or None)
        )
        assert error.code == "resource_missing"
    assert paid.application == "ca_Platform"
    assert [line["account"] for line in desk.hooks.journal()] == [one]


async def test_r44_a_card_of_one_account_is_none_of_another(desk: Desk) -> None:
    """Customers and cards must live on the account that is charged."""
    agency = desk.hooks.open_account()["id"]
    customer, method = await desk.saved()
    error = await refusal(
        desk.v1.payment_intents.create_async(
            {"amount": 1_000, "currency": "usd", "customer": customer, "payment_method": method},
            {"stripe_account": agency},
        )
    )
    assert error.code == "resource_missing"


async def test_r44_test_and_live_are_apart(desk: Desk) -> None:
    """The same account, two books; the objects say which."""
    live = desk_at(desk.url, desk.server, LIVE_KEY)
    test_customer, _ = await desk.saved()
    paid = await live.paid()
    assert paid.livemode
    assert (await refusal(desk.read(paid.id))).code == "resource_missing"
    assert (
        await refusal(live.v1.customers.retrieve_async(test_customer))
    ).code == "resource_missing"
    await live.close()


async def test_r44_an_agency_is_onboarded(desk: Desk) -> None:
    """A link; until it is done the account cannot charge; an event tells when it can."""
    made = await desk.v1.accounts.create_async({"type": "standard", "email": "a@x.test"})
    assert not made.charges_enabled and made.requirements.currently_due
    link = await desk.v1.account_links.create_async({"account": made.id, **LINK})
    assert link.url.startswith("https://connect.stripe.com/") and link.expires_at > link.created
    options = {"stripe_account": made.id}
    error = await refusal(desk.intent(options=options))
    assert "cannot currently make charges" in str(error)
    desk.hooks.onboard(made.id)
    assert (await desk.v1.accounts.retrieve_async(made.id)).charges_enabled
    assert (await desk.paid(options=options)).status == "succeeded"
    (event,) = desk.hooks.events("account.updated")
    assert event["account"] == made.id
    desk.hooks.restrict(made.id)
    assert not (await desk.v1.accounts.retrieve_async(made.id)).charges_enabled


async def test_r44_an_agency_takes_its_access_back(desk: Desk) -> None:
    """403 to every call of the platform, an event, and nothing of its own is lost."""
    agency = desk.hooks.open_account()["id"]
    options = {"stripe_account": agency}
    held = await desk.held(options=options)
    desk.hooks.deauthorize(agency)
    for call in (
        desk.read(held.id, **options),
        desk.v1.payment_intents.capture_async(held.id, {}, options),
        desk.v1.customers.create_async({}, options),
        desk.v1.accounts.retrieve_async(agency),
    ):
        error = await refusal(call)
        assert (error.http_status, error.error.code) == (403, "account_invalid")
        assert isinstance(error, stripe.PermissionError)
    (event,) = desk.hooks.events("account.application.deauthorized")
    assert (event["account"], event["data"]["object"]["object"]) == (agency, "application")
    desk.hooks.authorize(agency)
    assert (await desk.read(held.id, **options)).status == "requires_capture"


async def test_r44_an_account_that_was_never_connected_is_403(desk: Desk) -> None:
    """It tells nothing of whether there is one."""
    error = await refusal(desk.v1.customers.list_async({}, {"stripe_account": "acct_nobody"}))
    assert isinstance(error, stripe.PermissionError)


async def test_r45_an_agency_is_master_of_its_own_account(desk: Desk) -> None:
    """With its own key it makes what it likes there, and reaches nobody else's."""
    agency = desk.hooks.open_account()["id"]
    own = desk_at(desk.url, desk.server, desk.hooks.own_key(agency))
    forged = await own.paid(metadata={"reference": "copied"})
    assert (await desk.read(forged.id, stripe_account=agency)).application is None
    other = desk.hooks.open_account()["id"]
    error = await refusal(own.v1.customers.list_async({}, {"stripe_account": other}))
    assert isinstance(error, stripe.PermissionError)
    await own.close()


async def test_r44_a_wrong_key_is_401(desk: Desk) -> None:
    """The key is shown in part only."""
    stranger = desk_at(desk.url, desk.server, "sk_test_wrongwrongwrong")
    error = await refusal(stranger.v1.customers.list_async())
    assert isinstance(error, stripe.AuthenticationError) and error.http_status == 401
    assert "wrongwrong" not in str(error)
    await stranger.close()
