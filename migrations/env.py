"""Migrations run as the migrator, in the owner's name, with limits: one that cannot get its lock gives up."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine, pool

import clinic
import clinic.core.urls
from clinic.core.db import Base

config = context.config
clinic.load_models()


def run() -> None:
    url = config.get_main_option("sqlalchemy.url") or clinic.settings().migration_database_url
    engine = create_engine(clinic.core.urls.for_sqlalchemy(str(url)), poolclass=pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("SET lock_timeout = '5s'")
        connection.exec_driver_sql("SET statement_timeout = '15min'")
        connection.exec_driver_sql("SET ROLE clinic_owner")
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            transaction_per_migration=True,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
