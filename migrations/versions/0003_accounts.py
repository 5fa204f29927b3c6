"""Those who sign in."""

from clinic.core.migrating import drop, protect, run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run(
        """
        CREATE TABLE user_account (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            email TEXT NOT NULL,
            email_key TEXT NOT NULL,
            password_hash TEXT,
            name TEXT NOT NULL,
            phone TEXT,
            bio TEXT,
            role TEXT NOT NULL,
            language TEXT,
            is_verified BOOLEAN DEFAULT 'false' NOT NULL,
            last_login_at TIMESTAMP WITH TIME ZONE,
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT user_account_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT user_account_one_per_email UNIQUE (tenant_id, email_key),
            CONSTRAINT user_account_role_known CHECK (role IN ('patient', 'doctor', 'receptionist', 'manager', 'owner'))
        )
        """
    )
    run(
        """
        CREATE TABLE user_session (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            user_id UUID NOT NULL,
            token_hash BYTEA NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            last_seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
            revoked_at TIMESTAMP WITH TIME ZONE,
            address INET,
            user_agent TEXT,
            CONSTRAINT user_session_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT user_session_one_per_token UNIQUE (tenant_id, token_hash)
        )
        """
    )
    run(
        """
        CREATE TABLE api_key (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            name TEXT NOT NULL,
            prefix TEXT NOT NULL,
            key_hash BYTEA NOT NULL,
            old_hash BYTEA,
            old_until TIMESTAMP WITH TIME ZONE,
            scopes TEXT[] NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            created_by UUID,
            expires_at TIMESTAMP WITH TIME ZONE,
            revoked_at TIMESTAMP WITH TIME ZONE,
            last_used_at TIMESTAMP WITH TIME ZONE,
            CONSTRAINT api_key_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT api_key_one_per_secret UNIQUE (tenant_id, key_hash)
        )
        """
    )
    run(
        "ALTER TABLE user_session ADD CONSTRAINT user_session_of_user_account FOREIGN KEY(tenant_id, user_id) REFERENCES user_account (tenant_id, id)"
    )
    run("CREATE INDEX user_session_by_user ON user_session (tenant_id, user_id)")
    protect("user_account", "SELECT, INSERT, UPDATE")
    protect("user_session")
    protect("api_key", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    drop("user_account", "user_session", "api_key")
