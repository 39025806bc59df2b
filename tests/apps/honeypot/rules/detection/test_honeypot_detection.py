"""Scams are told from alerts, notices, advertising and friends, and a session never forgets one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchboard.apps.honeypot.rules.detection import SCAM_TYPES, Verdict, combine, detect
from switchboard.apps.honeypot.rules.extraction import extract


def judge(text: str) -> Verdict:
    return detect(text, extract(text))


@pytest.mark.parametrize(
    ("text", "scam_type"),
    [
        ("Your account will be blocked today, update KYC at http://kyc-desk.example/u", "KYC_PHISHING"),
        ("Aapka khata band ho jayega, KYC turant update karo", "KYC_PHISHING"),
        ("आपका खाता ब्लॉक हो जाएगा, केवाईसी अपडेट करें", "KYC_PHISHING"),
        ("Please tell me the OTP you received just now", "OTP_THEFT"),
        ("What is your OTP?", "OTP_THEFT"),
        ("tell otp", "OTP_THEFT"),
        ("OTP kya aaya?", "OTP_THEFT"),
        ("ओटीपी क्या है", "OTP_THEFT"),
        ("Jo OTP aaya hai woh mujhe bata dijiye", "OTP_THEFT"),
        ("मोबाइल पर आया ओटीपी बता दीजिए", "OTP_THEFT"),
        ("Congratulations, you have won 25 lakh in the lucky draw", "LOTTERY_PRIZE"),
        ("Guaranteed daily profit, double your money in a week", "INVESTMENT_FRAUD"),
        ("This is the cyber crime police, an arrest warrant is out in your name", "IMPERSONATION"),
        ("Instant loan without documents, pay the processing fee of Rs 999", "LOAN_SCAM"),
        ("Work from home, like YouTube videos and earn Rs 3000 daily", "JOB_SCAM"),
        ("Your computer is infected with a virus, please install AnyDesk", "TECH_SUPPORT"),
        ("Your parcel is held, pay Rs 25 redelivery fee at http://parcel.example/p", "DELIVERY"),
        ("Scan this QR to receive your refund and approve the payment request", "REFUND_UPI"),
        ("My love, the gift box from London is stuck in customs, pay the fee", "ROMANCE"),
        ("Electricity will be disconnected tonight, call the officer 90000 12345", "UTILITY_BILL"),
        ("Y0u have w0n a pr1ze, claim your reward", "LOTTERY_PRIZE"),
    ],
)
def test_a_scam_is_recognised_with_its_type(text: str, scam_type: str) -> None:
    verdict = judge(text)
    assert verdict.is_scam, verdict
    assert verdict.scam_type == scam_type
    assert verdict.reasons


@pytest.mark.parametrize(
    "text",
    [
        "Rs 500 debited from a/c XX1234 on 3 Feb. Not you? Call 1800 000 111",
        "₹1,250 UPI payment successful. Txn TXN40838308.",
        "123456 is your OTP for login. Do not share it with anyone.",
        "Your OTP is 123456. Never share your OTP, the bank never asks for it.",
        "आपका ओटीपी 123456 है। किसी के साथ साझा न करें।",
        "OTP 123456 hai. Kisi ko na batayein.",
        "Flat 40% off this weekend. T&C apply. Reply STOP to opt out.",
        "Your order has been shipped and will arrive on Friday",
        "Are you coming for dinner on Sunday?",
        "Bhai kal match dekhne chalega kya?",
        "बेटा, घर पहुँच कर फोन कर देना।",
        "I won't be there tonight, sorry",
        "",
        "ok",
        "🙂",
    ],
)
def test_ordinary_messages_are_no_scam(text: str) -> None:
    verdict = judge(text)
    assert not verdict.is_scam, verdict
    assert verdict.scam_type is None


def test_a_scam_of_no_clear_kind_is_unknown() -> None:
    verdict = judge("Quickly send Rs 4,000 to abcd@ybl and do it now")
    assert (verdict.is_scam, verdict.scam_type) == (True, "UNKNOWN")


def test_an_alert_with_a_lure_in_it_is_not_saved_by_its_form() -> None:
    alert = "Rs 49,999 debited from your account. If not done by you, update KYC and share OTP: http://bank-kyc.example/x"
    assert judge(alert).is_scam


def test_an_account_is_suspicious_beside_a_demand_for_money_only() -> None:
    asked = judge("Transfer it to A/c 50100234567890 IFSC HDFC0001234")
    told = judge("A/c 50100234567890: salary of Rs 24,000 credited on 3 Feb")
    assert asked.confidence > 0.3 > told.confidence


def test_reasons_are_sentences_the_strongest_first() -> None:
    verdict = judge("Share the OTP immediately")
    assert verdict.reasons[0] == "Asks for a one-time code or a PIN"
    assert "Creates time pressure" in verdict.reasons


@given(st.text(max_size=300))
def test_any_text_gets_a_verdict_that_agrees_with_itself(text: str) -> None:
    verdict = judge(text)
    assert 0 <= verdict.confidence <= 1
    assert verdict.confidence == round(verdict.confidence, 2)
    assert verdict.is_scam == (verdict.confidence >= 0.5)
    assert (verdict.scam_type in SCAM_TYPES) == verdict.is_scam


def scam(scam_type: str, confidence: float, *reasons: str) -> Verdict:
    return Verdict(True, scam_type, confidence, reasons)


HARMLESS = Verdict(False, None, 0.1, ("Reads like advertising",))


@pytest.mark.parametrize(
    ("earlier", "latest", "expected"),
    [
        (None, HARMLESS, (False, None, 0.1)),
        (HARMLESS, scam("JOB_SCAM", 0.6), (True, "JOB_SCAM", 0.6)),
        (scam("JOB_SCAM", 0.6), HARMLESS, (True, "JOB_SCAM", 0.6)),
        (HARMLESS, Verdict(False, None, 0.4, ()), (False, None, 0.4)),
        (scam("UNKNOWN", 0.9), scam("OTP_THEFT", 0.6), (True, "OTP_THEFT", 0.97)),
        (scam("JOB_SCAM", 0.6), scam("OTP_THEFT", 0.9), (True, "OTP_THEFT", 0.97)),
        (scam("JOB_SCAM", 0.9), scam("OTP_THEFT", 0.95), (True, "JOB_SCAM", 0.99)),
        (scam("JOB_SCAM", 0.6), scam("UNKNOWN", 0.9), (True, "JOB_SCAM", 0.97)),
        (Verdict(False, None, 0.45, ()), Verdict(False, None, 0.45, ()), (True, "UNKNOWN", 0.62)),
    ],
)
def test_a_session_keeps_the_scam_it_saw_and_sharpens_its_type(
    earlier: Verdict | None, latest: Verdict, expected: tuple[bool, str | None, float]
) -> None:
    verdict = combine(earlier, latest)
    assert (verdict.is_scam, verdict.scam_type, verdict.confidence) == expected


def test_reasons_of_both_turns_are_kept_once() -> None:
    assert combine(scam("JOB_SCAM", 0.6, "a", "b"), scam("JOB_SCAM", 0.7, "b", "c")).reasons == (
        "a",
        "b",
        "c",
    )
