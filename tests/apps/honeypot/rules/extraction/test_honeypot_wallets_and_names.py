"""Wallets prove themselves; Telegram names need Telegram."""

from __future__ import annotations

import pytest

from switchboard.apps.honeypot.rules.extraction import extract


@pytest.mark.parametrize(
    ("wallet", "currency"),
    [
        ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "BTC"),
        ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "BTC"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "ETH"),
        ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "TRX"),
        ("LM2WMpR1Rp6j3Sa59cMXMs1SPzj9eXpGc1", "LTC"),
    ],
)
@pytest.mark.parametrize("gap", ["", " ", "-", "\u200b"])
def test_a_wallet_is_read_whole_and_held_apart(wallet: str, currency: str, gap: str) -> None:
    written = gap.join(wallet[start : start + 8] for start in range(0, len(wallet), 8))
    [finding] = extract(f"send to wallet {written}.")
    assert (finding.kind, finding.value, finding.raw) == ("crypto_wallet", wallet, written)
    assert finding.details == {"currency": currency}


@pytest.mark.parametrize(
    "text",
    [
        "btc 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
        "eth 0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xDEADBEEF",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    ],
)
def test_a_wrong_checksum_is_no_wallet(text: str) -> None:
    assert extract(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "telegram @Tips_Club",
        "Telegram: tips_club",
        "add @tips_club on telegram",
        "Telegram pe aao at the rate tips_club",
        "टेलीग्राम पर @tips_club",
        "t.me/tips_club",
        "tg://resolve?domain=tips_club",
        "t e l e g r a m : @tips_club",
        "insta @other_one, telegram @tips_club",
    ],
)
def test_a_telegram_name_is_known_by_the_platform_named_nearest(text: str) -> None:
    names = [finding.value for finding in extract(text) if finding.kind == "telegram"]
    assert names == ["@tips_club"]


@pytest.mark.parametrize(
    "text", ["thanks @tips_club", "insta @tips_club", "telegram is down", "telegram: hello there"]
)
def test_other_names_and_words_are_none(text: str) -> None:
    assert extract(text) == []
