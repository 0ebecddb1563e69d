"""Connect: accounts of agencies, their onboarding, and access that is granted and taken back."""

from tests.stripe_server.errors import StripeError, invalid
from tests.stripe_server.lists import page
from tests.stripe_server.state import PLATFORM, Call, Given, Obj, State, merge_metadata

LINK_S = 300
DUE = ["business_profile.url", "external_account", "tos_acceptance.date", "tos_acceptance.ip"]


def new_account(state: State, *, id: str | None = None, **wish: object) -> Obj:
    """A connected account that has not been onboarded."""
    made: Obj = {
        "id": id or state.new_id("acct_1", 15), "object": "account", "created": state.now,
        "business_profile": {
            "annual_revenue": None, "estimated_worker_count": None, "mcc": None,
            "minority_owned_business_designation": None, "name": None,
            "product_description": None, "support_address": None, "support_email": None,
            "support_phone": None, "support_url": None, "url": None,
        },
        "business_type": wish.get("business_type"), "capabilities": {}, "charges_enabled": False,
        "controller": wish.get("controller") or {"type": "application", "is_controller": True},
        "country": wish.get("country", "US"),
        "default_currency": wish.get("default_currency", "usd"), "details_submitted": False,
        "email": wish.get("email"),
        "external_accounts": {"data": [], "has_more": False, "object": "list", "url": ""},
        "future_requirements": _requirements([], None), "metadata": {}, "payouts_enabled": False,
        "requirements": _requirements(DUE, "requirements.past_due"),
        "settings": {
            "bacs_debit_payments": {"display_name": None, "service_user_number": None},
            "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
            "card_payments": {
                "decline_on": {"avs_failure": False, "cvc_failure": False},
                "statement_descriptor_prefix": None, "statement_descriptor_prefix_kana": None,
                "statement_descriptor_prefix_kanji": None,
            },
            "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
            "payments": dict.fromkeys(
                ("statement_descriptor", "statement_descriptor_kana", "statement_descriptor_kanji")
            ),
            "sepa_debit_payments": {},
        },
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": wish.get("type", "standard"),
    }  # fmt: skip
    made["external_accounts"]["url"] = f"/v1/accounts/{made['id']}/external_accounts"
    state.accounts[made["id"]] = made
    state.connected.add(made["id"])
    return made


def _requirements(due: list[str], reason: str | None) -> Obj:
    return {
        "alternatives": [], "current_deadline": None, "currently_due": list(due),
        "disabled_reason": reason, "errors": [], "eventually_due": list(due), "past_due": [],
        "pending_verification": [],
    }  # fmt: skip


def create(call: Call) -> Obj:
    """A new account, connected to the platform from the beginning."""
    wish: Obj = call.params.whole() if isinstance(call.params, Given) else dict(call.params)
    if "type" in wish and "controller" in wish:
        raise invalid("You cannot pass both `type` and `controller`.", param="controller")
    metadata = merge_metadata({}, wish.pop("metadata", None))
    made = new_account(call.state, **wish)
    made["metadata"] = metadata
    made["business_profile"] |= wish.get("business_profile") or {}
    if "controller" in wish:
        made["type"] = "none"
    for name in wish.get("capabilities") or {}:
        made["capabilities"][name] = "inactive"
    return made


def _named(call: Call, id: str) -> Obj:
    """An account that the caller may see. Raises StripeError (403)."""
    own = call.state.accounts.get(id)
    seen = id == call.book.account or (call.book.account == PLATFORM and id in call.state.connected)
    if own is None or not seen or (call.caller == PLATFORM and id in call.state.revoked):
        raise StripeError(
            403, "invalid_request_error",
            f"The provided key does not have access to account '{id}' (or that account does not "
            "exist). Application access may have been revoked.",
            code="account_invalid",
        )  # fmt: skip
    return own


def retrieve(call: Call) -> Obj:
    """One account."""
    return _named(call, call.ids[0])


def retrieve_current(call: Call) -> Obj:
    """The account that is acted on."""
    if call.book.account == PLATFORM and PLATFORM not in call.state.accounts:
        set_onboarded(new_account(call.state, id=PLATFORM))
        call.state.connected.discard(PLATFORM)
    return _named(call, call.book.account)


def delete(call: Call) -> Obj:
    """An account that ends."""
    account = _named(call, call.ids[0])
    call.state.revoked.add(account["id"])
    return {"id": account["id"], "object": "account", "deleted": True}


def list_all(call: Call) -> Obj:
    """The accounts that are connected."""
    rows = [
        account
        for id, account in reversed(call.state.accounts.items())
        if id in call.state.connected - call.state.revoked
    ]
    return page(call, "/v1/accounts", rows)


def create_link(call: Call) -> Obj:
    """The address at which an agency is onboarded; it serves once and for a few minutes."""
    account = _named(call, call.params["account"])
    if call.params["type"] != "account_onboarding":
        raise invalid("You cannot create `account_update` links for this account.", param="type")
    for name in ("refresh_url", "return_url"):
        if name not in call.params:
            raise invalid(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return {
        "object": "account_link", "created": call.now, "expires_at": call.now + LINK_S,
        "url": f"https://connect.stripe.com/setup/s/{account['id']}/{call.state.new_id('', 12)}",
    }  # fmt: skip


def set_onboarded(account: Obj) -> Obj:
    """All that was asked for is there: it may charge."""
    account["charges_enabled"] = account["payouts_enabled"] = account["details_submitted"] = True
    account["capabilities"] |= {"card_payments": "active", "transfers": "active"}
    account["requirements"] = _requirements([], None)
    return account


def set_restricted(account: Obj) -> Obj:
    """Stripe wants something and lets it charge no more."""
    account["charges_enabled"] = account["payouts_enabled"] = False
    account["requirements"] = _requirements(DUE, "requirements.past_due")
    return account
