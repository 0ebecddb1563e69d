"""A process that simulates, begun by a campaign."""

import sys

from tests.simulator.campaign import work

if __name__ == "__main__":
    work(sys.argv[1])
