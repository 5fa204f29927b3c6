"""What the application is told from outside: one class, read from the environment and from an ``.env`` file.

In production it refuses to start before everything that must be secret or decided is there, and lists all that is
wrong in one go. The demo makes its own secrets (``clinic.demo.launcher``); there is no default secret anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import unquote, urlsplit

from pydantic import BeforeValidator, Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent

SECRET_LENGTH = 32  # characters; `python -c "import secrets; print(secrets.token_urlsafe(32))"` makes 43


class Misconfigured(Exception):
    """The configuration cannot be used; ``problems`` holds every reason, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n  - ".join(["The configuration is not complete:", *problems]))


def _upper(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else value


def _off_is_none(value: Any) -> Any:
    return None if isinstance(value, str) and value.lower() in {"off", "none"} else value


def _none_is_zero(value: Any) -> Any:
    return 0 if isinstance(value, str) and value.lower() in {"off", "none"} else value


def _conninfo(value: Any) -> Any:
    """A URL as libpq takes it, whichever of its common spellings was given."""
    if not isinstance(value, str):
        return value
    scheme, separator, rest = value.partition("://")
    if not separator or scheme.partition("+")[0] not in {"postgresql", "postgres"}:
        raise ValueError("must begin with postgresql://")
    return f"postgresql://{rest}"


Conninfo = Annotated[str, BeforeValidator(_conninfo)]
Level = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)]


class Settings(BaseSettings):
    """Every variable that the application reads. ``.env.example`` explains them for people.

    Raises ``Misconfigured`` with all that is missing, weak or malformed.
    """

    model_config = SettingsConfigDict(
        env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    environment: Literal["demo", "test", "production"] = "demo"
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    base_domain: str = Field("localhost", min_length=1)
    data_dir: Path = Path(".data")
    log_level: Level = "INFO"

    workers: int = Field(2, ge=1, le=64)
    threads: int = Field(4, ge=1, le=64)
    pool_size: int = Field(8, ge=1, le=100)
    prepare_threshold: Annotated[int | None, BeforeValidator(_off_is_none)] = Field(5, ge=0)
    database_url: Conninfo | None = Field(None, repr=False)
    migration_database_url: Conninfo | None = Field(None, repr=False)
    backup_database_url: Conninfo | None = Field(None, repr=False)

    secret_key: str | None = Field(None, repr=False)
    master_api_key: str | None = Field(None, repr=False)
    rate_limits: bool = True
    trusted_proxies: Annotated[int, BeforeValidator(_none_is_zero)] = Field(0, ge=0, le=8)

    max_appointments_per_doctor_per_day: int = Field(10, ge=1)

    required_in_production: ClassVar[tuple[str, ...]] = (
        "secret_key",
        "master_api_key",
        "database_url",
        "base_domain",
    )

    @model_validator(mode="wrap")
    @classmethod
    def _is_complete(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        problems: list[str] = []
        settings: Self | None = None
        try:
            settings = handler(data)
        except ValidationError as error:
            problems += [
                ": ".join([*(str(place).upper() for place in item["loc"]), item["msg"]])
                for item in error.errors(include_url=False, include_input=False, include_context=False)
            ]
        if isinstance(data, Mapping) and data.get("environment") == "production":
            problems += cls._unfit_for_production(data)
        if settings is not None and settings.pool_size < settings.threads:
            problems.append("POOL_SIZE is smaller than THREADS: a thread would wait for a connection")
        if problems or settings is None:
            raise Misconfigured(problems)
        return settings

    @classmethod
    def _unfit_for_production(cls, given: Mapping[str, Any]) -> list[str]:
        """What production does not accept: nothing at all, or what the demo or a guesser would use."""
        problems = []
        for name in cls.required_in_production:
            value = given.get(name)
            if not value:
                problems.append(f"{name.upper()} is missing")
            elif name.endswith("_key") and _is_weak(str(value)):
                problems.append(f"{name.upper()} is too weak: use at least {SECRET_LENGTH} random characters")
            elif name.endswith("_url") and _has_guessable_password(str(value)):
                problems.append(f"{name.upper()} has a password that anybody would guess")
            elif name == "base_domain" and str(value) == cls.model_fields[name].default:
                problems.append("BASE_DOMAIN is still the demo's: clinics need a domain of their own")
        if given.get("secret_key") and given.get("secret_key") == given.get("master_api_key"):
            problems.append("SECRET_KEY and MASTER_API_KEY must differ")
        return problems

    @property
    def secure(self) -> bool:
        """Whether people reach the clinics by https: in production always, at home never."""
        return self.environment == "production"

    @property
    def base_url(self) -> str:
        """The platform's own address, without a trailing slash."""
        return f"https://{self.base_domain}" if self.secure else f"http://{self.base_domain}:{self.port}"

    def url_of(self, slug: str) -> str:
        """The address of the clinic called *slug*, without a trailing slash."""
        scheme, _, rest = self.base_url.partition("://")
        return f"{scheme}://{slug}.{rest}"

    @property
    def mail_dir(self) -> Path:
        """Where the demo's mail lands as ``.eml`` files."""
        return self.data_dir / "mail"


class MigrationSettings(Settings):
    """For commands that change the schema: they need the migrator's address and none of the application's secrets."""

    required_in_production: ClassVar[tuple[str, ...]] = ("migration_database_url",)


class BackupSettings(Settings):
    """For ``backup``, which reads everything and changes nothing."""

    required_in_production: ClassVar[tuple[str, ...]] = ("backup_database_url",)


def _is_weak(secret: str) -> bool:
    return len(secret) < SECRET_LENGTH or len(set(secret)) < 12 or "change" in secret.lower()


def _has_guessable_password(url: str) -> bool:
    """Whether the URL carries a password that is a word everybody tries. None at all may be a certificate's work."""
    try:
        parts = urlsplit(url)
        password = unquote(parts.password or "").lower()
    except ValueError:
        return False
    return bool(password) and (len(password) < 12 or password == (parts.username or "").lower())
