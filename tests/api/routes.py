"""Every operation of the API, with a good body and what the right key is answered.

``test_tenant_walls`` fails when the API has an operation that is not in this table.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

BELOW = "/v1/accounts/{account_id}"
# Answered to anybody, with no account in them.
PUBLIC = {
    ("GET", "/openapi.json"),
    ("GET", "/docs"),
    ("GET", "/healthz"),
    ("POST", "/v1/gateways/{gateway}/events"),
    ("POST", "/v1/authentications"),
    ("GET", "/v1/authentications/returns/{reference}"),
    ("MOUNT", "/docs-assets"),
}
WHOAMI = ("GET", "/v1/whoami")
# The platform's alone: see test_clock.
TEST_CLOCK = {("GET", "/v1/test_clock"), ("POST", "/v1/test_clock/advance")}

# One good body for each schema of a body; ids in braces are filled in as those of a path.
GOOD: dict[str, dict[str, Any]] = {
    "OpenAccount": {"name": "X", "owner_name": "X", "owner_email": "x@example.com"},
    "PublishPackage": {"kind": "additional_credits", "name": "X", "price_minor": 100, "credits": 9},
    "SetRate": {"credits": 5},
    "Spend": {"credits": 1, "wait_ms": 0},
    "PlaceHold": {"credits": 1, "wait_ms": 0},
    "CaptureHold": {"credits": 1},
    "TakeLease": {"credits": 2, "wait_ms": 0},
    "ReportLease": {"credits": 1, "extend_s": 60},
    "ReturnLease": {"credits": 1},
    "SpendBatch": {"spends": [{"key": "one", "credits": 1}], "wait_ms": 0},
    "Purchase": {"package_id": "{offer_id}"},
    "CreateChatbot": {"external_id": "x"},
    "Allot": {"credits": 1},
    "SetAutoBilling": {"enabled": True, "monthly_limit_minor": 900_000, "given_by": "X"},
    "Resume": {"given_by": "X"},
    "SetThreshold": {"threshold_credits": 5, "target_credits": 9, "given_by": "X"},
    "SetForecast": {"enabled": True, "given_by": "X"},
    "SetOverdraft": {"limit_credits": 7},
    "SetChildLimit": {"per_month_minor": 5},
    "SaveCard": {"token": "tok_success"},
    "AskCardPage": {"return_url": "https://example.com/back", "given_by": "X"},
    "Authenticate": {"token": "auth_of_nobody"},
    "AskOnboarding": {"return_url": "https://example.com/back"},
    "IssueKey": {"label": "x"},
    "PreviewPurchase": {"package_id": "{offer_id}"},
    "PreviewSpend": {"credits": 1},
    "PreviewSale": {"credits": 1},
    "AdvanceClock": {"seconds": 60},
    "ChangePlan": {"package_id": "{plan_id}"},
    "Refund": {"amount_minor": 1},
    "PreviewRefund": {"charge_id": "{charge_id}", "amount_minor": 1},
    "ClearDebt": {"given_by": "X"},
    "PreviewChange": {"subscription_id": "{subscription_id}", "package_id": "{plan_id}"},
    "ReleaseChatbots": {"chatbots": 0},
    "KeepChatbots": {"chatbots": ["{chatbot_id}"]},
    "CloseAccount": {"given_by": "X"},
    "OpenWebhookEndpoint": {"url": "http://127.0.0.1:9/opened"},
    "ChangeWebhookEndpoint": {"url": "http://127.0.0.1:9/opened", "kinds": ["auto_billed"]},
    "RotateSecret": {"overlap_hours": 1},
    "MoveAccount": {"seller_id": "{account_id}", "given_by": "X"},
}

Kind = Literal["platform", "seller", "client"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One operation on an account: its body's schema; the id in a path that its answer's id is good
    for; whether it needs a seller; whether it can be done to the platform, which holds nothing;
    whether it ends a client's account, so that nothing can be asked of that afterwards."""

    verb: str
    path: str
    body: str | None = None
    makes: str | None = None
    keyed: bool = False
    seller: bool = False
    platform: bool = False
    ends: bool = False
    done: int = 200

    @property
    def objects(self) -> list[str]:
        """What its path names beside the account (a model is a word, and nobody's)."""
        return re.findall(r"\{(\w+_id)\}", self.path)

    def answer_to(self, kind: Kind, *, its_own_key: bool) -> tuple[int, str | None]:
        """The status, and the code of a stated refusal, when it is asked of an account in scope."""
        if kind == "platform" and not self.platform:
            return 404, "not_found"
        if kind == "client" and self.seller:
            return 403, "seller_cannot_sell"
        if kind == "client" and ("{child_id}" in self.path or "{client_debt_id}" in self.path):
            return 404, "not_found"
        if self.body == "ReleaseChatbots":
            # It is of a plan here; ``test_subscriptions`` releases extra chatbots.
            return 404, "not_found"
        if self.body == "CaptureHold":
            # It was released here; ``test_holds`` captures.
            return 409, "hold_released"
        if self.path == "/authentications":
            # Nothing is to be confirmed here; ``test_authentications`` has what is.
            return 404, "not_found"
        if self.ends and kind == "seller":
            return 409, "has_clients"
        if its_own_key and (self.verb, self.path) in (
            ("POST", "/allotments"),
            ("PUT", "/overdraft"),
            ("POST", "/move"),
            ("DELETE", "/move"),
            ("POST", "/charges/{charge_id}/refunds"),
            ("POST", "/previews/refund"),
            ("POST", "/debts/{debt_id}/clear"),
        ):
            return 403, "only_its_seller"
        if self.body == "MoveAccount":
            # Below itself here; ``test_moves`` moves to others.
            return 409, "below_itself"
        return self.done, None


