"""One spelling of database addresses in the environment, two in the libraries."""

from __future__ import annotations


def for_sqlalchemy(url: str) -> str:
    """``postgresql://…`` as SQLAlchemy wants it: with the driver's name."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1).replace(
        "postgres://", "postgresql+psycopg://", 1
    )


def for_psycopg(url: str) -> str:
    """The address as libpq wants it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)
