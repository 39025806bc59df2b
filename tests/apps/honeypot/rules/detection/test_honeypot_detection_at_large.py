"""The detector on messages that neither its rules nor its examples were written from: short lists, no bench."""

from __future__ import annotations

from collections.abc import Iterable

from switchboard.apps.honeypot.rules.detection import detect
from switchboard.apps.honeypot.rules.extraction import extract

ALERTS = (
    "Dear SBI UPI User, ur A/cX1234 debited by Rs250 on 12Feb24 by (Ref no 404312345678)",
    "Dear UPI user A/C X4321 debited by 1500.0 on date 05Mar24 trf to RAMESH STORE Refno 406512345678. If not u? call 1800000109. -SBI",
    "Your A/C XXXXX123456 Credited INR 5,000.00 on 01/03/24 -Deposit by transfer from Mr. ANIL KUMAR. Avl Bal INR 12,345.67-SBI",
    "Money Sent! Rs.350.00 From HDFC Bank A/C *1234 To SWIGGY On 14/03 Ref 407412345678 Not You? Call 1800000161/SMS BLOCK UPI to 7308080808",
    "Amt Sent Rs.2000.00 From HDFC Bank A/C *5678 To ZERODHA BROKING On 02-04 Ref 409312345678 Not You? Call 1800000161/SMS BLOCK UPI to 7308080808",
    "UPDATE: INR 45,000.00 deposited in HDFC Bank A/c XX1234 on 30-MAR-24 for NEFT Cr-ABCD. Avl bal INR 61,234.50. Cheque deposits in A/C are subject to clearing",
    "Alert: You've spent Rs.1,299.00 On HDFC Bank CREDIT Card xx4321 At AMAZON PAY On 2024-03-21:12:45:10 Avl bal Rs.85,000. Not you? Call 1800000161",
    "ICICI Bank Acct XX123 debited for Rs 500.00 on 05-Mar-24; SHARMA MEDICALS credited. UPI:406512345678. Call 18002662 for dispute. SMS BLOCK 123 to 9000076766.",
    "Dear Customer, Acct XX987 is credited with Rs 12000.00 on 07-Mar-24 from RAHUL VERMA. UPI:406712345678-ICICI Bank.",
    "INR 2,345.00 spent on ICICI Bank Card XX9002 on 10-Mar-24 at Flipkart. Avl Lmt: INR 1,23,456.00. To dispute,call 18002662/SMS BLOCK 9002 to 9000076766",
    "INR 670.00 debited A/c no. XX1234 18-03-24, 20:11:33 UPI/P2M/407812345678/BIGBASKET Not you? SMS BLOCKUPI Cust ID to 919951860002 Axis Bank",
    "Spent Card no. XX4455 INR 899 11-03-24 19:22:10 MYNTRA Avl Lmt INR 56,000 SMS BLOCK 4455 to 919951860002, if not you - Axis Bank",
    "Sent Rs.120.00 from Kotak Bank AC X1234 to q12345678@ybl on 22-03-24.UPI Ref 408212345678. Not you, kotak.com/fraud",
    "Received Rs.2500.00 in your Kotak Bank AC X1234 from sunita@okhdfcbank on 23-03-24.UPI Ref:408312345678.",
    "Your a/c no. XXXXXXXX1234 is debited for Rs.600.00 on 04-03-2024 12:33:22 and credited to a/c no. XX5678 (UPI Ref no 406412345678).-PNB To block UPI call 18001800",
    "Rs.500.00 Dr. from A/C XXXXXX1234 and Cr. to paytmqr@paytm. Ref:406512345678. AvlBal:Rs2345.60(2024:03:05 18:30:21). Not you? Call 18005700/5000-BOB",
    "Dear Customer, Your A/C XX4321 has been credited with INR 25000.00 on 31/03/24 towards salary. Avl Bal INR 30,123.00 - Canara Bank",
    "OTP is 456123 for txn of INR 1,500.00 at IRCTC on your SBI card ending 1234. OTP valid for 10 mins. Pls do not share with anyone",
    "123456 is the OTP for transaction of INR 999.00 on your ICICI Bank Card XX1234 at Netflix. OTPs are SECRET. DO NOT disclose it to anyone. Bank NEVER asks for OTP.",
    "Your OTP for login to HDFC Bank NetBanking is 998877. Valid for 3 mins. Never share OTP with anyone.",
    "Your monthly statement for Axis Bank Credit Card XX4455 has been sent to your registered email. Total due Rs 12,340. Min due Rs 617. Due date 05-04-24.",
    "Payment of Rs 5,432 received for your HDFC Bank Credit Card ending 4321 on 28-MAR-24. Thank you.",
    "Dear Customer, EMI of Rs 8,500 for your Home Loan A/c XX789 is due on 05-Apr-24. Please maintain sufficient balance. -HDFC Ltd",
    "Your NACH debit of Rs 2,000 towards SIP GROWW is scheduled on 10-Apr-24 from A/c XX1234. Please keep funds. -IDFC FIRST Bank",
    "Dear Customer, your cheque no 000123 for INR 15,000 has been cleared on 12-03-24 in A/c XX9876. -Union Bank",
    "Dear Customer, your KYC is due for periodic updation. Please visit your nearest branch with valid documents. We never ask for details on call or link. -Bank of India",
    "ATM WDL: Rs 10,000 withdrawn at SBI ATM S1NW000123 from A/cX1234 on 15Mar24. Avl Bal Rs 23,456. If not you, forward this SMS to 9000008333 to block card.",
    "A/c 1234 debited INR 2,000.00 Dt 03-04-24 12:30 thru UPI:409412345678.Bal INR 8,765.43 Not u?Fwd this SMS to 9000092641 to block UPI.-IndianBank",
    "Chase: You made a $54.20 transaction with TARGET on Mar 5, 2024 at 4:12 PM ET. Debit card ending 1234.",
    "BofA: Your available balance in account ending 4321 is below $25.00.",
    "Wells Fargo: Your Credit card ending in 7788 was used for $120.15 at COSTCO on 03/12/24.",
    "Your Barclays code is 482913. Never share this with anyone, not even us.",
    "HSBC: A payment of GBP 350.00 to J SMITH was sent from your account ending 2211 on 04 Mar.",
    "Capital One: Your payment of $200 posted on 3/14. Thank you.",
    "PayPal: You sent $20.00 USD to Maria Lopez. View in the app.",
    "DBS: SGD 120.00 paid to GRAB via PayLater on 12 Mar 10:10. If unauthorised call 1800 111 1111.",
    "Emirates NBD: AED 250.00 spent at CARREFOUR using card ending 9911. Available limit AED 14,200.",
    "M-PESA: QWE12RT34 Confirmed. Ksh1,500.00 sent to JOHN KAMAU 0712345678 on 4/3/24 at 5:12 PM. New M-PESA balance is Ksh320.00.",
    "Acct: 0123456789 Amt: NGN5,000.00 DR Desc: POS PURCHASE Date: 04-Mar-2024 Bal: NGN23,100.20 GTBank",
    "Your card ending 1234 was declined for INR 450 at UBER due to insufficient balance.",
    "We detected a sign in to your Google account on a new Windows device. If this was you, no action is needed.",
    "Your Amazon order of 2 items will be delivered today by 9pm. Share OTP 4432 with the delivery agent only after receiving the package.",
    "Your Airtel bill of Rs 599 is generated. Due date 20-Mar. Pay on Airtel Thanks app.",
    "BESCOM: Bill for A/c 1234567890 Rs 1,245 due 18/03/24. Ignore if paid.",
    "FASTag: Rs 65 debited at KHERKI DAULA on 10/03 for HR26XX1234. Bal Rs 435.",
)

