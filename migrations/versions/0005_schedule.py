"""The times that a doctor offers."""

from clinic.core.migrating import drop, protect, run

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run(
        """
        CREATE TABLE specialty (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            code TEXT NOT NULL,
            name TEXT NOT NULL,
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT specialty_pkey PRIMARY KEY (tenant_id, id)
        )
        """
    )
    run(
        """
        CREATE TABLE room (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            location_id UUID NOT NULL,
            name TEXT NOT NULL,
            kind TEXT,
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT room_pkey PRIMARY KEY (tenant_id, id)
        )
        """
    )
    run(
        """
        CREATE TABLE service (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            name TEXT NOT NULL,
            code TEXT,
            duration_minutes INTEGER NOT NULL,
            buffer_before_minutes INTEGER DEFAULT '0' NOT NULL,
            buffer_after_minutes INTEGER DEFAULT '0' NOT NULL,
            capacity INTEGER,
            modality TEXT DEFAULT 'in_person' NOT NULL,
            online_bookable BOOLEAN DEFAULT 'true' NOT NULL,
            requires_approval BOOLEAN DEFAULT 'false' NOT NULL,
            price NUMERIC(12, 2),
            currency TEXT,
            min_notice_minutes INTEGER,
            max_days_ahead INTEGER,
            cancel_notice_minutes INTEGER,
            room_kind TEXT,
            questions JSONB DEFAULT '[]' NOT NULL,
            color TEXT,
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT service_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT service_lasts CHECK (duration_minutes BETWEEN 1 AND 1440),
            CONSTRAINT service_modality_known CHECK (modality IN ('in_person', 'video', 'phone', 'home'))
        )
        """
    )
    run(
        """
        CREATE TABLE doctor (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            first_name TEXT,
            last_name TEXT,
            full_name TEXT NOT NULL,
            name_key TEXT NOT NULL,
            code TEXT,
            email TEXT,
            phone TEXT,
            document_type TEXT,
            document_number TEXT,
            document_key TEXT,
            license_number TEXT,
            qualifications TEXT,
            experience_years INTEGER,
            bio TEXT,
            photo_url TEXT,
            languages TEXT[] DEFAULT '{}' NOT NULL,
            booking_mode TEXT DEFAULT 'timed' NOT NULL,
            queue_order TEXT,
            slot_minutes INTEGER,
            max_appointments_per_day INTEGER,
            ticket_prefix TEXT NOT NULL,
            user_id UUID,
            custom_fields JSONB DEFAULT '{}' NOT NULL,
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT doctor_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT doctor_booking_mode_known CHECK (booking_mode IN ('timed', 'token')),
            CONSTRAINT doctor_queue_order_known CHECK (queue_order IS NULL OR queue_order IN ('arrival', 'appointment'))
        )
        """
    )
    run(
        """
        CREATE TABLE doctor_specialty (
            tenant_id UUID NOT NULL,
            doctor_id UUID NOT NULL,
            specialty_id UUID NOT NULL,
            CONSTRAINT doctor_specialty_pkey PRIMARY KEY (tenant_id, doctor_id, specialty_id)
        )
        """
    )
    run(
        """
        CREATE TABLE doctor_location (
            tenant_id UUID NOT NULL,
            doctor_id UUID NOT NULL,
            location_id UUID NOT NULL,
            CONSTRAINT doctor_location_pkey PRIMARY KEY (tenant_id, doctor_id, location_id)
        )
        """
    )
    run(
        """
        CREATE TABLE doctor_service (
            tenant_id UUID NOT NULL,
            doctor_id UUID NOT NULL,
            service_id UUID NOT NULL,
            CONSTRAINT doctor_service_pkey PRIMARY KEY (tenant_id, doctor_id, service_id)
        )
        """
    )
    run(
        """
        CREATE TABLE availability (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            doctor_id UUID NOT NULL,
            location_id UUID,
            weekday SMALLINT NOT NULL,
            start_time TIME WITHOUT TIME ZONE NOT NULL,
            end_time TIME WITHOUT TIME ZONE NOT NULL,
            ends_next_day BOOLEAN DEFAULT 'false' NOT NULL,
            slot_minutes INTEGER,
            capacity INTEGER DEFAULT '1' NOT NULL,
            service_ids UUID[],
            valid_from DATE,
            valid_until DATE,
            every_weeks INTEGER DEFAULT '1' NOT NULL,
            custom_fields JSONB DEFAULT '{}' NOT NULL,
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT availability_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT availability_weekday_known CHECK (weekday BETWEEN 0 AND 6),
            CONSTRAINT availability_ends_after_it_starts CHECK (ends_next_day OR end_time > start_time),
            CONSTRAINT availability_every_weeks_counts CHECK (every_weeks >= 1),
            CONSTRAINT availability_has_room CHECK (capacity >= 1)
        )
        """
    )
    run(
        """
        CREATE TABLE date_override (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            doctor_id UUID NOT NULL,
            date DATE NOT NULL,
            intervals JSONB DEFAULT '[]' NOT NULL,
            location_id UUID,
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT date_override_pkey PRIMARY KEY (tenant_id, id)
        )
        """
    )
    run(
        """
        CREATE TABLE one_off_session (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            doctor_id UUID NOT NULL,
            location_id UUID,
            starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
            ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
            slot_minutes INTEGER,
            capacity INTEGER DEFAULT '1' NOT NULL,
            service_ids UUID[],
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT one_off_session_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT one_off_session_ends_after_it_starts CHECK (ends_at > starts_at),
            CONSTRAINT one_off_session_has_room CHECK (capacity >= 1)
        )
        """
    )
    run(
        """
        CREATE TABLE blocked_time (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            doctor_id UUID NOT NULL,
            starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
            ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
            until_at TIMESTAMP WITH TIME ZONE NOT NULL,
            all_day BOOLEAN DEFAULT 'false' NOT NULL,
            reason TEXT,
            rrule TEXT,
            custom_fields JSONB DEFAULT '{}' NOT NULL,
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT blocked_time_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT blocked_time_ends_after_it_starts CHECK (ends_at > starts_at)
        )
        """
    )
    run(
        """
        CREATE TABLE closure (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            location_id UUID,
            starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
            ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
            until_at TIMESTAMP WITH TIME ZONE NOT NULL,
            all_day BOOLEAN DEFAULT 'false' NOT NULL,
            reason TEXT,
            rrule TEXT,
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT closure_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT closure_ends_after_it_starts CHECK (ends_at > starts_at)
        )
        """
    )
    run(
        """
        CREATE TABLE doctor_day (
            tenant_id UUID NOT NULL,
            doctor_id UUID NOT NULL,
            date DATE NOT NULL,
            is_present BOOLEAN DEFAULT 'true' NOT NULL,
            notes TEXT,
            max_appointments INTEGER,
            delay_minutes INTEGER DEFAULT '0' NOT NULL,
            cap INTEGER,
            booked INTEGER DEFAULT '0' NOT NULL,
            excess INTEGER DEFAULT '0' NOT NULL,
            last_token INTEGER DEFAULT '0' NOT NULL,
            last_position INTEGER DEFAULT '0' NOT NULL,
            version INTEGER DEFAULT '1' NOT NULL,
            CONSTRAINT doctor_day_pkey PRIMARY KEY (tenant_id, doctor_id, date),
            CONSTRAINT doctor_day_within_cap CHECK (booked BETWEEN 0 AND cap + excess),
            CONSTRAINT doctor_day_excess_counts CHECK (excess >= 0)
        )
        """
    )
    run(
        "ALTER TABLE room ADD CONSTRAINT room_of_location FOREIGN KEY(tenant_id, location_id) REFERENCES location (tenant_id, id)"
    )
    run(
        "ALTER TABLE doctor ADD CONSTRAINT doctor_of_user_account FOREIGN KEY(tenant_id, user_id) REFERENCES user_account (tenant_id, id)"
    )
    run(
        "ALTER TABLE doctor_specialty ADD CONSTRAINT doctor_specialty_of_doctor FOREIGN KEY(tenant_id, doctor_id) REFERENCES doctor (tenant_id, id)"
    )
    run(
        "ALTER TABLE doctor_specialty ADD CONSTRAINT doctor_specialty_of_specialty FOREIGN KEY(tenant_id, specialty_id) REFERENCES specialty (tenant_id, id)"
    )
    run(
        "ALTER TABLE doctor_location ADD CONSTRAINT doctor_location_of_doctor FOREIGN KEY(tenant_id, doctor_id) REFERENCES doctor (tenant_id, id)"
    )
    run(
        "ALTER TABLE doctor_location ADD CONSTRAINT doctor_location_of_location FOREIGN KEY(tenant_id, location_id) REFERENCES location (tenant_id, id)"
    )
    run(
        "ALTER TABLE doctor_service ADD CONSTRAINT doctor_service_of_doctor FOREIGN KEY(tenant_id, doctor_id) REFERENCES doctor (tenant_id, id)"
    )
    run(
        "ALTER TABLE doctor_service ADD CONSTRAINT doctor_service_of_service FOREIGN KEY(tenant_id, service_id) REFERENCES service (tenant_id, id)"
    )
    run(
        "ALTER TABLE availability ADD CONSTRAINT availability_of_doctor FOREIGN KEY(tenant_id, doctor_id) REFERENCES doctor (tenant_id, id)"
    )
    run(
        "ALTER TABLE availability ADD CONSTRAINT availability_of_location FOREIGN KEY(tenant_id, location_id) REFERENCES location (tenant_id, id)"
    )
    run(
        "ALTER TABLE date_override ADD CONSTRAINT date_override_of_doctor FOREIGN KEY(tenant_id, doctor_id) REFERENCES doctor (tenant_id, id)"
    )
    run(
        "ALTER TABLE date_override ADD CONSTRAINT date_override_of_location FOREIGN KEY(tenant_id, location_id) REFERENCES location (tenant_id, id)"
    )
    run(
        "ALTER TABLE one_off_session ADD CONSTRAINT one_off_session_of_doctor FOREIGN KEY(tenant_id, doctor_id) REFERENCES doctor (tenant_id, id)"
    )
    run(
        "ALTER TABLE one_off_session ADD CONSTRAINT one_off_session_of_location FOREIGN KEY(tenant_id, location_id) REFERENCES location (tenant_id, id)"
    )
    run(
        "ALTER TABLE blocked_time ADD CONSTRAINT blocked_time_of_doctor FOREIGN KEY(tenant_id, doctor_id) REFERENCES doctor (tenant_id, id)"
    )
    run(
        "ALTER TABLE closure ADD CONSTRAINT closure_of_location FOREIGN KEY(tenant_id, location_id) REFERENCES location (tenant_id, id)"
    )
    run(
        "ALTER TABLE doctor_day ADD CONSTRAINT doctor_day_of_doctor FOREIGN KEY(tenant_id, doctor_id) REFERENCES doctor (tenant_id, id)"
    )
    for table in ("specialty", "service", "doctor"):
        run(
            f"""CREATE UNIQUE INDEX {table}_one_per_code ON {table} (tenant_id, lower(code)) WHERE is_active AND code IS NOT NULL"""
        )
    run(
        """CREATE UNIQUE INDEX doctor_one_per_document ON doctor (tenant_id, document_type, document_key) WHERE is_active AND document_key IS NOT NULL"""
    )
    run("CREATE UNIQUE INDEX doctor_one_per_user ON doctor (tenant_id, user_id) WHERE user_id IS NOT NULL")
    run("CREATE INDEX doctor_specialty_by_specialty ON doctor_specialty (tenant_id, specialty_id)")
    run("CREATE INDEX doctor_location_by_location ON doctor_location (tenant_id, location_id)")
    run("CREATE INDEX doctor_service_by_service ON doctor_service (tenant_id, service_id)")
    run("CREATE INDEX availability_by_doctor ON availability (tenant_id, doctor_id, weekday)")
    run(
        """CREATE UNIQUE INDEX date_override_one_per_date ON date_override (tenant_id, doctor_id, date) WHERE is_active"""
    )
    run("CREATE INDEX one_off_session_by_doctor ON one_off_session (tenant_id, doctor_id, starts_at)")
    run("CREATE INDEX blocked_time_by_doctor ON blocked_time (tenant_id, doctor_id, until_at)")
    run("CREATE INDEX closure_by_end ON closure (tenant_id, until_at)")
    protect("specialty")
    protect("room")
    protect("service")
    protect("doctor", "SELECT, INSERT, UPDATE")
    protect("doctor_specialty")
    protect("doctor_location")
    protect("doctor_service")
    protect("availability")
    protect("date_override")
    protect("one_off_session")
    protect("blocked_time")
    protect("closure")
    protect("doctor_day")


def downgrade() -> None:
    drop(
        "specialty",
        "room",
        "service",
        "doctor",
        "doctor_specialty",
        "doctor_location",
        "doctor_service",
        "availability",
        "date_override",
        "one_off_session",
        "blocked_time",
        "closure",
        "doctor_day",
    )
