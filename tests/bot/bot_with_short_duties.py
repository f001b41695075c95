"""Run as a process of its own: `darkroom bot`, whose duties end after as many seconds as are given.

So one that is paused loses its shards soon.
"""

import sys

from bot import gateway, shard_duties
from bot.__main__ import main
from storage import duties

if __name__ == "__main__":
    duties.HOLD_S = shard_duties.HOLD_S = float(sys.argv[1])
    gateway.RENEW_INTERVAL_S = gateway.ASK_INTERVAL_S = duties.HOLD_S / 6
    main(["bot"])
