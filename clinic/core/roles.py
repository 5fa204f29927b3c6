"""The database's five roles (RULES §1.5, §1.8), the database, and who may do what in it before any table exists.

====================  ====================================================================================
``clinic_owner``      NOLOGIN. Owns the database, its schemas and every table.
``clinic_migrator``   Signs in. Becomes the owner for DDL (``SET ROLE``), and changes data as itself, past row-level
                      security, after ``RESET ROLE``. Becomes the resolver to make functions in its name.
``clinic_app``        Signs in. Owns nothing, is member of nothing, is held by row-level security.
``clinic_backup``     Signs in. Reads everything, writes nothing.
``clinic_resolver``   NOLOGIN. In its name run the few functions that find out which clinic a caller belongs to.
====================  ====================================================================================

The SQL is the same whether we run it (the demo, the tests) or a database administrator does
(``python -m clinic roles``), works on PostgreSQL 15 to 18 and may be run again at any time. Memberships are usable by
``SET ROLE`` alone: NOINHERIT on the member says so in every version.

A function of the resolver's is made like this in a migration: as owner ``GRANT CREATE ON SCHEMA public TO
clinic_resolver``, then ``SET ROLE clinic_resolver`` and ``CREATE FUNCTION``, then as owner revoke the grant.
"""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

OWNER, MIGRATOR, APP = "clinic_owner", "clinic_migrator", "clinic_app"
BACKUP, RESOLVER = "clinic_backup", "clinic_resolver"

ATTRIBUTES = {
    OWNER: "NOLOGIN NOINHERIT NOBYPASSRLS",
    RESOLVER: "NOLOGIN NOINHERIT NOBYPASSRLS",
    MIGRATOR: "LOGIN NOINHERIT BYPASSRLS",
    APP: "LOGIN NOINHERIT NOBYPASSRLS",
    BACKUP: "LOGIN INHERIT BYPASSRLS",
}
SIGN_IN = (MIGRATOR, APP, BACKUP)
EXTENSIONS = ("btree_gist", "pg_trgm", "unaccent")
JOBS = "jobs"
"""The schema of the job library's own tables."""


def ensure_roles(superuser_conninfo: str, passwords: Mapping[str, str]) -> None:
    """Make the five roles, or bring them to what they must be. *passwords* has one for each role that signs in.

    Raises ``ValueError`` when a password is missing, and what psycopg raises.
    """
    if missing := [role for role in SIGN_IN if not passwords.get(role)]:
        raise ValueError(f"no password for {', '.join(missing)}")
    with psycopg.connect(superuser_conninfo, autocommit=True) as connection:
        for statement in role_statements():
            connection.execute(sql.SQL(statement))
        for role in SIGN_IN:
            # Encrypted here, so that no server log and no statistics view ever holds the password itself.
            encrypted = connection.pgconn.encrypt_password(
                passwords[role].encode(), role.encode(), b"scram-sha-256"
            )
            connection.execute(
                sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                    sql.Identifier(role), sql.Literal(encrypted.decode())
                )
            )


