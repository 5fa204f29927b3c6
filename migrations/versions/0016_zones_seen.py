"""How the clocks of a clinic's zones were going to be set, to notice when the zone database says otherwise."""

from clinic.core.migrating import drop, protect, run

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    run(
        """
        CREATE TABLE zone_seen (
            tenant_id UUID NOT NULL,
            zone TEXT NOT NULL,
            offsets JSONB NOT NULL,
            seen_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
            differs BOOLEAN DEFAULT false NOT NULL,
            CONSTRAINT zone_seen_pkey PRIMARY KEY (tenant_id, zone)
        )
        """
    )
    protect("zone_seen", "SELECT, INSERT, UPDATE")


def downgrade() -> None:
    drop("zone_seen")
