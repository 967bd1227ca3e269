"""Which network addresses a download may come from: none of this machine's or this network's own."""

import asyncio
import ipaddress
import socket


class NotPublic(OSError):
    """An address of this machine, of its network, or of nobody."""


IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: IPAddress) -> bool:
    """Whether an address is of the open Internet: not loopback, private, link-local (cloud metadata), shared, reserved,
    multicast, or an IPv6 form that hides such an IPv4 address."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is not None:
            return False
        if address.is_site_local or address in ipaddress.ip_network("64:ff9b::/96"):
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


async def public_address(host: str, port: int) -> str:
    """The address to connect to for `host`: the first it resolves to, provided that all of them are public.

    Raises `OSError` if it does not resolve, `NotPublic` if it resolves to anything that is not public."""
    loop = asyncio.get_running_loop()
    answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    found = [ipaddress.ip_address(str(answer[4][0]).split("%")[0]) for answer in answers]
    if not found or not all(is_public(address) for address in found):
        raise NotPublic(f"{host} is not a public address")
    return str(found[0])
