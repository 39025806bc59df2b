"""The library as one process holds it: put in order on first use, read again when anything in it was changed."""

from __future__ import annotations

from switchboard.apps.guide.rules.flow.document import Flow, parse_flow
from switchboard.apps.guide.rules.response.resources import Resource, packaged_resources
from switchboard.apps.guide.service import library
from switchboard.apps.guide.service.library import Library
from switchboard.kernel.errors import Invalid
from switchboard.kernel.platform import Platform


class Shelf:
    """Holds the library of one guide database."""

    def __init__(self, platform: Platform) -> None:
        self._database = platform.database("guide")
        self._clock = platform.clock
        self._settings = platform.settings
        self._library: Library | None = None

    async def library(self) -> Library:
        """The library as it is now. On first use flows are checked and stored. Raises Invalid for a wrong one."""
        if self._library is None:
            documents = library.read_flows(self._settings.guide_flows_dir)
            await self._database.write(library.ensure, documents, self._clock.now())
        self._library = await self._database.read(library.load, self._library)
        return self._library

    def library_now(self) -> Library:
        """The same, for threads without an event loop."""
        if self._library is None:
            documents = library.read_flows(self._settings.guide_flows_dir)
            self._database.write_now(library.ensure, documents, self._clock.now())
        self._library = self._database.read_now(library.load, self._library)
        return self._library

    def usual_flow(self, known: Library, wished: str | None = None) -> Flow:
        """The newest version of a flow, of the usual one where none is wished for. Raises Invalid."""
        name = wished or self._settings.guide_flow
        if name not in known.newest:
            raise Invalid(
                f"There is no flow {name[:40]!r}.", hint=f"The flows are: {', '.join(sorted(known.newest))}."
            )
        return known.newest[name]

    def usual_flow_as_read(self) -> Flow:
        """The usual flow as last read; as its file has it before anything was read."""
        if self._library is not None:
            return self.usual_flow(self._library)
        documents = library.read_flows(self._settings.guide_flows_dir)
        return parse_flow(documents[self._settings.guide_flow])

    def shown_resources(self) -> dict[str, list[Resource]]:
        """The lines as last read, by country; those that ship before anything was read."""
        if self._library is not None:
            return {country: list(lines) for country, lines in self._library.resources.items()}
        shown: dict[str, list[Resource]] = {}
        for resource in packaged_resources():
            shown.setdefault(resource.country, []).append(resource)
        return shown
