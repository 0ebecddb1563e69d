"""Which events a gateway's are: of money, or of tests (R45)."""

from tests.gateways.rigs import Rig


async def test_r45_a_gateway_says_whether_it_moves_money(rig: Rig) -> None:
    """No test moves any; events of the other mode are not believed."""
    assert rig.gateway.mode == "test"
