"""The language of a message, as far as the personas speak it."""

from __future__ import annotations

import pytest

from switchboard.apps.honeypot.rules.language import detect_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Your account will be blocked today", "en"),
        ("Call me to do the main thing", "en"),
        ("", "en"),
        ("https://kyc.example/x", "en"),
        ("Aapka khata band ho jayega", "hi-Latn"),
        ("OTP bata dijiye", "hi-Latn"),
        ("KYC update karo, account block ho gaya hai", "hi-Latn"),
        ("आपका खाता बंद हो जाएगा", "hi"),
        ("KYC अपडेट करें https://bank-kyc.example/verify", "hi"),
    ],
)
def test_the_language_is_that_of_the_sentence_and_not_of_its_terms(text: str, language: str) -> None:
    assert detect_language(text) == language
