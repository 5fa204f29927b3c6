"""What the database itself says about tenancy: every table, key, policy, grant and function (RULES §1)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

GLOBAL = {"tenant", "lookup_value", "rate_window", "heartbeat", "alembic_version"}
"""The few tables that belong to no clinic. None points at a clinic's table."""

APPEND_ONLY = {"audit_event", "audit_seal", "queue_transition", "visit_note"}
OURS = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)"


@pytest.fixture
def catalogue(app: Any, superuser: str) -> Iterator[Any]:
    with psycopg.connect(superuser) as connection:

        def ask(sql: str, *params: Any) -> list[Any]:
            return connection.execute(sql, params).fetchall()

        yield ask


@pytest.fixture
def tables(catalogue: Any) -> set[str]:
    return {name for (name,) in catalogue("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}


def test_every_table_is_a_clinics_or_on_the_list(catalogue, tables):
    owned = {
        name
        for (name,) in catalogue(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND column_name = 'tenant_id' AND data_type = 'uuid' AND is_nullable = 'NO'"
        )
    }
    assert tables - owned == GLOBAL
    assert len(owned) > 30


def test_row_level_security_is_on_and_forced_with_one_policy_for_the_application(catalogue, tables):
    rows = catalogue(
        "SELECT relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    )
    for name, enabled, forced, owner in rows:
        assert owner == "clinic_owner", name
        assert (enabled, forced) == ((False, False) if name in GLOBAL else (True, True)), name
    policies = catalogue("SELECT tablename, roles, cmd, qual, with_check, permissive FROM pg_policies")
    for_app = {table: rest for table, roles, *rest in policies if roles == ["clinic_app"]}
    assert set(for_app) == tables - GLOBAL
    assert {tuple(rest) for rest in for_app.values()} == {("ALL", OURS, OURS, "PERMISSIVE")}
    others = {(tuple(roles), cmd, qual) for _, roles, cmd, qual, *_ in policies if roles != ["clinic_app"]}
    assert others == {(("clinic_resolver",), "SELECT", "true")}


def test_every_key_begins_with_the_clinic(catalogue, tables):
    keys = catalogue(
        "SELECT c.conrelid::regclass::text, c.conname, c.contype,"
        " (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k (num, n)"
        "   JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num)::text[]"
        " FROM pg_constraint c WHERE c.connamespace = 'public'::regnamespace AND c.contype IN ('p', 'u', 'x')"
    )
    for table, name, kind, columns in keys:
        if table not in GLOBAL:
            assert columns[0] == "tenant_id", f"{name} ({kind})"
    unique = catalogue(
        "SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, a.attname FROM pg_index i"
        " JOIN pg_class t ON t.oid = i.indrelid AND t.relnamespace = 'public'::regnamespace"
        " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indisunique"
    )
    assert {index for table, index, first in unique if table not in GLOBAL and first != "tenant_id"} == set()


def test_every_foreign_key_carries_the_clinic_and_sets_nothing_null(catalogue):
    keys = catalogue(
        "SELECT c.conname, c.conrelid::regclass::text, c.confrelid::regclass::text, c.confdeltype,"
        " (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(c.conkey) WITH ORDINALITY k (num, n)"
        "   JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.num)::text[],"
        " (SELECT array_agg(a.attname ORDER BY k.n) FROM unnest(c.confkey) WITH ORDINALITY k (num, n)"
        "   JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.num)::text[]"
        " FROM pg_constraint c WHERE c.connamespace = 'public'::regnamespace AND c.contype = 'f'"
    )
    assert len(keys) > 20
    for name, table, _, deleting, columns, referred in keys:
        assert table not in GLOBAL, name
        assert (columns[0], referred[0]) == ("tenant_id", "tenant_id"), name
        assert len(columns) == len(referred) == 2, name
        assert deleting == "a", name


def test_the_application_has_the_rights_it_needs_and_no_more(catalogue, tables):
    grants = catalogue(
        "SELECT table_name, privilege_type FROM information_schema.role_table_grants"
        " WHERE grantee = 'clinic_app' AND table_schema = 'public'"
    )
    rights: dict[str, set[str]] = {}
    for table, right in grants:
        rights.setdefault(table, set()).add(right)
    assert set(rights) == tables
    for table, held in rights.items():
        assert held <= {"SELECT", "INSERT", "UPDATE", "DELETE"}, table
        if table in APPEND_ONLY:
            assert held == {"SELECT", "INSERT"}, table
    assert rights["alembic_version"] == {"SELECT"}
    others = catalogue(
        "SELECT DISTINCT grantee FROM information_schema.role_table_grants WHERE table_schema = 'public'"
        " AND grantee NOT IN ('clinic_owner', 'clinic_app', 'clinic_resolver', 'clinic_migrator')"
    )
    assert others == []


def test_the_roles_are_what_they_must_be(catalogue):
    roles = {
        name: rest
        for name, *rest in catalogue(
            "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls FROM pg_roles WHERE starts_with(rolname, 'clinic')"
        )
    }
    assert roles == {
        "clinic_owner": [False, False, False],
        "clinic_migrator": [True, False, True],
        "clinic_app": [True, False, False],
        "clinic_backup": [True, False, True],
        "clinic_resolver": [False, False, False],
    }
    members = catalogue(
        "SELECT m.rolname, g.rolname FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member"
        " JOIN pg_roles g ON g.oid = a.roleid WHERE starts_with(m.rolname, 'clinic')"
    )
    assert {group for member, group in members if member == "clinic_app"} == set()


def test_functions_that_see_more_are_the_resolvers_and_fix_their_path(catalogue):
    definers = catalogue(
        "SELECT proname, pg_get_userbyid(proowner), array_to_string(proconfig, ';') FROM pg_proc"
        " WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    )
    assert {name for name, *_ in definers} == {"enter", "due_work"}
    for name, owner, config in definers:
        assert owner == "clinic_resolver", name
        assert config == "search_path=pg_catalog, public, pg_temp", name


def test_no_triggers_no_materialised_views_no_serials(catalogue):
    assert (
        catalogue(
            "SELECT tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT tgisinternal AND c.relnamespace = 'public'::regnamespace"
        )
        == []
    )
    assert catalogue("SELECT matviewname FROM pg_matviews WHERE schemaname = 'public'") == []
    assert catalogue("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'") == []


def test_the_models_say_what_the_migrations_made(server, database):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from sqlalchemy import create_engine

    import clinic
    from clinic.core import urls
    from clinic.core.db import Base

    clinic.load_models()
    engine = create_engine(urls.for_sqlalchemy(server["migrator"].format(database)))
    # SQLAlchemy has no type for transaction ids; ours compares by its name.
    with engine.connect() as connection, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Did not recognize type 'xid8'")
        context = MigrationContext.configure(
            connection, opts={"include_object": lambda *o: not (o[2] == "table" and o[1].startswith("kept"))}
        )
        assert [str(each) for each in compare_metadata(context, Base.metadata)] == []
    engine.dispose()


@pytest.mark.slow
def test_every_migration_goes_down_and_up_again(server):
    from clinic.core import migrate, roles

    roles.create_database(server["superuser"], "clinic_updown")
    url = server["migrator"].format("clinic_updown")
    migrate.upgrade(url)
    migrate.downgrade(url, "base")
    with psycopg.connect(server["superuser"].rsplit("/", 1)[0] + "/clinic_updown") as connection:
        left = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'jobs'::regnamespace)"
            " AND relkind IN ('r', 'v', 'S') AND relname <> 'alembic_version'"
        ).fetchall()
        functions = connection.execute(
            "SELECT proname FROM pg_proc p WHERE pronamespace = 'public'::regnamespace"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        ).fetchall()
    assert (left, functions) == ([], [])
    migrate.upgrade(url)
    roles.drop_database(server["superuser"], "clinic_updown")
