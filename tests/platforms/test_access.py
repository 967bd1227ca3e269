"""Addresses and keys as people set them, and which network addresses are of the open Internet."""

import ipaddress
import socket

import pytest

from reconciler.errors import ConfigurationError
from reconciler.platforms.access import is_loopback, origin_of, usable_key, variable
from reconciler.platforms.addresses import is_public, public_address

NAME = "RECONCILER_KORE_URL"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://gale.kore.ai", "https://gale.kore.ai"),
        ("https://agent-platform.domain.ai/", "https://agent-platform.domain.ai"),
        ("agent-platform.kore.ai", "https://agent-platform.kore.ai"),
        ("agent-platform.kore.ai/", "https://agent-platform.kore.ai"),
        ("preprod-gale.kore.ai:8443", "https://preprod-gale.kore.ai:8443"),
        ("  https://gale.kore.ai \n", "https://gale.kore.ai"),
        ("HTTPS://Gale.Kore.AI", "https://gale.kore.ai"),
        ("https://gale.kore.ai:443", "https://gale.kore.ai"),
        ("https://gale.kore.ai:", "https://gale.kore.ai"),
        ("https://10.1.2.3:8443", "https://10.1.2.3:8443"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://localhost", "http://localhost"),
        ("http://localhost:80/", "http://localhost"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://127.8.8.8", "http://127.8.8.8"),
        ("https://good.example.evil", "https://good.example.evil"),  # bound to its own key, so only odd
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_an_address_becomes_an_origin(url: str, origin: str) -> None:
    assert origin_of(url, NAME) == origin


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://gale.kore.ai", "plain http is refused but for loopback; use https://gale.kore.ai"),
        ("http://10.0.0.1", "plain http is refused but for loopback; use https://10.0.0.1"),
        ("http://0.0.0.0", "plain http is refused but for loopback"),
        ("http://127.1", "plain http is refused but for loopback"),
        ("http://2130706433", "plain http is refused but for loopback"),
        ("http://localhost.example", "plain http is refused but for loopback"),
        ("http://127.0.0.1.example", "plain http is refused but for loopback"),
        ("http://[::ffff:127.0.0.1]", "plain http is refused but for loopback"),
        ("https://user:hunter2@gale.kore.ai", "an address holds no user or password"),
        ("https://hunter2@gale.kore.ai", "an address holds no user or password"),
        ("https://user:hunter2/x@gale.kore.ai", "an address holds no user or password"),
        ("user:hunter2@gale.kore.ai", "an address holds no user or password"),
        ("https://good.example@evil.example", "an address holds no user or password"),
        ("https://good.example\\@evil.example", "an address holds no user or password"),
        ("file:///etc/passwd", "file:// is not spoken here"),
        ("ftp://gale.kore.ai", "ftp:// is not spoken here"),
        ("https://gale.kore.ai/api/public", "only scheme, host and port"),
        ("https://gale.kore.ai/?x", "only scheme, host and port"),
        ("https://gale.kore.ai?x=1", "only scheme, host and port"),
        ("https://gale.kore.ai#x", "only scheme, host and port"),
        ("//gale.kore.ai", "only scheme, host and port"),
        ("https://gale.kore.ai:99999", "has no usable port"),
        ("https://gale.kore.ai:http", "has no usable port"),
        ("https://gale.kore.ai:-1", "has no usable port"),
        ("javascript:alert(1)", "has no usable port"),
        ("https://gale.kore.ai.", "'gale.kore.ai.' is not a host name"),
        ("https://.kore.ai", "is not a host name"),
        ("https://gale..kore.ai", "is not a host name"),
        ("https://-gale.kore.ai", "is not a host name"),
        ("https://gale_kore.ai", "is not a host name"),
        ("https://g\u0430le.kore.ai", "is not a host name"),  # a Cyrillic letter that looks like an a
        ("https://bücher.example", "is not a host name"),
        ("https://gale%2ekore.ai", "is not a host name"),
        ("https://[fe80::1%25eth0]", "is not a host name"),
        ("https://" + "a." * 130 + "ai", "is not a host name"),
        ("", "'' is not a host name"),
        ("https://", "is not a host name"),
        ("https://[::1", "that is not an address"),
        ("https://ex℀mple.com", "that is not an address"),
        ("https://gale.kore.ai\nx.example", "no spaces and no line ends"),
        ("https://gale kore.ai", "no spaces and no line ends"),
    ],
)
def test_anything_else_is_refused_without_repeating_a_password(url: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        origin_of(url, NAME)

    text = str(caught.value)
    assert text.startswith(f"{NAME}: ")
    assert words in text
    assert "hunter2" not in text


def test_long_nonsense_is_refused_quickly() -> None:
    for url in ("a" * 100_000 + "!", "a-" * 50_000, "a." * 50_000 + "!"):
        with pytest.raises(ConfigurationError):
            origin_of(url, NAME)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.255.255.254", "::1", "[::1]"])
def test_this_machine_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["", "localhost.", "LOCALHOST.example", "127.1", "0.0.0.0", "::", "10.0.0.1", "example"]
)
def test_nothing_else_is_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("text", ["kg-abc-123", " kg-abc-123", "kg-abc-123\n", "kg-abc-123\r\n", "\tkg-abc-123 "])
def test_a_key_is_stripped_of_its_line_end(text: str) -> None:
    assert usable_key(text, "RECONCILER_KORE_KEY").reveal() == "kg-abc-123"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (" \n", "is empty"),
        ('"hunter2"', "begins with a quote character; set the key without quotes"),
        ("'hunter2'", "begins with a quote character; set the key without quotes"),
        ("hunter2 hunter2", "holds characters that no key has"),
        ("hunter2\nX-Evil: 1", "holds characters that no key has"),
        ("hunter2\r", None),
        ("hunter2\0", "holds characters that no key has"),
        ("hunter2é", "holds characters that no key has"),
        ("hunter2\u200b", "holds characters that no key has"),
        ("\ufeffhunter2", "holds characters that no key has"),
        ("hunter2\x7f", "holds characters that no key has"),
    ],
)
def test_what_can_be_no_key_is_refused_without_showing_it(text: str, words: str | None) -> None:
    if words is None:
        assert usable_key(text, "RECONCILER_KORE_KEY").reveal() == "hunter2"
        return
    with pytest.raises(ConfigurationError) as caught:
        usable_key(text, "RECONCILER_KORE_KEY")

    assert str(caught.value).startswith("RECONCILER_KORE_KEY ")
    assert words in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("platform", "name"),
    [("kore", "RECONCILER_KORE_KEY"), ("kore-eu", "RECONCILER_KORE_EU_KEY"), ("nugen.b", "RECONCILER_NUGEN_B_KEY")],
)
def test_variables_are_named_after_the_platform(platform: str, name: str) -> None:
    assert variable(platform, "KEY") == name


# Network addresses.


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "93.184.216.34", "172.15.255.255", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::1"],
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.254",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "64:ff9b::8.8.8.8",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_special_addresses_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.anyio
async def test_a_public_address_is_given_to_connect_to() -> None:
    assert await public_address("8.8.8.8", 443) == "8.8.8.8"
    assert await public_address("2606:4700::1111", 443) == "2606:4700::1111"


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "::1", "10.0.0.1", "fe80::1%1"])
async def test_no_other_address_is_given(host: str) -> None:
    with pytest.raises(OSError, match=f"^{host} is not a public address$"):
        await public_address(host, 443)


@pytest.mark.anyio
async def test_a_name_that_does_not_exist_has_no_address() -> None:
    with pytest.raises(socket.gaierror):
        await public_address("nobody.invalid", 443)
