"""The guide in a channel, and what its chat page has beyond the conversation."""

from switchboard.apps.guide.chat.handler import GuideChat
from switchboard.apps.guide.chat.page import GuidePage

__all__ = ["GuideChat", "GuidePage"]
