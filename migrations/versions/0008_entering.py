"""Naming the clinic to the database, and the few questions that may be asked before it is named.

``set_tenant`` sets the clinic for the transaction by dynamic SQL, so that it reaches Citus workers too. ``enter`` finds
the clinic of a subdomain and who carries a session or key, and names the clinic, in one round trip. ``due_work`` tells
the worker whose work is due: ids only.
"""

from clinic.core.migrating import APP, OWNER, RESOLVER, resolve, run

revision = "0008"
down_revision = "0007"

RESOLVED = ("setting", "user_account", "user_session", "api_key", "doctor", "patient", "hold")
FUNCTIONS = ("enter(text, bytea, bytea)", "due_work(int)")


def upgrade() -> None:
    for table in RESOLVED:
        resolve(table)
    run(f"GRANT SELECT ON tenant TO {RESOLVER}")
    run(
        """
        CREATE FUNCTION set_tenant(clinic uuid) RETURNS void
        LANGUAGE plpgsql AS $$
        BEGIN
            EXECUTE format('SET LOCAL app.tenant_id = %L', clinic);
            SET LOCAL lock_timeout = '5s';
        END $$
        """
    )
    run(f"GRANT CREATE ON SCHEMA public TO {RESOLVER}")
    _as(RESOLVER)
    run(
        """
        CREATE FUNCTION enter(
            wanted text, session_hash bytea, given_key bytea,
            OUT tenant_id uuid, OUT slug text, OUT name text, OUT timezone text, OUT country text, OUT locale text,
            OUT currency text, OUT status text, OUT version int, OUT settings text,
            OUT who_kind text, OUT who_id uuid, OUT role text, OUT scopes text[], OUT patient_id uuid,
            OUT doctor_id uuid, OUT who_name text, OUT email text, OUT language text, OUT session_id uuid,
            OUT session_due boolean
        ) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        DECLARE
            clinic public.tenant%ROWTYPE;
        BEGIN
            SELECT * INTO clinic FROM public.tenant t WHERE t.slug = wanted;
            IF NOT FOUND THEN
                RETURN;
            END IF;
            EXECUTE format('SET LOCAL app.tenant_id = %L', clinic.id);
            SET LOCAL lock_timeout = '5s';
            tenant_id := clinic.id; slug := clinic.slug; name := clinic.name; timezone := clinic.timezone;
            country := clinic.country; locale := clinic.locale; currency := clinic.currency;
            status := clinic.status;
            SELECT s.data::text, clinic.version + s.version INTO settings, version
              FROM public.setting s WHERE s.tenant_id = clinic.id;
            settings := coalesce(settings, '{}');
            version := coalesce(version, clinic.version);
            IF clinic.status <> 'active' THEN
                RETURN;
            END IF;
            IF session_hash IS NOT NULL THEN
                SELECT 'user', u.id, u.role, u.name, u.email, u.language, s.id,
                       s.last_seen_at < now() - interval '1 minute'
                  INTO who_kind, who_id, role, who_name, email, language, session_id, session_due
                  FROM public.user_session s
                  JOIN public.user_account u ON u.tenant_id = s.tenant_id AND u.id = s.user_id
                 WHERE s.tenant_id = clinic.id AND s.token_hash = session_hash
                   AND s.revoked_at IS NULL AND s.expires_at > now() AND u.is_active;
                IF who_kind = 'user' AND role = 'doctor' THEN
                    SELECT d.id INTO doctor_id FROM public.doctor d
                     WHERE d.tenant_id = clinic.id AND d.user_id = who_id AND d.user_id IS NOT NULL;
                ELSIF who_kind = 'user' AND role = 'patient' THEN
                    SELECT p.id INTO patient_id FROM public.patient p
                     WHERE p.tenant_id = clinic.id AND p.user_id = who_id AND p.user_id IS NOT NULL;
                END IF;
            ELSIF given_key IS NOT NULL THEN
                SELECT 'key', k.id, k.scopes, k.name INTO who_kind, who_id, scopes, who_name
                  FROM public.api_key k
                 WHERE k.tenant_id = clinic.id AND k.key_hash = given_key
                   AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now());
                IF who_kind IS NULL THEN
                    SELECT 'key', k.id, k.scopes, k.name INTO who_kind, who_id, scopes, who_name
                      FROM public.api_key k
                     WHERE k.tenant_id = clinic.id AND k.old_hash = given_key AND k.old_until > now()
                       AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now());
                END IF;
            END IF;
        END $$
        """
    )
    run(
        """
        CREATE FUNCTION due_work(most int) RETURNS TABLE (work text, tenant_id uuid, id uuid)
        LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
        BEGIN
            RETURN QUERY
                SELECT 'expired_hold'::text, h.tenant_id, h.id FROM public.hold h
                 WHERE h.expires_at <= now() ORDER BY h.expires_at LIMIT most;
        END $$
        """
    )
    for function in FUNCTIONS:
        run(f"REVOKE ALL ON FUNCTION {function} FROM public")
        run(f"GRANT EXECUTE ON FUNCTION {function} TO {APP}")
    _as(OWNER)
    run(f"REVOKE CREATE ON SCHEMA public FROM {RESOLVER}")
    run("REVOKE ALL ON FUNCTION set_tenant(uuid) FROM public")
    run(f"GRANT EXECUTE ON FUNCTION set_tenant(uuid) TO {APP}")
    run("CREATE INDEX api_key_by_old_hash ON api_key (tenant_id, old_hash) WHERE old_hash IS NOT NULL")


def downgrade() -> None:
    _as(RESOLVER)
    for function in FUNCTIONS:
        run(f"DROP FUNCTION {function}")
    _as(OWNER)
    run("DROP FUNCTION set_tenant(uuid)")
    run("DROP INDEX api_key_by_old_hash")
    for table in RESOLVED:
        run(f"DROP POLICY {table}_resolved ON {table}")
        run(f"REVOKE SELECT ON {table} FROM {RESOLVER}")
    run(f"REVOKE SELECT ON tenant FROM {RESOLVER}")


def _as(role: str) -> None:
    run("RESET ROLE")
    run(f"SET ROLE {role}")