PROMOTIONS = (
    "Get 2GB/day + unlimited calls for 28 days at just Rs 299. Recharge now on MyJio app. T&C apply.",
    "Last day! Flat 50% off on all footwear at Bata. Visit store or bata.in. T&C",
    "Congratulations! You are eligible for a pre-approved personal loan of Rs 5,00,000 from HDFC Bank. Apply: hdfcbk.io/a/xyz T&C",
    "Vi: Exclusive offer! Recharge with 479 and get extra 5GB data. Click vi.app.link/abc",
    "Your Airtel number is selected for special offer: 1.5GB/day for 84 days @ 666. Dial *121#",
    "Dream11: Win big today! IND vs AUS contest prize pool Rs 10 crore. Join now. Play responsibly 18+",
    "Dear Customer, upgrade to Jio 5G at no extra cost. Know more jio.com/5g",
    "Zomato: 60% OFF up to Rs 120 on your next order. Use code TRYNEW. Order now https://zoma.to/x",
    "MakeMyTrip: Flat 12% off on flights with ICICI cards. Book now mmyt.co/abc",
    "Lifestyle: End of season sale! Upto 60% off. Shop at lifestylestores.com or nearest store",
    "Last chance! Your Idea validity expires tomorrow. Recharge with Rs 199 to continue enjoying services.",
    "Good news! You have won 100 reward points worth Rs 50 on your BPCL card. Redeem at any outlet.",
    "Free caller tune for 30 days! Dial 543211808 to activate. Rs 0. TnC",
    "Big Bazaar Wednesday: Sugar 5kg Rs 199. Hurry, offer till stocks last!",
    "Bajaj Finserv: Get Rs 3 lakh loan in 30 mins. Low interest. Check now bjjfin.in/abc T&C apply",
    "Last few hours! Your Rs 500 cashback on Myntra is expiring. Shop now myn.tr/a1",
    "Vodafone: Full talktime 110 on Rs 110 today only. Recharge now!",
    "LIC Jeevan Labh: secure your family's future. Contact agent Suresh 9000043210",
    "Admission open for 2024-25 at Delhi Public School. Call 011-23456789.",
    "2BHK flats from 45 lakhs at Sector 84 Gurgaon. Book site visit 9000001234. RERA approved.",
)

