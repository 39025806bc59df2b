"""Every setting, in one class. Environment variables carry the prefix SWITCHBOARD_.

docs/operate/settings.md is generated from the descriptions here; a test fails when the two differ.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an operator can set. Lengths of time carry their unit in the name."""

    model_config = SettingsConfigDict(env_prefix="SWITCHBOARD_", extra="ignore", frozen=True)

    host: str = Field("127.0.0.1", description="Address the server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the server listens on; 0 takes a free one.")
    public_url: str | None = Field(
        None,
        description="The address under which people reach the console (`https://desk.example.org`). With https, "
        "cookies are sent over TLS alone. Empty: the address the server listens on.",
    )
    proxies: str = Field(
        "",
        description="Addresses of proxies, with commas between, whose word is taken for who the client is "
        "(X-Forwarded-For). Empty: nobody's.",
    )
    console: bool = Field(True, description="Whether `serve` also opens the console for people.")
    upload_limit_bytes: int = Field(
        20_971_520, ge=1024, le=268_435_456, description="The largest file that the console takes."
    )
    data_dir: Path = Field(
        Path("data"),
        description="Folder for the SQLite files, the key file of the vault and the server's lock.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="A PostgreSQL address (`postgresql://user:password@host/database`). "
        "Empty: one SQLite file per app in the data folder.",
    )
    vault_keys: SecretStr | None = Field(
        None,
        description="Keys that seal stored secrets, as `id:base64key[,id:base64key…]`; the first seals, all "
        "open. Empty: the file `vault.keys` in the data folder, made on first start.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe log lines to write."
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="How log lines look: `text` for people, `json` for machines."
    )
    log_message_texts: bool = Field(
        False, description="Whether log lines may hold what people wrote. Leave off outside of debugging."
    )
    rate_limit_per_minute: int = Field(
        1200,
        ge=0,
        description="Requests one API key may make in a minute, unless the key has its own limit; "
        "0 means no limit.",
    )
    body_limit_bytes: int = Field(
        262_144, ge=1024, le=16_777_216, description="The largest request body that is read."
    )
    request_timeout_seconds: float = Field(
        15.0, gt=0, le=300, description="How long a request body may take to arrive."
    )
    shutdown_seconds: float = Field(
        15.0, gt=0, le=300, description="How long a stopping server finishes the requests it accepted."
    )
    session_idle_hours: int = Field(
        12,
        ge=1,
        le=168,
        description="Hours without a request after which somebody signed in has to sign in again.",
    )
    session_days: int = Field(
        7, ge=1, le=90, description="Days after which somebody signed in has to sign in again in any case."
    )
    webchat_apps: str = Field(
        "guide",
        description="Apps that the public can talk to at `/chat/<app>`, with commas between. Empty: none.",
    )
    webchat_messages_per_minute: int = Field(
        20, ge=1, le=1_000, description="Messages that one visitor of a chat may send in a minute."
    )
    webchat_conversations_per_hour: int = Field(
        30, ge=1, le=10_000, description="Conversations that one network may begin in an hour."
    )
    outbound_networks: str = Field(
        "",
        description="Private networks that callbacks may reach, as CIDR with commas between "
        "(`10.0.0.0/8`). Empty: public addresses only.",
    )
    worker_inside: Literal["auto", "always", "never"] = Field(
        "auto",
        description="Whether `serve` also runs schedules and deliveries. `auto`: yes on SQLite, no on "
        "PostgreSQL, where `switchboard work` runs them.",
    )
    organisation: str = Field(
        "Switchboard",
        min_length=1,
        max_length=100,
        description="The name under which exports say who made them.",
    )
    llm_url: str | None = Field(
        None,
        description="Address of a language model that words replies, of any vendor or server that speaks OpenAI's "
        "chat-completions API (`http://127.0.0.1:11434/v1`). Empty: the rules word every reply.",
    )
    llm_key: SecretStr | None = Field(None, description="The key for that address, where it asks for one.")
    llm_model: str | None = Field(
        None, validate_default=True, description="The model's name there; needed with an address."
    )
    llm_timeout_seconds: float = Field(
        10.0,
        gt=0,
        le=120,
        description="How long the model may take for a reply before the rules word it. Keep it below "
        "`SWITCHBOARD_SHUTDOWN_SECONDS`.",
    )
    llm_calls_per_minute: int = Field(
        60,
        ge=0,
        description="Calls of the model that one process may make in a minute; the rules word the rest. 0 means "
        "no limit.",
    )
    llm_price_per_1k_prompt_tokens: float = Field(
        0.0, ge=0, description="Price of 1,000 tokens that the model reads."
    )
    llm_price_per_1k_completion_tokens: float = Field(
        0.0, ge=0, description="Price of 1,000 tokens that the model writes."
    )
    llm_daily_cost_limit: float | None = Field(
        None,
        ge=0,
        description="What the model may cost one process in a day (UTC), in the currency of the two prices. "
        "Empty: no limit.",
    )
    honeypot_max_turns: int = Field(
        10, ge=1, le=50, description="Turns after which a honeypot session ends as MAX_TURNS_REACHED."
    )
    honeypot_goal_score: float = Field(
        0.6,
        gt=0,
        le=3,
        description="Intelligence score at which a honeypot session ends as COMPLETED, half of it near the limit of "
        "turns; 3 lets every session go on to the limit.",
    )
    honeypot_persona: str = Field(
        "auto",
        pattern=r"^[a-z][a-z0-9_]{0,49}$",
        description="Who answers where a request wishes for nobody: a persona's id, or `auto` for one that suits the scam.",
    )
    honeypot_silence_minutes: int = Field(
        30, ge=1, le=10_080, description="Minutes without a message after which a session ends as TERMINATED."
    )
    guide_flow: str = Field(
        "four_steps",
        pattern=r"^[a-z][a-z0-9_]{0,39}$",
        description="The flow that new guided sessions follow where nobody asks for another.",
    )
    guide_flows_dir: Path | None = Field(
        None, description="Folder with flows of your own (`*.toml`), beside those that ship. Empty: none."
    )
    guide_country: str = Field(
        "",
        pattern=r"^([A-Z]{2})?$",
        description="Country whose helplines a guided session shows (`AU`). Empty: the person is asked. It is never "
        "guessed from an address.",
    )
    guide_languages: str = Field(
        "en",
        pattern=r"^[a-z]{2}(,\s*[a-z]{2})*$",
        description="Languages that guided sessions may be held in, with commas between, the first one where nobody "
        "asks for another. Wording that nobody has reviewed is marked so in the console.",
    )
    guide_intents: Literal["rule_based", "distilbert", "hybrid"] = Field(
        "rule_based",
        description="How a guided session tells what a message is for. The other two need a model in a folder; without "
        "one the rules do it, and that is what is recorded.",
    )
    guide_intents_dir: Path | None = Field(
        None, description="Folder of a sequence classifier: model.onnx, tokenizer.json, config.json."
    )
    guide_model_closing: bool = Field(
        False,
        description="Whether the language model, where one is configured, adds a closing thought to a guided session's "
        "summary. It reads the answers then; people's own words stay as they are, and nothing is asked where danger "
        "was told of.",
    )
    guide_exit_url: str = Field(
        "https://www.wikipedia.org",
        pattern=r"^https://[^\s\"'<>]+$",
        description="The page that “Leave quickly” opens instead of a guided session.",
    )
    guide_retention_days: int = Field(
        30,
        ge=1,
        le=30,
        description="Days after the last message when a guided session is deleted, finished or not.",
    )
    guide_history_hours: int | None = Field(
        24,
        ge=0,
        le=720,
        description="Hours after its end when the words of a guided session are removed; answers and summary stay. "
        "Empty: not before the session itself.",
    )

    @field_validator("database_url")
    @classmethod
    def _postgresql_or_nothing(cls, url: SecretStr | None) -> SecretStr | None:
        if url is None or not url.get_secret_value().strip():
            return None
        scheme = url.get_secret_value().partition("://")[0]
        if scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
            raise ValueError(
                "takes a PostgreSQL address (postgresql://…); leave it empty for SQLite in the data folder"
            )
        return url

    @field_validator("public_url")
    @classmethod
    def _address_of_the_console(cls, url: str | None) -> str | None:
        if url is None or not url.strip():
            return None
        parts = urlsplit(url.strip())
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path not in ("", "/"):
            raise ValueError("takes an address without a path, as https://desk.example.org")
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator(
        "llm_url",
        "llm_key",
        "llm_model",
        "llm_daily_cost_limit",
        "guide_flows_dir",
        "guide_intents_dir",
        "guide_history_hours",
        mode="before",
    )
    @classmethod
    def _empty_is_nothing(cls, given: Any) -> Any:
        return None if isinstance(given, str) and not given.strip() else given

    @field_validator("llm_model")
    @classmethod
    def _named_with_an_address(cls, name: str | None, info: ValidationInfo) -> str | None:
        if name is None and info.data.get("llm_url") is not None:
            raise ValueError("names the model at SWITCHBOARD_LLM_URL, so it has to be set with it")
        return name

    @field_validator("llm_daily_cost_limit")
    @classmethod
    def _counted_in_prices(cls, limit: float | None, info: ValidationInfo) -> float | None:
        prices = ("llm_price_per_1k_prompt_tokens", "llm_price_per_1k_completion_tokens")
        if limit is not None and not any(info.data.get(price) for price in prices):
            raise ValueError("counts nothing without a price: set at least one of the two")
        return limit

    @property
    def is_behind_tls(self) -> bool:
        return self.public_url is not None and self.public_url.startswith("https://")

    @property
    def open_webchats(self) -> list[str]:
        """The apps of `webchat_apps`."""
        return [name.strip() for name in self.webchat_apps.split(",") if name.strip()]

    @property
    def is_postgresql(self) -> bool:
        return self.database_url is not None

    @property
    def runs_worker_inside(self) -> bool:
        if self.worker_inside == "auto":
            return not self.is_postgresql
        return self.worker_inside == "always"


def load_settings() -> Settings:
    """The settings of this process. Raises Invalid with one line per wrong setting."""
    from pydantic import ValidationError

    from switchboard.kernel.errors import Invalid

    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(
            f"SWITCHBOARD_{'_'.join(str(part) for part in each['loc']).upper()}: {each['msg']}"
            for each in error.errors(include_input=False, include_url=False)
        )
        raise Invalid(
            f"A setting is wrong. {wrong}.",
            hint="Correct the environment variable; docs/operate/settings.md lists all.",
        ) from None
