"""What was done, what others shall hear, what was answered."""

from clinic.core.migrating import drop, protect, run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run(
        """
        CREATE TABLE audit_event (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
            actor_kind TEXT NOT NULL,
            actor_id UUID,
            session_id UUID,
            act TEXT NOT NULL,
            object_kind TEXT NOT NULL,
            object_id UUID,
            patient_id UUID,
            object_ids UUID[],
            details JSONB DEFAULT '{}' NOT NULL,
            reason TEXT,
            request_id TEXT,
            address INET,
            CONSTRAINT audit_event_pkey PRIMARY KEY (tenant_id, id)
        )
        """
    )
    run(
        """
        CREATE TABLE audit_seal (
            tenant_id UUID NOT NULL,
            number BIGINT NOT NULL,
            sealed_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            before_xid xid8 NOT NULL,
            count INTEGER NOT NULL,
            hash BYTEA NOT NULL,
            CONSTRAINT audit_seal_pkey PRIMARY KEY (tenant_id, number)
        )
        """
    )
    run(
        """
        CREATE TABLE outbox_event (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            type TEXT NOT NULL,
            object_kind TEXT NOT NULL,
            object_id UUID NOT NULL,
            object_version INTEGER NOT NULL,
            previous JSONB,
            relayed_at TIMESTAMP WITH TIME ZONE,
            CONSTRAINT outbox_event_pkey PRIMARY KEY (tenant_id, id)
        )
        """
    )
    run(
        """
        CREATE TABLE idempotency_key (
            tenant_id UUID NOT NULL,
            caller TEXT NOT NULL,
            key TEXT NOT NULL,
            fingerprint BYTEA NOT NULL,
            status SMALLINT,
            headers JSONB,
            body BYTEA,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT idempotency_key_pkey PRIMARY KEY (tenant_id, caller, key)
        )
        """
    )
    run(
        """
        CREATE TABLE counter (
            tenant_id UUID NOT NULL,
            kind TEXT NOT NULL,
            last BIGINT NOT NULL,
            CONSTRAINT counter_pkey PRIMARY KEY (tenant_id, kind)
        )
        """
    )
    run(
        """
        CREATE TABLE external_id (
            tenant_id UUID NOT NULL,
            kind TEXT NOT NULL,
            system TEXT NOT NULL,
            value TEXT NOT NULL,
            object_id UUID NOT NULL,
            CONSTRAINT external_id_pkey PRIMARY KEY (tenant_id, kind, system, value)
        )
        """
    )
    run("CREATE INDEX audit_event_by_actor ON audit_event (tenant_id, actor_id, at)")
    run(
        """CREATE INDEX audit_event_by_patient ON audit_event (tenant_id, patient_id, at) WHERE patient_id IS NOT NULL"""
    )
    run("CREATE INDEX audit_event_by_time ON audit_event (tenant_id, at, id)")
    run("CREATE INDEX audit_event_by_xid ON audit_event (tenant_id, xid)")
    run("CREATE INDEX outbox_event_by_object ON outbox_event (tenant_id, object_id, at)")
    run("CREATE INDEX outbox_event_due ON outbox_event (tenant_id, at) WHERE relayed_at IS NULL")
    run("CREATE INDEX idempotency_key_by_age ON idempotency_key (tenant_id, created_at)")
    run("CREATE INDEX external_id_by_object ON external_id (tenant_id, kind, object_id)")
    protect("audit_event", "SELECT, INSERT")
    protect("audit_seal", "SELECT, INSERT")
    protect("outbox_event", "SELECT, INSERT, UPDATE")
    protect("idempotency_key")
    protect("counter")
    protect("external_id")


def downgrade() -> None:
    drop("audit_event", "audit_seal", "outbox_event", "idempotency_key", "counter", "external_id")