SCAMS = (
    "USPS: Your package has arrived at the warehouse and cannot be delivered due to incomplete address. Please confirm your address in the link within 12 hours. https://usps-redeliver.top/i",
    "Wells Fargo Alert: Your account has been temporarily locked due to unusual activity. Verify at wf-secure.info/login",
    "Hi Anna, are we still on for golf this Saturday?",
    "Hello, I'm Lily. I found your number in my contacts, are you David from the yoga club?",
    "Amazon: your order of $1,249.99 MacBook has been placed. If you did not make this purchase call 1-888-555-0143",
    "IRS: You have an outstanding refund of $1,400. Submit your information at irs-refund.cc",
    "Your Netflix membership is on hold. Update payment details: netfl1x-billing.com",
    "Congrats! Your phone number was selected for a $1000 Walmart gift card. Claim here http://wlmrt.win/8s",
    "We are hiring remote workers, $300-$500 a day, flexible hours, message me on WhatsApp +1 555 0100",
    "Hi mum I dropped my phone down the toilet this is my new number can you text me back",
    "Your T-Mobile bill is paid for March. Thanks, here's a little gift for you: t9kfx.info/aa",
    "EZDriveMA: Your toll invoice of $6.99 is unpaid. To avoid late fees pay at ezdrive-toll.xyz",
    "Coinbase: withdrawal of 0.5 BTC requested. If this was not you, call support at 805-555-0190",
    "I made 12k in one week with Mr. Johnson forex trading, DM him",
    "Bank of America: did you authorize Zelle $950 to Michael? Reply YES or NO",
    "Earn passive income with our mining pool, deposit 100 USDT get 300 USDT in 24 hours",
    "This is the final notice about your car's extended warranty. Press one to speak with a specialist.",
    "Hello this is Officer Daniel from Social Security Administration. Your social security number has been suspended because of suspicious activity, press 1",
    "This is an urgent call from the student loan forgiveness department, you qualify for zero balance, call back now",
    "Hello this call is from visa and mastercard, we see a charge of seven hundred dollars on your card for an iphone, press one",
    "Your electricity service will be disconnected in the next 30 minutes, press 1 to make payment",
    "Congratulations you have been selected for a free medical alert system, press one to order",
    "hello sir i am calling from sbi head office mumbai your atm card is going to be blocked please tell me sixteen digit number of the card",
    "sir aapka atm band ho gaya hai chalu karne ke liye card ka number aur peeche ka cvv number bataiye",
    "good afternoon i am speaking from kbc mumbai office your number won 25 lakh rupees you have to pay gst 12500",
    "madam this is from bajaj finance your loan of five lakhs approved only processing fee 2999 to be paid",
    "aapke aadhaar card se ek sim card nikla hai jisme illegal kaam ho raha hai main cbi se bol raha hun",
    "i am calling from jio 5g tower company we want install tower on your roof monthly rent 45000 you need to deposit registration charges",
    "beta main tumhare papa ka dost bol raha hu galti se 20000 tumhare phonepe me chala gaya wapas kar do",
    "your credit card reward points are expiring today sir please confirm card number to redeem nine thousand rupees",
    "Dear friend, I am Mrs. Sarah Williams, widow of late Mr Williams who left $8.5 million. I want you to receive the fund for charity",
    "From the desk of Barrister James Koffi: a deceased client shares your last name and left 12.5 million USD. Kindly reply with your full name and phone number",
    "Your mailbox is full. Click here to upgrade your quota or your account will be deactivated",
    "Attention beneficiary, your compensation fund of US$2.5M is ready for delivery by ATM card. Pay courier fee $95",
    "Dear sir, your email won 850,000 pounds in the UK national lottery online draw. Contact claims agent",
    "I am sgt. Maria from US Army in Syria, I have a box of money and need a trustworthy person",
    "Please find the attached invoice, payment overdue. We have changed our bank account, kindly pay to the new account",
    "Are you at your desk? I need you to get some gift cards for a client. I'm in a meeting, can't talk",
    "Dear customer your SBI YONO account will be blocked today please update your PAN card click http://sbi-yono.online",
    "Dear consumer your electricity power will be disconnected tonight at 9.30 pm from electricity office because your previous month bill was not updated. Please contact our electricity officer 9000003942",
)

