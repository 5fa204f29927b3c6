"""The register."""

from clinic.core.migrating import drop, protect, run

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run(
        """
        CREATE TABLE patient (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            file_number INTEGER NOT NULL,
            first_name TEXT,
            middle_name TEXT,
            last_name TEXT,
            second_last_name TEXT,
            full_name TEXT NOT NULL,
            name_key TEXT NOT NULL,
            birth_date DATE,
            birth_date_is_estimated BOOLEAN DEFAULT 'false' NOT NULL,
            gender TEXT,
            document_type TEXT,
            document_number TEXT,
            document_key TEXT,
            phone TEXT,
            phone_alt TEXT,
            email TEXT,
            email_key TEXT,
            address TEXT,
            city TEXT,
            blood_group TEXT,
            allergies JSONB DEFAULT '[]' NOT NULL,
            emergency_contact JSONB,
            insurer TEXT,
            insurer_number TEXT,
            consents JSONB DEFAULT '[]' NOT NULL,
            preferred_language TEXT,
            preferred_channel TEXT,
            needs JSONB,
            confidential JSONB,
            notes TEXT,
            tags TEXT[] DEFAULT '{}' NOT NULL,
            custom_fields JSONB DEFAULT '{}' NOT NULL,
            user_id UUID,
            merged_into_id UUID,
            erased_at TIMESTAMP WITH TIME ZONE,
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT patient_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT patient_one_per_file_number UNIQUE (tenant_id, file_number),
            CONSTRAINT patient_has_a_name CHECK (name_key <> '')
        )
        """
    )
    run(
        """
        CREATE TABLE patient_token (
            tenant_id UUID NOT NULL,
            patient_id UUID NOT NULL,
            token TEXT COLLATE "C" NOT NULL,
            words TEXT NOT NULL,
            CONSTRAINT patient_token_pkey PRIMARY KEY (tenant_id, patient_id, token)
        )
        """
    )
    run(
        """
        CREATE TABLE name_slip (
            tenant_id UUID NOT NULL,
            slip TEXT COLLATE "C" NOT NULL,
            word TEXT COLLATE "C" NOT NULL,
            CONSTRAINT name_slip_pkey PRIMARY KEY (tenant_id, slip, word)
        )
        """
    )
    run(
        """
        CREATE TABLE guardian (
            tenant_id UUID NOT NULL,
            patient_id UUID NOT NULL,
            guardian_id UUID NOT NULL,
            relation TEXT,
            may_book BOOLEAN DEFAULT 'true' NOT NULL,
            may_see BOOLEAN DEFAULT 'true' NOT NULL,
            CONSTRAINT guardian_pkey PRIMARY KEY (tenant_id, patient_id, guardian_id)
        )
        """
    )
    run(
        "ALTER TABLE patient ADD CONSTRAINT patient_of_user_account FOREIGN KEY(tenant_id, user_id) REFERENCES user_account (tenant_id, id)"
    )
    run(
        "ALTER TABLE patient_token ADD CONSTRAINT patient_token_of_patient FOREIGN KEY(tenant_id, patient_id) REFERENCES patient (tenant_id, id)"
    )
    run(
        "ALTER TABLE guardian ADD CONSTRAINT guardian_is_a_patient FOREIGN KEY(tenant_id, guardian_id) REFERENCES patient (tenant_id, id)"
    )
    run(
        "ALTER TABLE guardian ADD CONSTRAINT guardian_of_patient FOREIGN KEY(tenant_id, patient_id) REFERENCES patient (tenant_id, id)"
    )
    run("CREATE INDEX patient_by_change ON patient (tenant_id, updated_at, id)")
    run("CREATE INDEX patient_by_email ON patient (tenant_id, email_key) WHERE email_key IS NOT NULL")
    run("CREATE INDEX patient_by_name ON patient (tenant_id, name_key, id)")
    run("CREATE INDEX patient_by_phone ON patient (tenant_id, phone) WHERE phone IS NOT NULL")
    run(
        """CREATE UNIQUE INDEX patient_one_per_document ON patient (tenant_id, document_type, document_key) WHERE is_active AND document_key IS NOT NULL"""
    )
    run("CREATE UNIQUE INDEX patient_one_per_user ON patient (tenant_id, user_id) WHERE user_id IS NOT NULL")
    run("CREATE INDEX patient_token_by_token ON patient_token (tenant_id, token, patient_id) INCLUDE (words)")
    run("CREATE INDEX guardian_by_guardian ON guardian (tenant_id, guardian_id)")
    protect("patient", "SELECT, INSERT, UPDATE")
    protect("patient_token")
    protect("name_slip")
    protect("guardian")


def downgrade() -> None:
    drop("patient", "patient_token", "name_slip", "guardian")
