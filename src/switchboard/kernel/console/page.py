"""What a page is: where it lies, who may see it, what it shows and what can be done on it.

An app lists its pages in one `Section`; the frame draws navigation, sign-in and errors around them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from switchboard.kernel.errors import Invalid
from switchboard.kernel.security.caller import Caller
from switchboard.kernel.security.permissions import READ, Permission, may

if TYPE_CHECKING:
    from starlette.datastructures import FormData, QueryParams
    from starlette.requests import Request

    from switchboard.kernel.platform import Platform
    from switchboard.kernel.security.accounts import Person

_LONGEST_FIELD = 8_000


@dataclass(frozen=True, slots=True)
class Visit:
    """One person asking for one page, or doing something on it."""

    request: Request
    person: Person
    caller: Caller
    platform: Platform
    service: Any
    """The use cases of the section's app; None on the frame's own pages."""
    section: Section
    form: FormData | None = None

    @property
    def query(self) -> QueryParams:
        return self.request.query_params

    @property
    def path(self) -> Mapping[str, str]:
        return self.request.path_params

    def may(self, permission: Permission) -> bool:
        """Whether to offer something; the service checks again when it is done."""
        return may(self.caller, permission, self.section.scope)

    def field(self, name: str, *, longest: int = _LONGEST_FIELD) -> str:
        """A field of the form, stripped; empty where there is none. Raises Invalid when it is too long."""
        given = self.form.get(name, "") if self.form is not None else ""
        text = given.strip() if isinstance(given, str) else ""
        if len(text) > longest or "\0" in text:
            raise Invalid(
                f"The field {name.replace('_', ' ')} takes at most {longest:,} characters.",
                hint="Shorten it and send it again.",
            )
        return text

    def typed(self, name: str, otherwise: str = "") -> str:
        """What was typed into a field that was refused, to be typed no second time; passwords are not shown."""
        given = self.form.get(name, otherwise) if self.form is not None else otherwise
        return given if isinstance(given, str) else otherwise

    def fields(self, name: str) -> list[str]:
        """Every value given under one name."""
        return [] if self.form is None else [str(each)[:200] for each in self.form.getlist(name)]


@dataclass(frozen=True, slots=True)
class Shown:
    """A template with what it needs. `watch` names the database whose changes the page follows."""

    template: str
    context: Mapping[str, Any]
    title: str | None = None
    watch: str | None = None
    status: int = 200


@dataclass(frozen=True, slots=True)
class Redirect:
    """Where to go after something was done, and what to say there."""

    to: str
    notice: str | None = None


Answer = Shown | Redirect | Response
Show = Callable[[Visit], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page. `path` begins with '/' and takes `{names}`; each act is a POST to `path/<name>`."""

    path: str
    title: str
    show: Show
    place: str | None = None
    """Its name in the navigation; None for a page that others lead to."""
    needs: Permission | None = READ
    """Who is offered the page, None for everybody; what may be done on it the services decide."""
    anywhere: bool = False
    """Whether it is offered to everybody who has `needs` in any app, because it shows what belongs to each."""
    acts: Mapping[str, Show] = field(default_factory=dict)
    uploads: bool = False
    """Whether an act takes a file, which may be larger than other requests."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that the search across all apps found."""

    kind: str
    text: str
    href: str
    detail: str = ""
    at: Any = None


@dataclass(frozen=True, slots=True)
class Section:
    """The pages of one app, in the order of its navigation."""

    scope: str
    """The app's name; `platform` for the frame's own pages."""
    title: str
    pages: Sequence[Page]
    find: Callable[[Visit, str], Awaitable[Sequence[Hit]]] | None = None
    """What of the app matches a search over everything."""
    templates: str | None = None
    """The package whose folder `templates` holds the pages' templates."""


def sees(caller: Caller, section: Section, page: Page) -> bool:
    if page.needs is None:
        return True
    scopes = caller.roles if page.anywhere else (section.scope,)
    return any(may(caller, page.needs, scope) for scope in scopes)
