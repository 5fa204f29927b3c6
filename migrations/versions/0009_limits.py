"""How often, how alive, how much used: rate windows, heartbeats, the requests of a key."""

from clinic.core.migrating import APP, drop, protect, run, share

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run(
        """
        CREATE UNLOGGED TABLE rate_window (
            key TEXT NOT NULL,
            count INTEGER NOT NULL,
            expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
            CONSTRAINT rate_window_pkey PRIMARY KEY (key)
        )
        """
    )
    run(
        """
        CREATE TABLE heartbeat (
            name TEXT NOT NULL,
            at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT heartbeat_pkey PRIMARY KEY (name)
        )
        """
    )
    run(
        """
        CREATE TABLE api_key_day (
            tenant_id UUID NOT NULL,
            key_id UUID NOT NULL,
            day DATE NOT NULL,
            requests INTEGER NOT NULL,
            CONSTRAINT api_key_day_pkey PRIMARY KEY (tenant_id, key_id, day)
        )
        """
    )
    run(
        "ALTER TABLE api_key_day ADD CONSTRAINT api_key_day_of_api_key FOREIGN KEY(tenant_id, key_id) REFERENCES api_key (tenant_id, id)"
    )
    run("CREATE INDEX rate_window_by_end ON rate_window (expires_at)")
    share("rate_window")
    share("heartbeat", "SELECT, INSERT, UPDATE")
    protect("api_key_day", "SELECT, INSERT, UPDATE, DELETE")
    # Readiness compares the migrations that the code knows with the one that the database has.
    run(f"GRANT SELECT ON alembic_version TO {APP}")


def downgrade() -> None:
    run(f"REVOKE SELECT ON alembic_version FROM {APP}")
    drop("rate_window", "heartbeat", "api_key_day")