CONVERSATION = (
    "hey are you coming to practice tonight? coach wants us there by 6",
    "Mom says dinner is at 7, bring the kids and some wine",
    "Can you send me the address again? I lost it",
    "My flight got delayed so I'll land at 9, don't wait up",
    "Thanks for sending the report, I'll review it tomorrow",
    "Bhai 500 rupees udhar de de kal lauta dunga",
    "please transfer the rent to my account today, 12000 as usual",
    "did u get the otp from swiggy? order is at the gate",
    "I won the office raffle lol a toaster",
    "Doctor said the results are fine, no need to worry",
    "Happy birthday!! hope you have an amazing day",
    "can you call me when you get this? its about grandma",
    "Your verification appointment is tomorrow at 10, please bring your passport",
    "ok i'll pay you back by gpay tonight",
    "The bank was closed so I couldn't deposit the cheque",
    "Meeting moved to 3pm, room 204. Slides are on the drive",
    "sir aaj office nahi aa paunga tabiyat kharab hai",
    "Kal subah ki train hai, ticket mere paas hai",
    "I'm locked out, can you bring the spare key?",
    "are you selling the bike still? can come see it sunday",
    "hello sir your cab has arrived at the main gate",
    "good morning madam, i am calling from dr mehta clinic to confirm your appointment at five",
    "hello yeah i'm at the store do we need milk",
    "haan haan main nikal gaya hu das minute me pahunch raha hu",
    "this is the library calling to let you know the book you reserved is in",
)


def called_scams(texts: Iterable[str]) -> list[str]:
    return [text for text in texts if detect(text, extract(text)).is_scam]


def test_alerts_of_banks_and_shops_are_no_scams() -> None:
    assert len(called_scams(ALERTS)) <= 1, called_scams(ALERTS)


def test_most_advertising_is_no_scam() -> None:
    assert len(called_scams(PROMOTIONS)) <= 5, called_scams(PROMOTIONS)


def test_what_people_say_to_each_other_is_no_scam() -> None:
    assert len(called_scams(CONVERSATION)) <= 1, called_scams(CONVERSATION)


def test_scams_of_every_channel_are_found() -> None:
    missed = set(SCAMS) - set(called_scams(SCAMS))
    assert len(missed) <= 4, missed
