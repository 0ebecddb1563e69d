"""Pages that Stripe hosts: Checkout in setup mode for a card, Connect onboarding for an agency."""

from urllib.parse import urlsplit

from brimful.domain.payment import Refused, Unknown, Unreachable
from brimful.gateways.pages import HostedPage, Onboarding, OnboardingOutcome, PageOutcome
from brimful.gateways.stripe.calls import CUSTOMER_GONE, PLATFORM, Answer, Calls, Wrong

# Stripe puts the id of the session into the address in the place of this.
_ID = "{CHECKOUT_SESSION_ID}"


class Hosted:
    """The verbs on hosted pages; see the port."""

    _calls: Calls

    async def setup_page(
        self, *, account_ref: str, customer_id: str | None, reference: str, return_url: str
    ) -> PageOutcome:
        """A Checkout session in setup mode, for one customer; for a new one where that was deleted in
        the Dashboard, so that its owner can save a card again (R27)."""
        if customer_id is not None:
            made = await self._session(account_ref, customer_id, reference, return_url)
            if made != Refused(code=CUSTOMER_GONE):
                return made
        # One that is made in the place of a lost one must not be that one, which the key would bring again.
        lost = "" if customer_id is None else f"-{customer_id}"
        options = self._calls.options(account_ref, f"customer-{account_ref}-{reference}{lost}")
        answer = await self._calls.ask(
            lambda: self._calls.sdk.customers.create_async(
                {"metadata": {"account": reference}}, options
            )
        )
        customer = _text_of(answer, "id")
        if not isinstance(customer, str):
            return customer
        return await self._session(account_ref, customer, reference, return_url)

    async def _session(
        self, account_ref: str, customer_id: str, reference: str, return_url: str
    ) -> PageOutcome:
        options = self._calls.options(account_ref)
        answer = await self._calls.ask(
            lambda: self._calls.sdk.checkout.sessions.create_async(
                {
                    "mode": "setup",
                    "allowed_payment_method_types": ["card"],
                    "customer": customer_id,
                    "client_reference_id": reference,
                    "success_url": with_page(return_url, _ID),
                    "cancel_url": return_url,
                },
                options,
            )
        )
        page_id, url = _text_of(answer, "id"), _text_of(answer, "url")
        if not isinstance(page_id, str):
            return page_id
        if not isinstance(url, str):
            return url
        return HostedPage(page_id=page_id, url=url, customer_id=customer_id)

    async def onboarding_page(
        self, *, account_ref: str | None, reference: str, email: str, return_url: str
    ) -> OnboardingOutcome:
        """An account link; the account is a full one of the agency's own, which bears its fees,
        refunds and disputes."""
        calls = self._calls
        if account_ref is None:
            options = calls.options(PLATFORM, f"account-{reference}")
            answer = await calls.ask(
                lambda: calls.sdk.accounts.create_async(
                    {"type": "standard", "email": email, "metadata": {"account": reference}},
                    options,
                )
            )
            made = _text_of(answer, "id")
            if not isinstance(made, str):
                return made
            account_ref = made
        answer = await calls.ask(
            lambda: calls.sdk.account_links.create_async(
                {
                    "account": account_ref,
                    "type": "account_onboarding",
                    "return_url": return_url,
                    "refresh_url": return_url,
                }
            )
        )
        url = _text_of(answer, "url")
        return Onboarding(account_ref=account_ref, url=url) if isinstance(url, str) else url


def with_page(url: str, page_id: str) -> str:
    """An address with ``page=<page_id>`` in its query."""
    head, mark, fragment = url.partition("#")
    return f"{head}{'&' if urlsplit(head).query else '?'}page={page_id}{mark}{fragment}"


def _text_of(answer: Answer, name: str) -> str | Refused | Unknown | Unreachable:
    if isinstance(answer, Wrong):
        return Refused(code=answer.code)
    if isinstance(answer, Unknown | Unreachable):
        return answer
    value = answer.body.get(name)
    return value if isinstance(value, str) else Unknown(why="unreadable reply")
