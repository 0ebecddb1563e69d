"""What becomes of merchants and cards at testbank: whether one still answers to the platform, and what a
saved card is now."""

from brimful.domain.disconnection import (
    AccountOutcome,
    Connected,
    Disconnected,
    MethodReading,
)
from brimful.domain.payment import DISCONNECTED, NotFound, Unknown, Unreachable
from brimful.gateways.testbank.replies import Asks, code_of, method_of


class Connecting(Asks):
    """The readings; see the port."""

    async def read_account(self, *, account_ref: str) -> AccountOutcome:
        """A merchant, as it stands now."""
        reply = await self._call("GET", "/merchant", account_ref, None, None)
        if isinstance(reply, Unknown | Unreachable):
            return reply
        status, body = reply
        return Connected() if status == 200 else _not_shown(body)

    async def read_method(self, *, account_ref: str, method_id: str) -> MethodReading:
        """A card of a merchant, as its network has it now."""
        reply = await self._call("GET", f"/methods/{method_id}", account_ref, None, None)
        if isinstance(reply, Unknown | Unreachable):
            return reply
        status, body = reply
        if status == 404:
            return NotFound()
        if status != 200:
            return _not_shown(body)
        try:
            return NotFound() if body["removed"] else method_of(body)
        except (KeyError, TypeError):
            return Unknown(why="unreadable reply")


def _not_shown(body: object) -> Disconnected | Unknown:
    code = code_of(body)
    return Disconnected() if code == DISCONNECTED else Unknown(why=code)
