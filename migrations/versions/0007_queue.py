"""The day's queue."""

from clinic.core.migrating import drop, protect, run

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run(
        """
        CREATE TABLE queue_entry (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            appointment_id UUID NOT NULL,
            doctor_id UUID NOT NULL,
            patient_id UUID NOT NULL,
            date DATE NOT NULL,
            position INTEGER NOT NULL,
            ticket TEXT NOT NULL,
            status TEXT DEFAULT 'waiting' NOT NULL,
            priority TEXT DEFAULT 'normal' NOT NULL,
            priority_reason TEXT,
            walk_in BOOLEAN DEFAULT 'false' NOT NULL,
            checked_in_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            called_at TIMESTAMP WITH TIME ZONE,
            started_at TIMESTAMP WITH TIME ZONE,
            served_at TIMESTAMP WITH TIME ZONE,
            version INTEGER DEFAULT '1' NOT NULL,
            CONSTRAINT queue_entry_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT queue_entry_one_per_position UNIQUE (tenant_id, doctor_id, date, position),
            CONSTRAINT queue_entry_one_per_appointment UNIQUE (tenant_id, appointment_id),
            CONSTRAINT queue_entry_status_known CHECK (status IN ('waiting', 'called', 'in_room', 'served', 'skipped', 'left')),
            CONSTRAINT queue_entry_priority_known CHECK (priority IN ('normal', 'urgent'))
        )
        """
    )
    run(
        """
        CREATE TABLE queue_transition (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            entry_id UUID NOT NULL,
            at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            from_status TEXT,
            to_status TEXT NOT NULL,
            actor TEXT NOT NULL,
            reason TEXT,
            CONSTRAINT queue_transition_pkey PRIMARY KEY (tenant_id, id)
        )
        """
    )
    run(
        "ALTER TABLE queue_entry ADD CONSTRAINT queue_entry_of_appointment FOREIGN KEY(tenant_id, appointment_id) REFERENCES appointment (tenant_id, id)"
    )
    run(
        "ALTER TABLE queue_entry ADD CONSTRAINT queue_entry_of_doctor FOREIGN KEY(tenant_id, doctor_id) REFERENCES doctor (tenant_id, id)"
    )
    run(
        "ALTER TABLE queue_entry ADD CONSTRAINT queue_entry_of_patient FOREIGN KEY(tenant_id, patient_id) REFERENCES patient (tenant_id, id)"
    )
    run(
        "ALTER TABLE queue_transition ADD CONSTRAINT queue_transition_of_queue_entry FOREIGN KEY(tenant_id, entry_id) REFERENCES queue_entry (tenant_id, id)"
    )
    run("CREATE INDEX queue_entry_by_state ON queue_entry (tenant_id, doctor_id, date, status)")
    run("CREATE INDEX queue_transition_by_entry ON queue_transition (tenant_id, entry_id, at)")
    protect("queue_entry", "SELECT, INSERT, UPDATE")
    protect("queue_transition", "SELECT, INSERT")


def downgrade() -> None:
    drop("queue_entry", "queue_transition")
