"""Clinic: a multi-tenant clinic application.

``create_app`` puts the house together: configuration, extensions, doors, rooms, answers to refusals, commands. Nothing
but the standard library is imported at the top: ``python -m clinic demo`` runs before any package is installed.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask

    from config import Settings

ROOMS = (
    "tenants",
    "accounts",
    "patients",
    "schedule",
    "booking",
    "queue",
    "outreach",
    "reports",
    "fhir",
    "demo",
)
"""The rooms from left to right: each may look left, none may look right."""

FACES = ("views", "portal", "api", "cli")


def settings() -> Settings:
    """The configuration read from the environment; raises with the list of all that is missing."""
    from config import Settings

    return Settings()


def load_models() -> None:
    """Import every table, so that the metadata is whole."""
    for room in ("core", *ROOMS):
        if find_spec(f"clinic.{room}") and find_spec(f"clinic.{room}.models"):
            import_module(f"clinic.{room}.models")


def create_app(config: Settings | None = None, **overrides: Any) -> Flask:
    """The application. *config* defaults to the environment's; *overrides* go into Flask's config (tests)."""
    from flask import Flask
    from flask_compress import Compress
    from flask_wtf import CSRFProtect
    from werkzeug.middleware.proxy_fix import ProxyFix

    from clinic.core import body, conditional, db, doors, i18n, jinja, json, log, state, static, urls

    config = config or settings()
    log.configure(config.log_level)
    app = Flask(__name__, template_folder="../templates", static_folder="../static")
    app.config.update(
        SETTINGS=config,
        ENVIRONMENT=config.environment,
        BASE_DOMAIN=config.base_domain,
        MASTER_API_KEY=config.master_api_key,
        SECRET_KEY=config.secret_key,
        SQLALCHEMY_DATABASE_URI=urls.for_sqlalchemy(str(config.database_url)),
        SQLALCHEMY_ENGINE_OPTIONS={
            "pool_size": config.pool_size,
            "max_overflow": 2,
            "pool_timeout": 10,
            # What is prepared is prepared by core.pipeline: psycopg would forget all of it, ours too, on a ROLLBACK.
            "connect_args": {"prepare_threshold": None, "application_name": "clinic"},
        },
        PREPARE_THRESHOLD=config.prepare_threshold,
        MAX_CONTENT_LENGTH=1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        # Clinics are neighbours under one domain: no page of another's may plant its own state (and token) here.
        SESSION_COOKIE_NAME="__Host-state" if config.secure else "clinic_state",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.secure,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=True,
        TEMPLATES_AUTO_RELOAD=False,
        # Pages hold a token beside what people typed; what would measure it (BREACH) needs requests with our cookie
        # from another site, and SameSite keeps the cookie at home.
        COMPRESS_ALGORITHM=["br", "gzip"],
        COMPRESS_BR_LEVEL=4,
        COMPRESS_LEVEL=5,
        COMPRESS_MIN_SIZE=1024,
    )
    app.config.update(overrides)
    app.json = json.OrjsonProvider(app)
    app.session_interface = state.StateOfPages()
    app.ensure_sync = lambda func: func  # type: ignore[method-assign]  # no view is async: nothing to look for
    static.install(app)
    if config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.trusted_proxies, x_proto=1, x_host=1)  # type: ignore[method-assign]

    load_models()
    db.db.init_app(app)
    db.migrate.init_app(app, db.db, directory="migrations")
    app.after_request(body.thrown_away)
    app.after_request(conditional.unmarked)  # hung before the compressing, it comes after it
    Compress(app)
    csrf = CSRFProtect()
    doors.install(app)
    csrf.init_app(app)
    i18n.init(app)
    jinja.init(app)
    hang_rooms(app, csrf)
    return app


def faces() -> Iterator[str]:
    """Every face of every room: ``views``, ``portal``, ``api``, ``cli``, and their kin (``api_slots``)."""
    for room in ("core", *ROOMS):
        package = find_spec(f"clinic.{room}")
        for module in iter_modules(package.submodule_search_locations if package else None):
            if package and (
                module.name.split("_")[0] in FACES if room != "core" else module.name.endswith("_face")
            ):
                yield f"clinic.{room}.{module.name}"


def hang_rooms(app: Flask, csrf: Any) -> None:
    """Hang every face: its blueprints (a JSON one is exempt from CSRF), and its commands by ``register(app)``."""
    from flask import Blueprint

    from clinic.core.api import ApiBlueprint

    for name in faces():
        module = import_module(name)
        for blueprint in vars(module).values():
            if isinstance(blueprint, Blueprint) and blueprint.import_name == name:
                app.register_blueprint(blueprint)
                if isinstance(blueprint, ApiBlueprint):
                    csrf.exempt(blueprint)
        register = getattr(module, "register", None)
        if callable(register) and register.__module__ == name:
            register(app)
