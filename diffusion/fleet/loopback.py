"""Keeps what Ray opens on this machine to 127.0.0.1, where nothing else was asked for."""

import os

ONLY_HERE = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""With `0` Ray's processes listen on 127.0.0.1 alone. The name is about systems where that is its
default."""


def listen_here_alone() -> None:
    """Call it in this process and its children inherit it, before Ray is imported."""
    os.environ[ONLY_HERE] = "0"


def keep_replica_here() -> None:
    """Call it in the constructor of a deployment.

    Serve opens a port of each replica on every address, whatever Ray's own address is. Who calls
    there needs Ray's token, but need not reach it at all.
    """
    if os.environ.get(ONLY_HERE) != "0":
        return
    from ray.serve._private import replica

    add_port = replica.add_port_to_grpc_server
    replica.add_port_to_grpc_server = lambda server, address: add_port(
        server, address.replace("[::]", "127.0.0.1")
    )
