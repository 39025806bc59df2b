"""Crypto wallets that prove themselves by their checksum: Bitcoin, Litecoin, Dogecoin, Tron, Ethereum and kin.

Chains whose addresses carry no checksum are not read: any long token would pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from switchboard.apps.honeypot.rules.extraction.checksums import base58check_version, is_ethereum, is_segwit
from switchboard.apps.honeypot.rules.extraction.readers.candidate import CRYPTO_WALLET, Candidate, Reading

_SHAPE = re.compile(
    r"(?<![A-Za-z0-9])(?:(?P<ethereum>0[xX][0-9a-fA-F]{40})|(?P<segwit>(?:bc|BC|ltc|LTC)1[02-9A-Za-z]{11,87})"
    r"|(?P<base58>[13LMDT][1-9A-HJ-NP-Za-km-z]{25,34}))(?![A-Za-z0-9])"
)
# Held apart by spaces, hyphens or line ends; where an address begins is known, its checksum says where it ends.
_BEGINNING = re.compile(
    r"(?<![A-Za-z0-9])(?:0[xX][0-9a-fA-F]{0,40}|(?:bc|BC|ltc|LTC)1[0-9A-Za-z]*|[13LMDT][0-9A-Za-z]{3,})[ \n\-]"
)
_GROUPED = re.compile(r"[0-9A-Za-z]{1,50}(?:[ \n\-][0-9A-Za-z]{1,50}){1,24}")
_BREAK = re.compile(r"[ \n\-]")
_CUE = re.compile(
    r"\b(?:btc|bitcoin|eth|ethereum|usdt|trc ?-?20|erc ?-?20|bep ?-?20|tron|trx|wallet|crypto|ltc|doge|address)\b",
    re.IGNORECASE,
)
_LONGEST_GROUPED = 130
# Checksums take time; a text with more wallets than this is no message but a load.
_MOST_WALLETS = 1000
_CURRENCIES = {0: "BTC", 5: "BTC", 48: "LTC", 50: "LTC", 30: "DOGE", 22: "DOGE", 65: "TRX"}


def read_wallets(reading: Reading) -> Iterator[Candidate]:
    """Wallets as written, without what held them apart. `details` name the currency, ETH for all its kin."""
    for match in islice(_SHAPE.finditer(reading.text), _MOST_WALLETS):
        if currency := _currency(match[0]):
            yield Candidate(CRYPTO_WALLET, match[0], match.start(), match.end(), 0.95, {"currency": currency})
    if _CUE.search(reading.text):
        yield from _read_grouped(reading.text)


def _currency(address: str) -> str | None:
    match = _SHAPE.fullmatch(address)
    if match is None:
        return None
    if match["ethereum"]:
        return "ETH" if is_ethereum(address) else None
    if match["segwit"]:
        return ("LTC" if address[0] in "lL" else "BTC") if is_segwit(address) else None
    version = base58check_version(address)
    return None if version is None else _CURRENCIES.get(version)


def _read_grouped(text: str) -> Iterator[Candidate]:
    position = 0
    while beginning := _BEGINNING.search(text, position):
        position = beginning.end()
        groups = _GROUPED.match(text, beginning.start(), beginning.start() + _LONGEST_GROUPED)
        if groups is None:
            continue
        joined = _BREAK.sub("", groups[0])
        for end, length in _possible_ends(groups):
            address = joined[:length]
            if currency := _currency(address):
                yield Candidate(CRYPTO_WALLET, address, beginning.start(), end, 0.85, {"currency": currency})
                position = end
                break


def _possible_ends(groups: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Where an address of 26 characters or more may end, and how long it is then.

    That is at the end of a group, the whole match last.
    """
    length = 0
    previous = groups.start()
    for gap in (*(match.start() for match in _BREAK.finditer(groups[0])), len(groups[0])):
        end = groups.start() + gap
        length += end - previous
        previous = end + 1
        if 26 <= length <= 90:
            yield end, length
