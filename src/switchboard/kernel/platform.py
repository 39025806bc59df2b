"""The parts of one process, put together once: settings, clock, ids, chance, databases, keys, people,
vault, model.

Services take what they need from here; nothing else in the tree opens a database or reads a setting.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from switchboard.kernel.app import App, MigrationChain
from switchboard.kernel.clock import Clock, SystemClock
from switchboard.kernel.database.database import Database
from switchboard.kernel.errors import Invalid
from switchboard.kernel.ids import Chance, Ids, SystemChance, TimeOrderedIds
from switchboard.kernel.settings import Settings

if TYPE_CHECKING:
    from switchboard.kernel.error_log import ErrorLog
    from switchboard.kernel.llm.model import LanguageModel
    from switchboard.kernel.outbox import Outbox
    from switchboard.kernel.security.accounts import Accounts
    from switchboard.kernel.security.keys import ApiKeys
    from switchboard.kernel.security.vault import Vault

PLATFORM = "platform"
KERNEL_CHAIN = MigrationChain("switchboard.kernel.database.migrations", "kernel_version")
PLATFORM_CHAIN = MigrationChain("switchboard.kernel.security.migrations", "alembic_version")


class Platform:
    """One per process. Databases open when first asked for; `close` lets go of all of them."""

    def __init__(
        self,
        settings: Settings,
        apps: Sequence[App],
        *,
        clock: Clock | None = None,
        ids: Ids | None = None,
        chance: Chance | None = None,
        model: LanguageModel | None = None,
    ) -> None:
        """`model` stands in for the one that the settings name."""
        self.settings = settings
        self.apps = tuple(apps)
        self.clock = clock or SystemClock()
        self.ids = ids or TimeOrderedIds(self.clock)
        self.chance = chance or SystemChance()
        self.app_names = tuple(app.name for app in self.apps)
        self.started_at = self.clock.now()
        self._given_model = model
        self._databases: dict[str, Database] = {}

    def database(self, name: str) -> Database:
        """The database of an app, or `platform`."""
        if name not in self._databases:
            self._databases[name] = self._open(name)
        return self._databases[name]

    @cached_property
    def keys(self) -> ApiKeys:
        from switchboard.kernel.security.keys import ApiKeys

        return ApiKeys(self.database(PLATFORM), self.clock, self.ids)

    @cached_property
    def error_log(self) -> ErrorLog:
        from switchboard.kernel.error_log import ErrorLog

        return ErrorLog(self.database(PLATFORM), self.clock, self.ids)

    @cached_property
    def accounts(self) -> Accounts:
        """The people who sign in."""
        from switchboard.kernel.security.accounts import Accounts
        from switchboard.kernel.security.sessions import Lifetime

        return Accounts(
            self.database(PLATFORM),
            lambda: self.vault,
            self.clock,
            self.ids,
            apps=self.app_names,
            issuer=self.settings.organisation,
            lifetime=Lifetime(
                idle=timedelta(hours=self.settings.session_idle_hours),
                absolute=timedelta(days=self.settings.session_days),
            ),
        )

    @cached_property
    def model(self) -> LanguageModel | None:
        """The language model that the settings name, within its budget. Raises Invalid for a wrong address."""
        if self._given_model is not None or self.settings.llm_url is None:
            return self._given_model
        from switchboard.kernel.llm.configured import configured_model

        return configured_model(self.settings, self.clock)

    @cached_property
    def vault(self) -> Vault:
        """The keys that seal stored secrets."""
        return self._loaded_vault[0]

    @property
    def vault_was_made(self) -> bool:
        """Whether this process made the key file, so that somebody has to be told to keep a copy."""
        return self._loaded_vault[1]

    @property
    def vault_file(self) -> Path:
        return self.settings.data_dir / "vault.keys"

    @cached_property
    def _loaded_vault(self) -> tuple[Vault, bool]:
        from switchboard.kernel.security.vault import load_vault

        make_data_dir(self.settings)
        keys = self.settings.vault_keys
        return load_vault(
            key_file=self.vault_file, keys_from_environment=keys.get_secret_value() if keys else None
        )

    def outbox(self, name: str) -> Outbox:
        """The outbox in an app's database."""
        from switchboard.kernel.outbox import Outbox

        return Outbox(self.database(name), self.vault, self.clock, self.ids)

    def chains(self, name: str) -> tuple[MigrationChain, ...]:
        """The migrations of an app's database, in the order they are applied."""
        if name == PLATFORM:
            return (PLATFORM_CHAIN,)
        for app in self.apps:
            if app.name == name:
                return (KERNEL_CHAIN, *app.migrations)
        raise Invalid(f"There is no app called {name!r}.", hint=f"The apps are: {', '.join(self.app_names)}.")

    def migrate(self) -> list[str]:
        """Bring every database to the newest shape; what was applied, as 'database table:revision'."""
        from switchboard.kernel.database.migrate import migrate

        return [
            f"{name} {revision}"
            for name in (PLATFORM, *self.app_names)
            for revision in migrate(self.database(name), self.chains(name))
        ]

    async def close_model(self) -> None:
        """Let go of the model's connections, in the event loop that asked it."""
        if self.model is not None:
            await self.model.close()

    def close(self) -> None:
        databases, self._databases = self._databases, {}
        for database in databases.values():
            database.close()

    def _open(self, name: str) -> Database:
        if self.settings.database_url is not None:
            from switchboard.kernel.database.postgresql import PostgresqlDatabase

            return PostgresqlDatabase(name, self.settings.database_url.get_secret_value())
        from switchboard.kernel.database.sqlite import SqliteDatabase

        make_data_dir(self.settings)
        return SqliteDatabase(name, self.settings.data_dir / f"{name}.db")


def make_data_dir(settings: Settings) -> None:
    """Make the data folder, readable by its owner alone. Raises Invalid where that is impossible."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Invalid(
            f"The data folder {settings.data_dir} cannot be made: {error.strerror}.",
            hint="Name a folder you may write to in SWITCHBOARD_DATA_DIR.",
        ) from error
