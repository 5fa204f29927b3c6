"""Words for migrations: what every table of a clinic needs besides its columns (RULES §1).

A migration runs as the migrator in the owner's name (``SET ROLE``). Data steps go between ``RESET ROLE`` and
``SET ROLE clinic_owner``: under FORCE the owner's own UPDATE silently touches no row.
"""

from __future__ import annotations

from alembic import op

OWNER, APP, RESOLVER = "clinic_owner", "clinic_app", "clinic_resolver"
OURS = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid"
EVERYTHING = "SELECT, INSERT, UPDATE, DELETE"


def run(sql: str) -> None:
    """Run one statement as it stands (colons are no parameters)."""
    op.get_bind().exec_driver_sql(sql.replace("%", "%%"))


def protect(table: str, rights: str = EVERYTHING) -> None:
    """Row-level security, forced, with one policy for the application's role, and its rights on the table."""
    run(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    run(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    run(f"CREATE POLICY {table}_of_the_clinic ON {table} TO {APP} USING ({OURS}) WITH CHECK ({OURS})")
    run(f"GRANT {rights} ON {table} TO {APP}")


def share(table: str, rights: str = EVERYTHING) -> None:
    """A global table: no clinic's rows, on the list that a test reads."""
    run(f"GRANT {rights} ON {table} TO {APP}")


def resolve(table: str) -> None:
    """Let the resolver's functions look up ids here before the clinic is known (RULES §1.8)."""
    run(f"GRANT SELECT ON {table} TO {RESOLVER}")
    run(f"CREATE POLICY {table}_resolved ON {table} FOR SELECT TO {RESOLVER} USING (true)")


def drop(*tables: str) -> None:
    """Take tables away, last first."""
    for table in reversed(tables):
        run(f"DROP TABLE {table}")
