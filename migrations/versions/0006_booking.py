"""Appointments and holds."""

from clinic.core.migrating import drop, protect, run

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run(
        """
        CREATE TABLE appointment (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            patient_id UUID NOT NULL,
            doctor_id UUID NOT NULL,
            location_id UUID,
            service_id UUID,
            room_id UUID,
            session_id UUID,
            series_id UUID,
            date DATE NOT NULL,
            starts_at TIMESTAMP WITH TIME ZONE,
            ends_at TIMESTAMP WITH TIME ZONE,
            during TSTZRANGE GENERATED ALWAYS AS (CASE WHEN starts_at IS NOT NULL THEN tstzrange(starts_at, ends_at) END) STORED,
            timezone TEXT NOT NULL,
            place SMALLINT DEFAULT '0' NOT NULL,
            token INTEGER,
            status TEXT DEFAULT 'booked' NOT NULL,
            modality TEXT DEFAULT 'in_person' NOT NULL,
            appointment_type TEXT,
            reason TEXT,
            notes TEXT,
            meeting_url TEXT,
            intake_answers JSONB,
            source TEXT DEFAULT 'desk' NOT NULL,
            overbooked BOOLEAN DEFAULT 'false' NOT NULL,
            overbook_reason TEXT,
            overlap_allowed BOOLEAN DEFAULT 'false' NOT NULL,
            buffer_before_minutes SMALLINT DEFAULT '0' NOT NULL,
            buffer_after_minutes SMALLINT DEFAULT '0' NOT NULL,
            needs_rescheduling BOOLEAN DEFAULT 'false' NOT NULL,
            confirmed_at TIMESTAMP WITH TIME ZONE,
            cancelled_at TIMESTAMP WITH TIME ZONE,
            cancel_reason TEXT,
            cancelled_by TEXT,
            custom_fields JSONB DEFAULT '{}' NOT NULL,
            created_by TEXT,
            idempotency_caller TEXT,
            idempotency_key TEXT,
            idempotency_hash BYTEA,
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT appointment_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT appointment_no_overlap EXCLUDE USING gist (tenant_id WITH =, doctor_id WITH =, starts_at WITH <>, during WITH &&) WHERE (status IN ('pending', 'booked', 'confirmed', 'checked_in', 'in_progress', 'completed') AND NOT overbooked),
            CONSTRAINT appointment_patient_once EXCLUDE USING gist (tenant_id WITH =, patient_id WITH =, during WITH &&) WHERE (status IN ('pending', 'booked', 'confirmed', 'checked_in', 'in_progress', 'completed') AND NOT overlap_allowed),
            CONSTRAINT appointment_room_once EXCLUDE USING gist (tenant_id WITH =, room_id WITH =, starts_at WITH <>, during WITH &&) WHERE (status IN ('pending', 'booked', 'confirmed', 'checked_in', 'in_progress', 'completed') AND room_id IS NOT NULL),
            CONSTRAINT appointment_room_one_doctor EXCLUDE USING gist (tenant_id WITH =, room_id WITH =, doctor_id WITH <>, during WITH &&) WHERE (status IN ('pending', 'booked', 'confirmed', 'checked_in', 'in_progress', 'completed') AND room_id IS NOT NULL),
            CONSTRAINT appointment_one_per_token UNIQUE (tenant_id, doctor_id, date, token),
            CONSTRAINT appointment_one_per_key UNIQUE (tenant_id, idempotency_caller, idempotency_key),
            CONSTRAINT appointment_status_known CHECK (status IN ('pending', 'booked', 'confirmed', 'checked_in', 'in_progress', 'completed', 'cancelled', 'rejected', 'no_show')),
            CONSTRAINT appointment_source_known CHECK (source IN ('desk', 'portal', 'api', 'walk_in', 'waitlist')),
            CONSTRAINT appointment_has_both_ends CHECK ((starts_at IS NULL) = (ends_at IS NULL)),
            CONSTRAINT appointment_ends_after_it_starts CHECK (ends_at > starts_at),
            CONSTRAINT appointment_modality_known CHECK (modality IN ('in_person', 'video', 'phone', 'home'))
        )
        """
    )
    run(
        """
        CREATE TABLE appointment_history (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            appointment_id UUID NOT NULL,
            at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            step TEXT NOT NULL,
            from_status TEXT,
            to_status TEXT NOT NULL,
            before JSONB DEFAULT '{}' NOT NULL,
            reason TEXT,
            actor TEXT NOT NULL,
            undone_at TIMESTAMP WITH TIME ZONE,
            CONSTRAINT appointment_history_pkey PRIMARY KEY (tenant_id, id)
        )
        """
    )
    run(
        """
        CREATE TABLE hold (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            kind TEXT DEFAULT 'hold' NOT NULL,
            doctor_id UUID NOT NULL,
            location_id UUID,
            service_id UUID,
            room_id UUID,
            appointment_id UUID,
            date DATE NOT NULL,
            starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
            ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
            during TSTZRANGE GENERATED ALWAYS AS (CASE WHEN starts_at IS NOT NULL THEN tstzrange(starts_at, ends_at) END) STORED NOT NULL,
            place SMALLINT DEFAULT '0' NOT NULL,
            buffer_before_minutes SMALLINT DEFAULT '0' NOT NULL,
            buffer_after_minutes SMALLINT DEFAULT '0' NOT NULL,
            holder TEXT NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
            extended BOOLEAN DEFAULT 'false' NOT NULL,
            CONSTRAINT hold_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT hold_one_per_place UNIQUE (tenant_id, doctor_id, starts_at, place),
            CONSTRAINT hold_no_overlap EXCLUDE USING gist (tenant_id WITH =, doctor_id WITH =, starts_at WITH <>, during WITH &&),
            CONSTRAINT hold_kind_known CHECK (kind IN ('hold', 'proposal', 'waitlist')),
            CONSTRAINT hold_ends_after_it_starts CHECK (ends_at > starts_at)
        )
        """
    )
    run(
        "ALTER TABLE appointment ADD CONSTRAINT appointment_of_doctor FOREIGN KEY(tenant_id, doctor_id) REFERENCES doctor (tenant_id, id)"
    )
    run(
        "ALTER TABLE appointment ADD CONSTRAINT appointment_of_location FOREIGN KEY(tenant_id, location_id) REFERENCES location (tenant_id, id)"
    )
    run(
        "ALTER TABLE appointment ADD CONSTRAINT appointment_of_patient FOREIGN KEY(tenant_id, patient_id) REFERENCES patient (tenant_id, id)"
    )
    run(
        "ALTER TABLE appointment ADD CONSTRAINT appointment_of_room FOREIGN KEY(tenant_id, room_id) REFERENCES room (tenant_id, id)"
    )
    run(
        "ALTER TABLE appointment ADD CONSTRAINT appointment_of_service FOREIGN KEY(tenant_id, service_id) REFERENCES service (tenant_id, id)"
    )
    run(
        "ALTER TABLE appointment_history ADD CONSTRAINT appointment_history_of_appointment FOREIGN KEY(tenant_id, appointment_id) REFERENCES appointment (tenant_id, id)"
    )
    run(
        "ALTER TABLE hold ADD CONSTRAINT hold_of_appointment FOREIGN KEY(tenant_id, appointment_id) REFERENCES appointment (tenant_id, id)"
    )
    run(
        "ALTER TABLE hold ADD CONSTRAINT hold_of_doctor FOREIGN KEY(tenant_id, doctor_id) REFERENCES doctor (tenant_id, id)"
    )
    run(
        """CREATE INDEX appointment_busy ON appointment (tenant_id, doctor_id, starts_at) INCLUDE (ends_at, id, place, overbooked, room_id, buffer_before_minutes, buffer_after_minutes) WHERE status IN ('pending', 'booked', 'confirmed', 'checked_in', 'in_progress', 'completed')"""
    )
    run("CREATE INDEX appointment_by_change ON appointment (tenant_id, updated_at, id)")
    run("CREATE INDEX appointment_by_date ON appointment (tenant_id, date, starts_at, id)")
    run("CREATE INDEX appointment_by_day ON appointment (tenant_id, doctor_id, date, starts_at)")
    run("CREATE INDEX appointment_by_patient ON appointment (tenant_id, patient_id, date)")
    run(
        """CREATE INDEX appointment_by_series ON appointment (tenant_id, series_id) WHERE series_id IS NOT NULL"""
    )
    run(
        """CREATE UNIQUE INDEX appointment_one_per_place ON appointment (tenant_id, doctor_id, starts_at, place) WHERE status IN ('pending', 'booked', 'confirmed', 'checked_in', 'in_progress', 'completed') AND starts_at IS NOT NULL"""
    )
    run("CREATE INDEX appointment_to_reschedule ON appointment (tenant_id, date) WHERE needs_rescheduling")
    run(
        """CREATE INDEX appointment_history_by_appointment ON appointment_history (tenant_id, appointment_id, at)"""
    )
    run(
        """CREATE INDEX hold_by_appointment ON hold (tenant_id, appointment_id) WHERE appointment_id IS NOT NULL"""
    )
    run("CREATE INDEX hold_by_expiry ON hold (expires_at)")
    protect("appointment", "SELECT, INSERT, UPDATE")
    protect("appointment_history", "SELECT, INSERT, UPDATE")
    protect("hold")


def downgrade() -> None:
    drop("appointment", "appointment_history", "hold")
