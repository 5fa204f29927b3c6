"""The organisation: clinics, settings, locations, lookups."""

from clinic.core.migrating import drop, protect, run, share

revision = "0001"
down_revision = None


def upgrade() -> None:
    run(
        """
        CREATE TABLE tenant (
            id UUID NOT NULL,
            slug TEXT NOT NULL,
            name TEXT NOT NULL,
            timezone TEXT NOT NULL,
            country TEXT NOT NULL,
            locale TEXT DEFAULT 'en' NOT NULL,
            currency TEXT DEFAULT 'USD' NOT NULL,
            status TEXT DEFAULT 'active' NOT NULL,
            version INTEGER DEFAULT '1' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT tenant_pkey PRIMARY KEY (id),
            CONSTRAINT tenant_one_per_slug UNIQUE (slug),
            CONSTRAINT tenant_status_known CHECK (status IN ('active', 'suspended'))
        )
        """
    )
    run(
        """
        CREATE TABLE setting (
            tenant_id UUID NOT NULL,
            data JSONB DEFAULT '{}' NOT NULL,
            version INTEGER DEFAULT '1' NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT setting_pkey PRIMARY KEY (tenant_id)
        )
        """
    )
    run(
        """
        CREATE TABLE lookup_value (
            kind TEXT NOT NULL,
            code TEXT NOT NULL,
            id UUID NOT NULL,
            label TEXT NOT NULL,
            position INTEGER DEFAULT '0' NOT NULL,
            CONSTRAINT lookup_value_pkey PRIMARY KEY (kind, code)
        )
        """
    )
    run(
        """
        CREATE TABLE lookup (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            kind TEXT NOT NULL,
            code TEXT NOT NULL,
            label TEXT NOT NULL,
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT lookup_pkey PRIMARY KEY (tenant_id, id)
        )
        """
    )
    run(
        """
        CREATE TABLE location (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            name TEXT NOT NULL,
            code TEXT,
            timezone TEXT NOT NULL,
            address TEXT,
            city TEXT,
            state TEXT,
            postal_code TEXT,
            country TEXT,
            phone TEXT,
            email TEXT,
            latitude FLOAT,
            longitude FLOAT,
            city_key TEXT DEFAULT '' NOT NULL,
            search_key TEXT DEFAULT '' NOT NULL,
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT location_pkey PRIMARY KEY (tenant_id, id)
        )
        """
    )
    run(
        """
        CREATE TABLE custom_field_schema (
            tenant_id UUID NOT NULL,
            kind TEXT NOT NULL,
            schema JSONB NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT custom_field_schema_pkey PRIMARY KEY (tenant_id, kind),
            CONSTRAINT custom_field_schema_kind_known CHECK (kind IN ('patient', 'doctor', 'appointment', 'availability', 'block'))
        )
        """
    )
    run("CREATE UNIQUE INDEX lookup_one_per_code ON lookup (tenant_id, kind, lower(code)) WHERE is_active")
    run(
        "CREATE UNIQUE INDEX location_one_per_code ON location (tenant_id, lower(code)) WHERE is_active AND code IS NOT NULL"
    )
    share("tenant", "SELECT, INSERT, UPDATE")
    protect("setting", "SELECT, INSERT, UPDATE")
    share("lookup_value", "SELECT, INSERT, UPDATE")
    protect("lookup")
    protect("location")
    protect("custom_field_schema")


def downgrade() -> None:
    drop("tenant", "setting", "lookup_value", "lookup", "location", "custom_field_schema")
