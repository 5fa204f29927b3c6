"""Clinic: a multi-tenant clinic application.

``create_app`` puts the house together: configuration, extensions, doors, rooms, answers to refusals, commands. Nothing
but the standard library is imported at the top: ``python -m clinic demo`` runs before any package is installed.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from config import Settings
    from flask import Flask

ROOMS = ("tenants", "accounts", "patients", "schedule", "booking", "queue", "outreach", "reports", "fhir", "demo")
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
    from flask_wtf import CSRFProtect
    from werkzeug.middleware.proxy_fix import ProxyFix

    from clinic.core import db, doors, jinja, json, log, urls

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
            "pool_pre_ping": True,
            "pool_timeout": 10,
            "connect_args": {"prepare_threshold": config.prepare_threshold, "application_name": "clinic"},
        },
        MAX_CONTENT_LENGTH=1024 * 1024,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        SESSION_COOKIE_NAME="clinic_state",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.environment == "production",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=True,
        TEMPLATES_AUTO_RELOAD=False,
    )
    app.config.update(overrides)
    app.json = json.Provider(app)
    app.url_map.strict_slashes = False
    if config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.trusted_proxies, x_proto=1, x_host=1)  # type: ignore[method-assign]

    load_models()
    db.db.init_app(app)
    db.migrate.init_app(app, db.db, directory="migrations")
    csrf = CSRFProtect()
    doors.install(app)
    csrf.init_app(app)
    jinja.install(app)
    hang_rooms(app, csrf)
    return app


def hang_rooms(app: Flask, csrf: Any) -> None:
    """Hang every room's faces: blueprints named ``bp`` (a JSON one is exempt from CSRF), commands with ``register``."""
    from flask import Blueprint

    for room in ("core", *ROOMS):
        for face in FACES:
            name = f"clinic.{room}.{face}_face" if room == "core" else f"clinic.{room}.{face}"
            if not find_spec(f"clinic.{room}") or not find_spec(name):
                continue
            module = import_module(name)
            for blueprint in (found for found in vars(module).values() if isinstance(found, Blueprint)):
                if blueprint.import_name != name:
                    continue
                app.register_blueprint(blueprint)
                if getattr(blueprint, "door", "") == "api":
                    csrf.exempt(blueprint)
            if hasattr(module, "register"):
                module.register(app)
