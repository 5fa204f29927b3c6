"""Requests that nobody has approved yet are found without looking through all visits."""

from clinic.core.migrating import run

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run("CREATE INDEX appointment_to_approve ON appointment (tenant_id, date) WHERE status = 'pending'")


def downgrade() -> None:
    run("DROP INDEX appointment_to_approve")
