"""The job library's own tables, in a schema of their own: the one place with triggers and serials (RULES §1.10).

Its arguments are ids only, so no clinic's data stands here and no row-level security is needed.
"""

from procrastinate.schema import SchemaManager

from clinic.core.migrating import APP, run

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run("SET LOCAL search_path = jobs, pg_catalog")
    run(SchemaManager.get_schema())
    run("SET LOCAL search_path = public")
    run(f"GRANT USAGE ON SCHEMA jobs TO {APP}")
    run(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO {APP}")
    run(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO {APP}")
    run(f"GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs TO {APP}")


def downgrade() -> None:
    run("DROP SCHEMA jobs CASCADE")
    run("CREATE SCHEMA jobs")
