"""The configuration: what it takes, what it refuses, and that its example says the same."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path

import pytest

from config import MigrationSettings, Misconfigured, Settings

EXAMPLE = Path(__file__).parents[1] / ".env.example"

# Made from words of our own: test names hold them, and every worker must collect the same names.
KEY, OTHER_KEY = (sha256(word).hexdigest() for word in (b"one test key", b"another test key"))
DATABASE = f"postgresql://clinic_app:{KEY[:16]}@db.example/clinic"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of ours from the machine that runs the tests."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setitem(Settings.model_config, "env_file", None)
    monkeypatch.setitem(MigrationSettings.model_config, "env_file", None)


def given(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name.upper(), value)


def example() -> dict[str, str]:
    return dict(re.findall(r"^#?([A-Z][A-Z_]+)=(.*)$", EXAMPLE.read_text("utf-8"), flags=re.MULTILINE))


def test_the_example_names_every_variable_and_no_other() -> None:
    assert set(example()) == {name.upper() for name in Settings.model_fields}


def test_the_example_shows_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Settings()
    given(monkeypatch, **example())
    assert Settings() == plain


def test_the_example_explains_every_variable() -> None:
    blocks = EXAMPLE.read_text("utf-8").split("\n\n")
    assert [
        block for block in blocks if re.search(r"^#?[A-Z_]+=", block) and not block.startswith("# ")
    ] == []


def test_production_lists_all_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, environment="production")
    with pytest.raises(Misconfigured) as refused:
        Settings()
    assert [line.partition(" ")[0] for line in refused.value.problems] == [
        "SECRET_KEY", "MASTER_API_KEY", "DATABASE_URL", "BASE_DOMAIN",
    ]  # fmt: skip
    assert all(line in str(refused.value) for line in refused.value.problems)


def test_production_starts_with_its_secrets_and_needs_no_migrator(monkeypatch: pytest.MonkeyPatch) -> None:
    given(
        monkeypatch,
        environment="production", secret_key=KEY, master_api_key=OTHER_KEY,
        database_url=DATABASE, base_domain="clinic.example",
    )  # fmt: skip
    assert Settings().url_of("north") == "https://north.clinic.example"


def test_migrations_need_the_migrator_and_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, environment="production")
    with pytest.raises(Misconfigured, match="MIGRATION_DATABASE_URL is missing") as refused:
        MigrationSettings()
    assert len(refused.value.problems) == 1
    given(monkeypatch, migration_database_url=DATABASE)
    assert MigrationSettings().migration_database_url == DATABASE


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("secret_key", "short", "SECRET_KEY is too weak"),
        ("secret_key", "x" * 64, "SECRET_KEY is too weak"),
        ("master_api_key", "please-change-me-please-change-me-now", "MASTER_API_KEY is too weak"),
        ("master_api_key", KEY, "must differ"),
        ("database_url", "postgresql://clinic_app:clinic@db/clinic", "DATABASE_URL has a password"),
        ("database_url", "postgresql://clinic_application:Clinic_Application@db/clinic", "DATABASE_URL has a password"),
        ("base_domain", "localhost", "BASE_DOMAIN is still the demo's"),
        ("port", "eighty", "PORT: "),
        ("database_url", "mysql://db/clinic", "DATABASE_URL: .*postgresql://"),
        ("pool_size", "2", "POOL_SIZE"),
    ],
)  # fmt: skip
def test_production_refuses_what_anybody_would_guess(
    variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given(
        monkeypatch,
        environment="production", secret_key=KEY, master_api_key=OTHER_KEY,
        database_url=DATABASE, base_domain="clinic.example",
    )  # fmt: skip
    Settings()
    given(monkeypatch, **{variable: value})
    with pytest.raises(Misconfigured, match=said) as refused:
        Settings()
    assert len(refused.value.problems) == 1


def test_what_is_malformed_and_what_is_missing_come_in_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, environment="production", port="eighty", workers="0")
    with pytest.raises(Misconfigured) as refused:
        Settings()
    assert len(refused.value.problems) == 6


def test_no_secret_is_shown_by_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, secret_key=KEY, master_api_key=OTHER_KEY, database_url=DATABASE)
    assert not any(secret in repr(Settings()) for secret in (KEY, OTHER_KEY, DATABASE))
    given(monkeypatch, database_url=f"mysql://{KEY}")
    with pytest.raises(Misconfigured) as refused:
        Settings()
    assert KEY not in str(refused.value)


@pytest.mark.parametrize("spelling", ["postgresql://", "postgres://", "postgresql+psycopg://"])
def test_a_database_is_known_by_any_of_its_spellings(spelling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, database_url=f"{spelling}db/clinic")
    assert Settings().database_url == "postgresql://db/clinic"


def test_words_for_on_and_off_are_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    given(
        monkeypatch, rate_limits="off", prepare_threshold="off", trusted_proxies="none", log_level="warning"
    )
    told = Settings()
    assert (told.rate_limits, told.prepare_threshold) == (False, None)
    assert (told.trusted_proxies, told.log_level) == (0, "WARNING")


def test_an_empty_variable_counts_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    given(monkeypatch, port="", database_url="")
    assert (Settings().port, Settings().database_url) == (8000, None)


def test_the_demo_lives_at_localhost() -> None:
    assert Settings().url_of("north") == "http://north.localhost:8000"
