"""Places that many callers share, so that none of them can take them all. Pure.

A caller is let in as long as it would hold no more than is then free, and an address, behind which
many users may be, no more than three times as much. So one user has half of the places at the most,
one address three quarters, and whoever comes later still finds some (dynamic thresholds, Choudhury
& Hahne 1998).
"""

import ipaddress
from collections import Counter
from dataclasses import dataclass

ADDRESS_SHARE = 3
"""Times what is free that one address may hold."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the address a request came from, and the `user` that it names, if any."""

    address: str = ""
    user: str = ""

    @classmethod
    def at(cls, address: str | None, user: str = "") -> "Caller":
        """The caller at an IP address; of IPv6 the first 64 bits, as one machine has the rest."""
        try:
            ip = ipaddress.ip_address(address or "")
        except ValueError:
            return cls(address or "", user)
        if isinstance(ip, ipaddress.IPv6Address):
            ip = ip.ipv4_mapped or ipaddress.ip_network((int(ip), 64), strict=False)[0]
        return cls(str(ip), user)


class QueueFull(Exception):
    """There is no place left. `own` is whether only this caller holds too many."""

    def __init__(self, own: bool = False) -> None:
        super().__init__()
        self.own = own


class Shares:
    """`most` places, and who holds how many of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.held = 0
        self._addresses: Counter[str] = Counter()
        self._users: Counter[Caller] = Counter()

    def take(self, caller: Caller, count: int = 1) -> None:
        """Hold so many places more. Raises QueueFull."""
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
        """Hold so many places less."""
        self.held -= count
        self._addresses[caller.address] -= count
        self._users[caller] -= count
        if not self._addresses[caller.address]:
            del self._addresses[caller.address]
        if not self._users[caller]:
            del self._users[caller]
