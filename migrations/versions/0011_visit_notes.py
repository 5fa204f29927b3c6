"""What the doctor writes about a visit, every version of it."""

from clinic.core.migrating import drop, protect, run

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run(
        """
        CREATE TABLE visit_note (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            appointment_id UUID NOT NULL,
            number INTEGER NOT NULL,
            text TEXT NOT NULL,
            at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            actor TEXT NOT NULL,
            CONSTRAINT visit_note_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT visit_note_one_per_number UNIQUE (tenant_id, appointment_id, number)
        )
        """
    )
    run(
        "ALTER TABLE visit_note ADD CONSTRAINT visit_note_of_appointment FOREIGN KEY(tenant_id, appointment_id) REFERENCES appointment (tenant_id, id)"
    )
    protect("visit_note", "SELECT, INSERT")


def downgrade() -> None:
    drop("visit_note")
