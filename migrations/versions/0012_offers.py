"""What is offered and not yet taken: times proposed for a visit, the waiting list, and what is due for it.

``due_work`` now also tells of events that freed a place: who waits for one like it is asked next.
"""

from clinic.core.migrating import APP, OWNER, RESOLVER, drop, protect, resolve, run

revision = "0012"
down_revision = "0011"

FREES_A_PLACE = (
    "type IN ('appointment.cancelled', 'appointment.rejected', 'appointment.no_show', 'appointment.moved',"
    " 'appointment.undone', 'place.freed')"
)
EXPIRED = """
                SELECT 'expired_hold'::text, h.tenant_id, h.id FROM public.hold h
                 WHERE h.expires_at <= now() ORDER BY h.expires_at LIMIT most;
"""
FREED = f"""
            RETURN QUERY
                SELECT 'freed'::text, e.tenant_id, e.id FROM public.outbox_event e
                 WHERE e.offered_at IS NULL AND e.{FREES_A_PLACE} ORDER BY e.at LIMIT most;
"""


def upgrade() -> None:
    run(
        """
        CREATE TABLE proposal (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            appointment_id UUID NOT NULL,
            doctor_id UUID NOT NULL,
            location_id UUID,
            service_id UUID,
            starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
            ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
            timezone TEXT NOT NULL,
            status TEXT DEFAULT 'open' NOT NULL,
            expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            created_by TEXT NOT NULL,
            answered_at TIMESTAMP WITH TIME ZONE,
            answered_by TEXT,
            CONSTRAINT proposal_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT proposal_status_known CHECK (status IN ('open', 'confirmed', 'declined', 'replaced'))
        )
        """
    )
    run(
        """
        CREATE TABLE wish (
            tenant_id UUID NOT NULL,
            id UUID NOT NULL,
            patient_id UUID NOT NULL,
            doctor_id UUID,
            specialty_id UUID,
            service_id UUID,
            first DATE NOT NULL,
            last DATE NOT NULL,
            part_of_day TEXT,
            status TEXT DEFAULT 'waiting' NOT NULL,
            hold_id UUID,
            offered_doctor_id UUID,
            offered_location_id UUID,
            offered_date DATE,
            offered_start TIMESTAMP WITH TIME ZONE,
            offered_end TIMESTAMP WITH TIME ZONE,
            offered_at TIMESTAMP WITH TIME ZONE,
            offered_until TIMESTAMP WITH TIME ZONE,
            times_offered INTEGER DEFAULT '0' NOT NULL,
            skipped_at TIMESTAMP WITH TIME ZONE,
            skipped_because TEXT,
            appointment_id UUID,
            created_by TEXT,
            version INTEGER DEFAULT '1' NOT NULL,
            is_active BOOLEAN DEFAULT 'true' NOT NULL,
            created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            updated_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            CONSTRAINT wish_pkey PRIMARY KEY (tenant_id, id),
            CONSTRAINT wish_status_known CHECK (status IN ('waiting', 'offered', 'booked')),
            CONSTRAINT wish_part_of_day_known CHECK (part_of_day IN ('morning', 'afternoon', 'evening')),
            CONSTRAINT wish_ends_after_it_begins CHECK (last >= first)
        )
        """
    )
    run(
        "ALTER TABLE proposal ADD CONSTRAINT proposal_of_appointment FOREIGN KEY(tenant_id, appointment_id) REFERENCES appointment (tenant_id, id)"
    )
    run(
        "ALTER TABLE proposal ADD CONSTRAINT proposal_of_doctor FOREIGN KEY(tenant_id, doctor_id) REFERENCES doctor (tenant_id, id)"
    )
    run(
        "ALTER TABLE proposal ADD CONSTRAINT proposal_of_location FOREIGN KEY(tenant_id, location_id) REFERENCES location (tenant_id, id)"
    )
    run(
        "ALTER TABLE proposal ADD CONSTRAINT proposal_of_service FOREIGN KEY(tenant_id, service_id) REFERENCES service (tenant_id, id)"
    )
    run(
        "ALTER TABLE wish ADD CONSTRAINT wish_of_patient FOREIGN KEY(tenant_id, patient_id) REFERENCES patient (tenant_id, id)"
    )
    run(
        "ALTER TABLE wish ADD CONSTRAINT wish_of_doctor FOREIGN KEY(tenant_id, doctor_id) REFERENCES doctor (tenant_id, id)"
    )
    run(
        "ALTER TABLE wish ADD CONSTRAINT wish_of_specialty FOREIGN KEY(tenant_id, specialty_id) REFERENCES specialty (tenant_id, id)"
    )
    run(
        "ALTER TABLE wish ADD CONSTRAINT wish_of_service FOREIGN KEY(tenant_id, service_id) REFERENCES service (tenant_id, id)"
    )
    run(
        "ALTER TABLE wish ADD CONSTRAINT wish_of_appointment FOREIGN KEY(tenant_id, appointment_id) REFERENCES appointment (tenant_id, id)"
    )
    run(
        "ALTER TABLE wish ADD CONSTRAINT wish_offered_by_doctor FOREIGN KEY(tenant_id, offered_doctor_id) REFERENCES doctor (tenant_id, id)"
    )
    run("""CREATE INDEX proposal_by_age ON proposal (tenant_id, created_at, id)""")
    run(
        """CREATE UNIQUE INDEX proposal_one_open ON proposal (tenant_id, appointment_id) WHERE status = 'open'"""
    )
    run("""CREATE INDEX wish_by_patient ON wish (tenant_id, patient_id)""")
    run("""CREATE INDEX wish_waiting ON wish (tenant_id, created_at, id) WHERE status <> 'booked'""")
    run("ALTER TABLE outbox_event ADD COLUMN offered_at TIMESTAMP WITH TIME ZONE")
    run(
        f"CREATE INDEX outbox_event_freeing ON outbox_event (at) WHERE offered_at IS NULL AND {FREES_A_PLACE}"
    )
    protect("proposal", "SELECT, INSERT, UPDATE")
    protect("wish")
    resolve("outbox_event")
    _due_work(EXPIRED + FREED)


def downgrade() -> None:
    _due_work(EXPIRED)
    run("DROP POLICY outbox_event_resolved ON outbox_event")
    run(f"REVOKE SELECT ON outbox_event FROM {RESOLVER}")
    run("DROP INDEX outbox_event_freeing")
    run("ALTER TABLE outbox_event DROP COLUMN offered_at")
    drop("proposal", "wish")


def _due_work(queries: str) -> None:
    run(f"GRANT CREATE ON SCHEMA public TO {RESOLVER}")
    _as(RESOLVER)
    run(
        f"""
        CREATE OR REPLACE FUNCTION due_work(most int) RETURNS TABLE (work text, tenant_id uuid, id uuid)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        BEGIN
            RETURN QUERY{queries}
        END $$
        """
    )
    run("REVOKE ALL ON FUNCTION due_work(int) FROM public")
    run(f"GRANT EXECUTE ON FUNCTION due_work(int) TO {APP}")
    _as(OWNER)
    run(f"REVOKE CREATE ON SCHEMA public FROM {RESOLVER}")


def _as(role: str) -> None:
    run("RESET ROLE")
    run(f"SET ROLE {role}")
