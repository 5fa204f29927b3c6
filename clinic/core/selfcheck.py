"""What the application checks about itself before it serves: that row-level security can hold it (RULES §1.5).

A role that is superuser, that owns the tables, belongs to their owner or bypasses row-level security sees every
clinic's rows. Then nothing is served at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine

ROLE = """
SELECT current_user::text AS name, r.rolsuper, r.rolbypassrls, r.rolcreaterole,
       session_user <> current_user AS disguised,
       array(SELECT m.rolname::text FROM pg_roles m
              WHERE m.oid <> r.oid AND pg_has_role(r.oid, m.oid, 'MEMBER') ORDER BY 1) AS member_of
  FROM pg_roles r WHERE r.rolname = current_user
"""
TABLES = """
SELECT c.relname::text AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
       pg_has_role(current_user, c.relowner, 'MEMBER') AS owned,
       has_table_privilege(current_user, c.oid, 'TRUNCATE') AS may_truncate,
       EXISTS (SELECT FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS of_a_clinic
  FROM pg_class c
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
 ORDER BY c.relname
"""


class Unsafe(RuntimeError):
    """The application may not serve in this role on this database; says everything that is wrong."""

    def __init__(self, wrong: list[str]) -> None:
        super().__init__("The application refuses to serve:\n" + "\n".join(f"- {line}" for line in wrong))
        self.wrong = wrong


def check(engine: Engine) -> None:
    """Raise ``Unsafe``, naming all that is wrong with the role and the tables that *engine* reaches."""
    with engine.connect() as connection:
        role = connection.exec_driver_sql(ROLE).one()
        tables = connection.exec_driver_sql(TABLES).all()
        connection.rollback()
    wrong = wrong_with_the_role(role)
    if not role.rolsuper:  # whom everything belongs to anyway
        wrong += wrong_with_the_tables(role.name, tables)
    if wrong:
        raise Unsafe(wrong)


def wrong_with_the_role(role: Any) -> list[str]:
    wrong = []
    if role.rolsuper:
        wrong.append(f"{role.name} is a superuser: no policy binds it. Connect as clinic_app.")
    if role.rolbypassrls:
        wrong.append(f"{role.name} has BYPASSRLS: no policy binds it. Connect as clinic_app.")
    if role.rolcreaterole:
        wrong.append(f"{role.name} may create roles, and so become any.")
    if role.disguised:
        wrong.append(f"{role.name} was entered by SET ROLE; it can be left again.")
    if role.member_of and not role.rolsuper:
        wrong.append(
            f"{role.name} is a member of {', '.join(role.member_of)}; it must be a member of nothing."
        )
    return wrong


def wrong_with_the_tables(role: str, tables: Sequence[Any]) -> list[str]:
    wrong = []
    if not any(table.of_a_clinic for table in tables):
        wrong.append("there are no tables yet: run the migrations first.")
    for table in tables:
        if table.of_a_clinic and not table.enabled:
            wrong.append(f"row-level security is not enabled on {table.name}.")
        elif table.of_a_clinic and not table.forced:
            wrong.append(f"row-level security is not forced on {table.name}.")
        if table.owned:
            wrong.append(f"{role} owns {table.name}, or belongs to its owner.")
        elif table.may_truncate:
            wrong.append(f"{role} may TRUNCATE {table.name}, which no policy binds.")
    return wrong
