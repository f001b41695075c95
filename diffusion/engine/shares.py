"""Fair limits on a shared number of places: no caller can take them all. Pure Python.

A user may hold at most as many places as are free, and an address at most three times as many,
because many users can be behind one. So one user gets at most half of the places and one address
three quarters, and some are left for others (dynamic thresholds, Choudhury & Hahne 1998).
"""

import ipaddress
from collections import Counter
from dataclasses import dataclass

ADDRESS_SHARE = 3
"""An address may hold this many times the free places."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: its IP address, and its `user` field if it has one."""

    address: str = ""
    user: str = ""

    @classmethod
    def at(cls, address: str | None, user: str = "") -> "Caller":
        """The caller at an IP address. Of IPv6 only the first 64 bits count, because one machine
        has all addresses behind them."""
        try:
            ip = ipaddress.ip_address(address or "")
        except ValueError:
            return cls(address or "", user)
        if isinstance(ip, ipaddress.IPv6Address):
            ip = ip.ipv4_mapped or ipaddress.ip_network((int(ip), 64), strict=False)[0]
        return cls(str(ip), user)


class QueueFull(Exception):
    """There is no free place. `own`: this caller holds too many, others could still get one."""

    def __init__(self, own: bool = False) -> None:
        super().__init__()
        self.own = own


class Shares:
    """`most` places, and how many of them each caller holds."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.held = 0
        self._addresses: Counter[str] = Counter()
        self._users: Counter[Caller] = Counter()

    def take(self, caller: Caller, count: int = 1) -> None:
        """Take `count` places. Raises QueueFull."""
        free = self._most - self.held
        if count > free:
            raise QueueFull
        if self._addresses[caller.address] + count > ADDRESS_SHARE * free:
            raise QueueFull(own=True)
        if caller.user and self._users[caller] + count > free:
            raise QueueFull(own=True)
        self.held += count
        self._addresses[caller.address] += count
        self._users[caller] += count

    def give_back(self, caller: Caller, count: int = 1) -> None:
        """Give `count` places back."""
        self.held -= count
        self._addresses[caller.address] -= count
        self._users[caller] -= count
        if not self._addresses[caller.address]:
            del self._addresses[caller.address]
        if not self._users[caller]:
            del self._users[caller]
