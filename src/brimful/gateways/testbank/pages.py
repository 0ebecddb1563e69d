"""Pages at testbank: a list of test cards to choose from; and onboarding, which it does not need."""

from brimful.domain.payment import Refused, Unknown, Unreachable
from brimful.gateways.pages import HostedPage, Onboarding, OnboardingOutcome, PageOutcome
from brimful.gateways.testbank.replies import Asks, code_of


class Hosted(Asks):
    """The verbs on hosted pages; see the port."""

    async def setup_page(
        self, *, account_ref: str, customer_id: str | None, reference: str, return_url: str
    ) -> PageOutcome:
        """A page of testbank's own."""
        wish = {"customer": customer_id, "return_url": return_url}
        reply = await self._call("POST", "/pages", account_ref, None, wish)
        if isinstance(reply, Unknown | Unreachable):
            return reply
        status, body = reply
        if status != 200:
            return Refused(code=code_of(body))
        return HostedPage(page_id=body["id"], url=body["url"], customer_id=body["customer"])

    async def onboarding_page(
        self, *, account_ref: str | None, reference: str, email: str, return_url: str
    ) -> OnboardingOutcome:
        """A merchant is one by being named: the way leads back at once."""
        return Onboarding(account_ref=account_ref or f"acct_{reference}", url=return_url)