def create_database(superuser_conninfo: str, name: str, *, template: str | None = None) -> None:
    """Make the database *name* with its schemas, extensions and rights, if it is not there; else check the rights.

    With *template* (a database made by this function) it is a copy of that, made as fast as the server can.
    """
    with psycopg.connect(superuser_conninfo, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            create_empty(superuser_conninfo, name, template=template)
        for statement in database_statements():
            connection.execute(sql.SQL(statement).format(database=sql.Identifier(name)))
    if template is None:
        with psycopg.connect(make_conninfo(superuser_conninfo, dbname=name), autocommit=True) as connection:
            for statement in schema_statements():
                connection.execute(sql.SQL(statement))


def create_empty(superuser_conninfo: str, name: str, *, template: str | None = None) -> None:
    """Make the database *name* with nothing in it (or what *template* has). Raises ``DuplicateDatabase``."""
    with psycopg.connect(superuser_conninfo, autocommit=True) as connection:
        origin: sql.Composable = sql.SQL(locale_clause(connection.info.server_version))
        if template is not None:
            origin = sql.SQL("TEMPLATE {} STRATEGY file_copy").format(sql.Identifier(template))
        making = sql.SQL("CREATE DATABASE {} OWNER {} {}")
        connection.execute(making.format(sql.Identifier(name), sql.Identifier(OWNER), origin))


def drop_database(superuser_conninfo: str, name: str) -> None:
    """Remove the database *name* and whoever is connected to it, if it is there."""
    with psycopg.connect(superuser_conninfo, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def locale_clause(server_version: int) -> str:
    """Unicode rules that come with the server where it has them: the same order and case on every machine."""
    if server_version >= 180000:
        return "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'PG_UNICODE_FAST'"
    if server_version >= 170000:
        return "TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
    return "TEMPLATE template0 ENCODING 'UTF8'"


def role_statements() -> list[str]:
    """What makes the roles and their memberships, in the whole server."""
    made = [
        f"DO $$ BEGIN CREATE ROLE {role}; EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        for role in ATTRIBUTES
    ]
    shaped = [
        f"ALTER ROLE {role} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION {attributes}"
        for role, attributes in ATTRIBUTES.items()
    ]
    return [
        *made,
        *shaped,
        f"GRANT {OWNER}, {RESOLVER} TO {MIGRATOR}",
        f"GRANT pg_read_all_data TO {BACKUP}",
        f"ALTER ROLE {BACKUP} SET default_transaction_read_only = on",
        # Every statement of ours is short: compiling one takes longer than running it.
        f"ALTER ROLE {APP} SET jit = off",
        # What is asked often is in memory, and no disk of today seeks: one row by its key is nearly as cheap as the
        # next one. With the default of 4 the planner rather reads all that a large clinic has.
        f"ALTER ROLE {APP} SET random_page_cost = 1.1",
    ]


def database_statements() -> list[str]:
    """Who may enter the database, ``{database}``. Only the owner, whom the migrator becomes, has temporary tables."""
    return [
        f"ALTER DATABASE {{database}} OWNER TO {OWNER}",
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {{database}} TO {', '.join(SIGN_IN)}",
    ]


def schema_statements() -> list[str]:
    """What is in the database before its first table: run inside it."""
    return [
        *(f"CREATE EXTENSION IF NOT EXISTS {name} WITH SCHEMA public" for name in EXTENSIONS),
        f"ALTER SCHEMA public OWNER TO {OWNER}",
        f"CREATE SCHEMA IF NOT EXISTS {JOBS} AUTHORIZATION {OWNER}",
        f"REVOKE ALL ON SCHEMA public, {JOBS} FROM PUBLIC",
        f"GRANT USAGE ON SCHEMA public, {JOBS} TO {MIGRATOR}, {APP}",
        f"GRANT USAGE ON SCHEMA public TO {RESOLVER}",
        # The data steps of a migration run as the migrator itself, which inherits nothing from the owner.
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {MIGRATOR}",
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {MIGRATOR}",
    ]


def script(database: str = "clinic") -> str:
    """All of it for ``psql``, to be run by a superuser. Passwords are variables of psql's, never part of the text."""
    usage = " ".join(f"-v {role}=…" for role in SIGN_IN)
    lines = [
        "-- The roles and the database of the clinic application, for a superuser. It may be run again at any time.",
        f"--   psql -X -v ON_ERROR_STOP=1 {usage} -f roles.sql postgres",
        "-- Each role that signs in has a password of its own, and no role has one that stands in a file.",
        *(f"{statement};" for statement in role_statements()),
        *(f"ALTER ROLE {role} PASSWORD :'{role}';" for role in SIGN_IN),
        f"SELECT 'CREATE DATABASE {database} OWNER {OWNER} TEMPLATE template0 ENCODING ''UTF8'''",
        f"  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec",
        *(f"{statement.format(database=database)};" for statement in database_statements()),
        f"\\connect {database}",
        *(f"{statement};" for statement in schema_statements()),
    ]
    return "\n".join(lines) + "\n"
