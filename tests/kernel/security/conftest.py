"""People over a real database of each kind."""

from __future__ import annotations

import pytest
from tests.kernel.security.people import People, people_of

from switchboard.kernel.platform import Platform


@pytest.fixture
def people(platform: Platform) -> People:
    return people_of(platform)
