"""What the scammer is doing is recognised in three languages, the move that needs an answer first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.apps.honeypot.rules.conversation.moves import invited_kinds, recognise, speaks_of
from switchboard.apps.honeypot.rules.extraction import extract

MOVES = {
    "greeting": ["Hello", "Good morning madam", "namaste ji", "नमस्ते"],
    "asks_who": ["are you there?", "who is this", "kaun bol raha hai", "आप कौन हो"],
    "asks_name": ["What is your good name?", "aapka naam kya hai", "आपका नाम बताइए"],
    "asks_age": ["how old are you", "aapki umar kitni hai", "आपकी उम्र क्या है"],
    "asks_address": ["where do you live", "aap kahan rehte ho", "आप कहाँ रहते हो"],
    "asks_job": ["what do you do for work", "kya karte ho", "क्या करते हो"],
    "asks_family": ["who is with you at home", "ghar mein kaun hai", "घर में कौन है"],
    "asks_bank": ["which bank do you have", "kaun sa bank hai", "कौन सा बैंक है"],
    "asks_otp": ["share the OTP", "tell me the six digit code", "OTP batao", "ओटीपी दीजिए"],
    "asks_card": ["give the CVV", "debit card number please", "कार्ड नंबर बोलो"],
    "asks_pin": ["enter your UPI PIN", "tell me the password", "pin batao", "पिन बताओ"],
    "asks_account": ["send your account number", "apna khata number batao", "खाता नंबर बताओ"],
    "asks_upi": ["send me your UPI id", "apni upi id bhejo", "अपनी यूपीआई आईडी भेजो"],
    "asks_scan": ["scan this QR code", "approve the collect request", "क्यूआर स्कैन करो"],
    "asks_install": ["install AnyDesk", "app download karo", "एनीडेस्क डाउनलोड करो"],
    "asks_click": ["click on the link", "link par click karo", "लिंक खोलो"],
    "asks_document": ["send a photo of your Aadhaar card", "aadhaar ki photo bhejo", "आधार भेजो"],
    "demands_payment": ["pay the processing fee", "Rs 500 jama karo", "500 रुपये भेजो"],
    "sent_money": ["I sent you money by mistake", "galti se paise bhej diye", "गलती से भेज दिया"],
    "threatens": ["police will arrest you", "FIR hoga", "पुलिस आएगी"],
    "disconnection": ["electricity will be disconnected tonight", "bijli kat jayegi", "बिजली काट देंगे"],
    "account_trouble": ["your account will be blocked", "khata band ho jayega", "केवाईसी अधूरा है"],
    "prize": ["you have won a lottery", "inaam jeeta hai", "इनाम मिला है"],
    "job_offer": ["part time job for you", "ghar baithe kamai", "घर बैठे कमाएं"],
    "loan": ["your loan is ready", "लोन चाहिए"],
    "investment": ["invest and double it", "मुनाफा होगा"],
    "parcel": ["your parcel is held", "पार्सल रुका है"],
    "romance": ["i love you darling", "प्यार करता हूँ"],
    "device_trouble": ["your computer has a virus", "वायरस है"],
    "asks_secrecy": ["do not tell anyone in the family", "kisi ko mat batana", "किसी को मत बताना"],
    "asks_call": ["call me now", "phone uthao", "फोन उठाओ"],
    "asks_move": ["come on telegram", "whatsapp par aao", "व्हाट्सएप पर आओ"],
    "refuses": ["why do you ask", "no need of that", "kyun poochh rahe ho"],
    "hurries": ["do it fast", "jaldi karo", "जल्दी करो"],
    "asks_progress": ["did you send it", "ho gaya kya", "हो गया क्या"],
    "insults": ["stupid fellow", "pagal ho", "बेवकूफ"],
    "suspects": ["are you a bot", "is this a joke", "bot ho kya", "पुलिस हो क्या"],
    "thanks": ["ok thank you", "theek hai", "ठीक है"],
    "bye": ["goodbye", "rehne do", "रहने दो"],
    "gives_number": ["90000 12345", "helpdesk@ybl"],
    "other": ["", "hm", "the mango tree"],
}


@pytest.mark.parametrize(("move", "text"), [(move, text) for move, texts in MOVES.items() for text in texts])
def test_a_move_is_recognised(move: str, text: str) -> None:
    assert move in recognise(text, extract(text))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Hello sir, your account will be blocked", "account_trouble"),
        ("Ok madam, pay the fee fast", "demands_payment"),
        ("Are you a bot? Send OTP", "suspects"),
        ("Do it fast, share the OTP", "asks_otp"),
        ("Hello, call 90000 12345", "gives_number"),
        ("Thanks, what is your name", "asks_name"),
    ],
)
def test_what_needs_an_answer_most_comes_first(text: str, first: str) -> None:
    assert recognise(text, extract(text))[0] == first


@pytest.mark.parametrize(
    ("moves", "kind"), [(["demands_payment"], "upi"), (["asks_click"], "url"), (["threatens"], "phone")]
)
def test_a_move_invites_a_question_for_what_belongs_to_it(moves: list[str], kind: str) -> None:
    assert kind in invited_kinds(moves)


def test_nothing_is_invited_by_small_talk() -> None:
    assert invited_kinds(["greeting", "other"]) == ()


@pytest.mark.parametrize(
    ("topic", "text", "is_spoken_of"),
    [
        ("money", "pay the fee now", True),
        ("money", "paise bhejo", True),
        ("money", "your KYC has expired", False),
        ("crypto_wallet", "buy USDT first", True),
        ("crypto_wallet", "pay by cheque", False),
        ("telegram", "join the Telegram group", True),
    ],
)
def test_a_topic_is_seen(topic: str, text: str, is_spoken_of: bool) -> None:
    assert speaks_of(topic, text) is is_spoken_of


@given(st.text(max_size=300))
def test_any_text_is_some_move(text: str) -> None:
    assert recognise(text)
