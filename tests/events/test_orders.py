"""All orders of six events of one payment, with duplicates, end in the same state (R23, R45).

Events come as soon as they can be: one may come while the payment is only held, another when it is
refunded already. Replies were lost, a worker's scans race with the events, and so the same payment is
learnt of in every way at once. A sample runs; BRIMFUL_EVENT_ORDERS=1 runs all 720 orders of each way.
"""

import itertools
import os
import random

import pytest

from tests.builders.post import Post
from tests.events.lanes import EVENTS, Way, open_lane

SEED = 45
SAMPLE = 10
EVERY = bool(os.environ.get("BRIMFUL_EVENT_ORDERS"))


@pytest.mark.timeout(3_600 if EVERY else 120)
@pytest.mark.parametrize("way", ["held", "charged"])
async def test_r23_every_order_of_six_events_ends_in_the_same_state(inside: Post, way: Way) -> None:
    """Rows, balances, lots, entries, notices, the bank: all the same, whatever came first."""
    orders = list(itertools.permutations(range(len(EVENTS[way]))))
    luck = random.Random(SEED)
    chosen = orders if EVERY else [orders[0], orders[-1], *luck.sample(orders, SAMPLE)]
    ends: dict[str, tuple[int, ...]] = {}
    for number, order in enumerate(chosen):
        lane = await open_lane(inside, number, way)
        await lane.deliver(order, random.Random(f"{SEED}/{order}"))
        end = await lane.end()
        ends.setdefault(end, order)
        assert len(ends) == 1, ends
    [end] = ends
    print(f"{way}: {len(chosen)} of {len(orders)} orders, one end")
    assert '"delivered"' in end and '"refused"' not in end and '"due"' not in end