def _get(path: str, **more: Any) -> Route:
    return Route(verb="GET", path=path, **more)


def _post(path: str, body: str | None, done: int = 200, **more: Any) -> Route:
    return Route(verb="POST", path=path, body=body, done=done, **more)


def _put(path: str, body: str, **more: Any) -> Route:
    return Route(verb="PUT", path=path, body=body, **more)


def _delete(path: str, **more: Any) -> Route:
    return Route(verb="DELETE", path=path, done=204, **more)


_HOOKS = "/webhook-endpoints"
# In an order in which each can be done after those before it; what is taken away was made by one.
ROUTES = (
    _post("/payment-methods", "SaveCard", 201, makes="method_id"),
    _post("/payment-method-pages", "AskCardPage", 201),
    _post("/onboarding-pages", "AskOnboarding", 201, seller=True),
    _post("/accounts", "OpenAccount", 201, keyed=True, seller=True, platform=True),
    _post("/packages", "PublishPackage", 201, makes="package_id", seller=True, platform=True),
    _post("/api-keys", "IssueKey", 201, makes="key_id", platform=True),
    _post(_HOOKS, "OpenWebhookEndpoint", 201, makes="endpoint_id", platform=True),
    _post(f"{_HOOKS}/{{endpoint_id}}/rotate", "RotateSecret", platform=True),
    _post(f"{_HOOKS}/{{endpoint_id}}/test", None, 201, makes="delivery_id", platform=True),
    _post("/webhook-deliveries/{delivery_id}/resend", None, platform=True),
    _post("/allotments", "Allot", 201, keyed=True),
    _post("/previews/spend", "PreviewSpend"),
    _post("/previews/sale", "PreviewSale"),
    _post("/previews/purchase", "PreviewPurchase"),
    _post("/purchases", "Purchase", 201, makes="purchase_id", keyed=True),
    _post("/previews/refund", "PreviewRefund"),
    _post("/charges/{charge_id}/refunds", "Refund", 201, keyed=True),
    _post("/debts/{debt_id}/clear", "ClearDebt", 204),
    _post("/client-debts/{client_debt_id}/clear", "ClearDebt", 204),
    _post("/spends", "Spend", makes="spend_id", keyed=True),
    _post("/spends/batch", "SpendBatch", platform=True),
    _post("/holds", "PlaceHold", 201, makes="hold_id", keyed=True),
    _post("/holds/{hold_id}/release", None),
    _post("/holds/{hold_id}/capture", "CaptureHold"),
    _post("/leases", "TakeLease", 201, makes="lease_id", keyed=True),
    _post("/leases/{lease_id}/report", "ReportLease"),
    _post("/leases/{lease_id}/return", "ReturnLease"),
    _get("/holds"),
    _get("/holds/{hold_id}"),
    _post("/chatbots", "CreateChatbot", 201, makes="chatbot_id", keyed=True),
    _post("/notices/{notice_id}/read", None, 204),
    _post("/subscriptions/{subscription_id}/cancel", None),
    _post("/subscriptions/{subscription_id}/resume", None),
    _post("/subscriptions/{subscription_id}/release", "ReleaseChatbots"),
    _post("/subscriptions/{subscription_id}/change", "ChangePlan", keyed=True),
    _post("/previews/change", "PreviewChange"),
    _put("/kept-chatbots", "KeepChatbots"),
    _put("/packages/{package_id}", "PublishPackage", seller=True, platform=True),
    _put("/rates/{model}", "SetRate", seller=True, platform=True),
    _put("/auto-billing", "SetAutoBilling"),
    _post("/auto-billing/resume", "Resume"),
    _put("/auto-billing/threshold", "SetThreshold", seller=True),
    _put("/auto-billing/forecast", "SetForecast", seller=True),
    _put("/overdraft", "SetOverdraft"),
    _put("/child-limits/{child_id}", "SetChildLimit"),
    _get(""),
    _get("/accounts", platform=True),
    _get("/balance"),
    _get("/packages", seller=True, platform=True),
    _get("/offers"),
    _get("/rates", seller=True, platform=True),
    _get("/spends/{spend_id}"),
    _get("/purchases"),
    _get("/purchases/{purchase_id}"),
    _get("/auto-billings/{auto_billing_id}"),
    _get("/charges"),
    _get("/refunds"),
    _get("/disputes"),
    _get("/debts"),
    _get("/client-debts"),
    _get("/chatbots"),
    _get("/auto-billing"),
    _get("/forecast"),
    _get("/overdraft"),
    _get("/payment-methods"),
    _get("/lots"),
    _get("/subscriptions"),
    _get("/subscriptions/{subscription_id}"),
    _get("/releasable-chatbots"),
    _get("/notices"),
    _get("/statement"),
    _get("/api-keys", platform=True),
    _get(_HOOKS, platform=True),
    _get(f"{_HOOKS}/{{endpoint_id}}", platform=True),
    _get("/webhook-deliveries", platform=True),
    _put(f"{_HOOKS}/{{endpoint_id}}", "ChangeWebhookEndpoint", platform=True),
    _post("/authentications", None, 201),
    _delete("/packages/{package_id}", seller=True, platform=True),
    _delete("/chatbots/{chatbot_id}"),
    _post("/payment-methods/{method_id}/promote", None, 204),
    _delete("/payment-methods/{method_id}"),
    _delete("/api-keys/{key_id}", platform=True),
    _delete(f"{_HOOKS}/{{endpoint_id}}", platform=True),
    _post("/move", "MoveAccount"),
    _delete("/move"),
    _post("/close", "CloseAccount", ends=True),
)
# The prefix of the ids that a list's `after` takes.
PAGES = {
    "/accounts": "acc", "/purchases": "pur", "/charges": "chg", "/chatbots": "bot", "/lots": "lot",
    "/subscriptions": "sub", "/notices": "ntc", "/webhook-deliveries": "whd", "/refunds": "ref",
    "/disputes": "dsp", "/debts": "dbt", "/client-debts": "dbt", "/holds": "hld",
}  # fmt: skip
