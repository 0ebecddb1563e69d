"""A platform's process that spends credit leases of one account, and writes down each spend as it makes
it: ``python -m tests.builders.lease_client URL KEY ACCOUNT FILE STOP SEED TTL``. It goes on until the file
STOP is there, or until it is killed."""

import contextlib
import os
import random
import sys
import time
from pathlib import Path

from brimful.client import Api, CreditLease, Refused, Unreachable

BLOCK = 400
MARGIN_S = 1.0


def main(url: str, key: str, account: str, file: str, stop: str, seed: str, ttl_s: str) -> None:
    """Take leases one after the other: some are returned, some extended, some left to their end."""
    rng = random.Random(int(seed))
    api = Api(url=url, key=key)
    told = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    while not Path(stop).exists():
        try:
            lease = CreditLease.take(api, account, BLOCK, ttl_s=int(ttl_s), margin_s=MARGIN_S)
        except (Refused, Unreachable):
            time.sleep(0.05)
            continue
        _use(lease, rng, told, int(ttl_s))


def _use(lease: CreditLease, rng: random.Random, told: int, ttl_s: int) -> None:
    credits = rng.choice((1, 10, 25))
    while lease.spend(credits):
        os.write(told, f"{lease.id} {credits}\n".encode())
        credits = rng.choice((1, 10, 25))
        time.sleep(rng.uniform(0, 0.02))
        with contextlib.suppress(Refused, Unreachable):
            if rng.random() < 0.05:
                lease.report()
            elif rng.random() < 0.03:
                lease.extend(ttl_s)
    if rng.random() < 0.8:
        with contextlib.suppress(Refused, Unreachable):
            lease.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
