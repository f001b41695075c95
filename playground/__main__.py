"""`python -m playground --port 8080`: runs the stand-in until SIGINT or SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys

from playground.server import running_playground


def main() -> None:
    """Parse the arguments and run; a port in use is one sentence on stderr and status 78."""
    parser = argparse.ArgumentParser(prog="playground", description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="port; 0 picks a free one")
    port = parser.parse_args().port
    try:
        asyncio.run(_serve(port))
    except OSError as error:
        reason = error.strerror or error
        print(f"The playground cannot listen on port {port}: {reason}", file=sys.stderr)
        # The launcher does not restart on this status: the port is a setting.
        sys.exit(os.EX_CONFIG)


async def _serve(port: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    async with running_playground(port) as playground:
        print(f"playground ready at {playground.url}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    main()
