"""How the guide's names are said on screen."""

from __future__ import annotations

CATEGORIES = {
    "self_harm": "Self-harm",
    "harm_to_others": "Harm to others",
    "abuse": "Abuse",
    "crisis_other": "Other crisis",
}
HOWS = {"answered": "Answered", "none": "“Nothing”", "skipped": "Skipped", "left_open": "Left open"}
WORDINGS = {"crisis": "Responses to danger", "session": "Around the questions"}
SECTIONS = {
    "shared": "In every response",
    "friend": "About a friend",
    "line": "How a line is written",
    "text": "What is said",
    "buttons": "What can be tapped",
}
LANGUAGES = {
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "pt": "Portuguese",
    "de": "German",
    "pl": "Polish",
}
CHANNELS = {"webchat": "Web chat", "api": "API", "command": "Terminal", "import": "Brought in"}
INTENTS = {
    "unclear": "Unclear",
    "affirmation": "Yes",
    "negation": "No",
    "greeting": "Greeting",
    "question_identity": "Asks who this is",
    "question_privacy": "Asks who reads it",
    "question_purpose": "Asks what this is",
    "question_length": "Asks how long it takes",
    "question_other": "Asks something else",
    "support_people": "Support people",
    "strengths": "Strengths",
    "worries": "Worries",
    "goals": "Goals",
    "no_support": "Has nobody",
    "no_strengths": "Has no strengths",
    "no_worries": "Has no worries",
    "no_goals": "Has no goals",
}


def category(name: str | None) -> str:
    return CATEGORIES.get(name or "", name or "–")


def section(name: str) -> str:
    return SECTIONS.get(name) or category(name)


def language(code: str) -> str:
    return LANGUAGES.get(code, code)


def state(name: str | None) -> str:
    """A state or a question: `support_people` is Support people."""
    return (name or "–").replace("_", " ").capitalize()


def intent(name: str) -> str:
    return INTENTS.get(name, state(name))


def channel(name: str | None) -> str:
    return CHANNELS.get(name or "", name or "–")


def count(number: int | None) -> str:
    """A count, or that it is too small to be shown."""
    return "under 5" if number is None else f"{number:,}"
