"""A clinic's schema keeps the order in which it names its fields: forms show them so, and jsonb sorts."""

from clinic.core.migrating import run

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run("ALTER TABLE custom_field_schema ALTER COLUMN schema TYPE json")


def downgrade() -> None:
    run("ALTER TABLE custom_field_schema ALTER COLUMN schema TYPE jsonb")
