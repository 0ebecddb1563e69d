"""The way back from the bank's page: whose it is, by an address of ours (R29).

What the gateway adds to the address is said by a browser and is not read. The address names a purchase;
how that stands is read from the gateway.
"""

from uuid import UUID

from brimful.billing import authentications
from brimful.billing.authentications import Return
from brimful.db.transaction import Database

_HEX = 32


def return_address(public_url: str, tenant_id: UUID, purchase_id: UUID) -> str:
    """Where an owner who confirmed a purchase at the bank, or did not, is led back to. Always the same
    for one purchase, so that a request sent again is the same request (R22)."""
    return f"{public_url}/v1/authentications/returns/{tenant_id.hex}{purchase_id.hex}"


async def read_return(db: Database, reference: str) -> Return | None:
    """What the last part of a return address stands for; None for nothing."""
    if len(reference) != 2 * _HEX or not reference.isascii() or not reference.isalnum():
        return None
    try:
        tenant_id, purchase_id = UUID(hex=reference[:_HEX]), UUID(hex=reference[_HEX:])
    except ValueError:
        return None
    return await authentications.read_return(db, tenant_id, purchase_id)
