"""The language of a message, as far as the personas speak it."""

from __future__ import annotations

import pytest

from switchboard.apps.honeypot.rules.text.language import detect_language


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
        ("আপনার অ্যাকাউন্ট আজ বন্ধ হয়ে যাবে", "bn"),
        ("ਤੁਹਾਡਾ ਖਾਤਾ ਬੰਦ ਹੋ ਜਾਵੇਗਾ", "pa"),
        ("તમારું ખાતું બંધ થઈ જશે", "gu"),
        ("ଆପଣଙ୍କ ଖାତା ବନ୍ଦ ହେବ", "or"),
        ("உங்கள் கணக்கு முடக்கப்படும் KYC update", "ta"),
        ("మీ ఖాతా బ్లాక్ అవుతుంది", "te"),
        ("ನಿಮ್ಮ ಖಾತೆ ಬಂದ್ ಆಗುತ್ತದೆ", "kn"),
        ("നിങ്ങളുടെ അക്കൗണ്ട് ബ്ലോക്ക് ആകും", "ml"),
        ("آپ کا اکاؤنٹ بند ہو جائے گا", "ur"),
        ("سيتم إغلاق حسابك اليوم", "und"),
        ("您的账户今天将被冻结", "und"),
        ("Ваш счёт будет заблокирован", "und"),
        ("café? señor, 100€ naïve", "en"),
        ("您的账户今天将被冻结 http://bank.example/verify", "und"),
        ("Überweisen", "en"),
        ("🙂🙂", "en"),
        ("Dear Sir, your खाता account will be blocked today so please update now", "en"),
    ],
)
def test_the_language_is_that_of_the_sentence_and_not_of_its_terms(text: str, language: str) -> None:
    assert detect_language(text) == language
