"""Visits that repeat."""

from clinic.core.migrating import drop, protect, run

revision = "0013"
down_revision = "0012"

KEYS = ("patient", "doctor", "location", "service")


def upgrade() -> None:
    run(
        """
        CREATE TABLE appointment_series (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            patient_id UUID NOT NULL,
            doctor_id UUID NOT NULL,
            location_id UUID,
            service_id UUID,
            starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
            timezone TEXT NOT NULL,
            rrule TEXT NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            created_by TEXT NOT NULL,
            CONSTRAINT appointment_series_pkey PRIMARY KEY (tenant_id, id)
        )
        """
    )
    for table in KEYS:
        run(
            f"ALTER TABLE appointment_series ADD CONSTRAINT appointment_series_of_{table}"
            f" FOREIGN KEY (tenant_id, {table}_id) REFERENCES {table} (tenant_id, id)"
        )
    run(
        "ALTER TABLE appointment ADD CONSTRAINT appointment_of_appointment_series"
        " FOREIGN KEY (tenant_id, series_id) REFERENCES appointment_series (tenant_id, id)"
    )
    protect("appointment_series", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    run("ALTER TABLE appointment DROP CONSTRAINT appointment_of_appointment_series")
    drop("appointment_series")
