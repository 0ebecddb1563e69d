"""Parameters that the real API does not know are refused, by the SDK's own types (R44)."""

from typing import Any

import pytest
import stripe
from stripe import params as sdk

from tests.gateways.stripe_server.desk import Desk, refusal
from tests.stripe_server.core import Request, StripeCore
from tests.stripe_server.params import check, fields
from tests.stripe_server.routes import ROUTES

INTENT = {"amount": 1_000, "currency": "usd"}


@pytest.mark.parametrize(
    ("wish", "param"),
    [
        ({**INTENT, "capture": True}, "capture"),
        ({**INTENT, "payment_method_options": {"card": {"nonsense": 1}}},
         "payment_method_options[card][nonsense]"),
        ({**INTENT, "shipping": {"name": "n", "address": {"town": "x"}}}, "shipping[address][town]"),
        ({**INTENT, "automatic_payment_methods": {"enabled": True, "off": 1}},
         "automatic_payment_methods[off]"),
    ],
)  # fmt: skip
async def test_r44_unknown_parameters_are_refused(desk: Desk, wish: Any, param: str) -> None:
    """However deep."""
    error = await refusal(desk.v1.payment_intents.create_async(wish))
    assert isinstance(error, stripe.InvalidRequestError)
    assert (error.http_status, error.code, error.param) == (400, "parameter_unknown", param)
    assert str(error).endswith(f"Received unknown parameter: {param}")


@pytest.mark.parametrize(
    ("wish", "code", "param"),
    [
        ({"currency": "usd"}, "parameter_missing", "amount"),
        ({"amount": 1_000}, "parameter_missing", "currency"),
        ({"amount": "10.00", "currency": "usd"}, "parameter_invalid_integer", "amount"),
        ({**INTENT, "customer": ""}, "parameter_invalid_empty", "customer"),
        ({**INTENT, "automatic_payment_methods": {"enabled": "yes"}}, None,
         "automatic_payment_methods[enabled]"),
        ({**INTENT, "automatic_payment_methods": {}}, None, None),
        ({**INTENT, "allowed_payment_method_types": "card"}, None, "allowed_payment_method_types"),
        ({**INTENT, "payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types"),
    ],
)  # fmt: skip
async def test_r44_wrong_values_are_refused(
    desk: Desk, wish: Any, code: str | None, param: str | None
) -> None:
    """Missing, not a whole number, empty, no boolean, no list."""
    call = desk.v1.payment_intents.create_async(wish)
    if param is None:
        # An empty object is not sent at all.
        assert (await call).amount == 1_000
        return
    error = await refusal(call)
    assert (error.http_status, error.code, error.param) == (400, code, param)


async def test_r44_an_unknown_path_is_404(desk: Desk) -> None:
    """What this server does not do, it does not pretend."""
    error = await refusal(desk.v1.products.list_async())
    assert error.http_status == 404 and "Unrecognized request URL" in str(error)


async def test_r44_what_cannot_be_expanded_is_refused(desk: Desk) -> None:
    """As Stripe does."""
    intent = await desk.intent()
    error = await refusal(
        desk.v1.payment_intents.retrieve_async(intent.id, {"expand": ["nonsense"]})
    )
    assert error.http_status == 400


def test_r44_every_verb_takes_its_parameters_from_the_sdk() -> None:
    """Each route names a class of the SDK's own, and its fields can be read to the bottom."""
    seen: set[Any] = set()

    def walk(kind: Any) -> None:
        if kind in seen:
            return
        seen.add(kind)
        for annotation, _ in fields(kind).values():
            for inner in (annotation, *getattr(annotation, "__args__", ())):
                if hasattr(inner, "__required_keys__"):
                    walk(inner)

    for route in ROUTES:
        place: Any = sdk
        for part in route.params.split("."):
            place = getattr(place, part)
        walk(place)
    assert len(seen) > 300
    assert "api_key" not in fields(sdk.PaymentIntentCreateParams)


def test_r44_checked_values_are_typed() -> None:
    """Numbers and booleans come out as such; an empty value that unsets is kept."""
    typed = check(
        "PaymentIntentCreateParams",
        {"amount": "5", "currency": "usd", "confirm": "true", "metadata": {"a": "1"}},
    )
    assert typed == {"amount": 5, "currency": "usd", "confirm": True, "metadata": {"a": "1"}}
    assert check("CustomerUpdateParams", {"metadata": ""}) == {"metadata": ""}


@pytest.mark.parametrize(
    "form", ["a[b=1", "[x]=1", "amount=1&amount[x]=2", "=1", "a" + "[b]" * 40 + "=1", "%ff=1"]
)
def test_r44_malformed_forms_are_400(form: str) -> None:
    """Never an exception: the core answers."""
    core = StripeCore(seed=1, now=1_800_000_000)
    request = Request(
        method="POST", path="/v1/customers", form=form,
        headers={"authorization": "Bearer sk_test_brimful"},
    )  # fmt: skip
    assert core.handle(request, 1_800_000_000).status == 400


def test_r44_a_known_parameter_that_does_nothing_here_is_not_passed_over() -> None:
    """It fails loudly, so that no test relies on what this server only seems to do."""
    core = StripeCore(seed=1, now=1_800_000_000)
    request = Request(
        method="POST", path="/v1/customers", form="balance=5",
        headers={"authorization": "Bearer sk_test_brimful"},
    )  # fmt: skip
    with pytest.raises(NotImplementedError, match="balance"):
        core.handle(request, 1_800_000_000)


async def test_r44_what_matters_only_to_some_cards_is_taken_with_all(desk: Desk) -> None:
    """A return address and the like, on a card that asks for nothing."""
    intent = await desk.intent()
    done = await desk.v1.payment_intents.confirm_async(
        intent.id, {"error_on_requires_action": True, "return_url": "https://x.test"}
    )
    assert done.status == "succeeded"
