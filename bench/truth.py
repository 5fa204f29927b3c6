"""What must be true of every clinic at any moment, asked of the tables themselves, past row-level security."""

from __future__ import annotations

from bench.demo import Demo

HOLDING = "status IN ('pending', 'booked', 'confirmed', 'checked_in', 'in_progress', 'completed')"

PROMISES = {
    "no two visits of a doctor overlap": f"""
        SELECT a.id FROM appointment a JOIN appointment b
            ON b.tenant_id = a.tenant_id AND b.doctor_id = a.doctor_id AND b.starts_at > a.starts_at
           AND b.starts_at < a.ends_at
         WHERE a.{HOLDING} AND b.{HOLDING} AND NOT a.overbooked AND NOT b.overbooked""",
    "no place is sold twice": f"""
        SELECT tenant_id, doctor_id, starts_at, place FROM appointment
         WHERE {HOLDING} AND starts_at IS NOT NULL GROUP BY 1, 2, 3, 4 HAVING count(*) > 1""",
    "no number is given twice": """
        SELECT tenant_id, doctor_id, date, token FROM appointment
         WHERE token IS NOT NULL GROUP BY 1, 2, 3, 4 HAVING count(*) > 1""",
    "what a day has counted is what stands in it": f"""
        SELECT d.doctor_id, d.date, d.booked, count(a.id) FROM doctor_day d LEFT JOIN appointment a
            ON a.tenant_id = d.tenant_id AND a.doctor_id = d.doctor_id AND a.date = d.date AND a.{HOLDING}
         GROUP BY d.tenant_id, d.doctor_id, d.date, d.booked HAVING d.booked <> count(a.id)""",
    "no visit stands in a day without a counter": f"""
        SELECT a.id FROM appointment a LEFT JOIN doctor_day d
            ON d.tenant_id = a.tenant_id AND d.doctor_id = a.doctor_id AND d.date = a.date
         WHERE a.{HOLDING} AND d.doctor_id IS NULL""",
    "no day has more than its cap, unless by a visible excess": """
        SELECT doctor_id, date FROM doctor_day WHERE booked > cap + excess""",
    "nobody is at two visits at once, unless allowed": f"""
        SELECT a.id FROM appointment a JOIN appointment b
            ON b.tenant_id = a.tenant_id AND b.patient_id = a.patient_id AND b.id > a.id AND a.during && b.during
         WHERE a.{HOLDING} AND b.{HOLDING} AND NOT a.overlap_allowed AND NOT b.overlap_allowed""",
    "positions are 1, 2, 3 … without a gap or a double": """
        SELECT q.doctor_id, q.date FROM queue_entry q
         GROUP BY q.tenant_id, q.doctor_id, q.date HAVING max(q.position) <> count(*) OR min(q.position) <> 1""",
    "every visit has its history and its audit row": """
        SELECT a.id FROM appointment a
         WHERE NOT EXISTS (SELECT FROM appointment_history h
                            WHERE h.tenant_id = a.tenant_id AND h.appointment_id = a.id AND h.step = 'book')
            OR (a.created_by <> 'system' AND NOT EXISTS (SELECT FROM audit_event e
                 WHERE e.tenant_id = a.tenant_id AND e.object_id = a.id
                   AND e.act IN ('appointment.book', 'appointment.overbook')))""",
}


def broken(demo: Demo) -> list[str]:
    """The promises that do not hold, with how often."""
    return [
        f"{promise}: broken {len(found)} times"
        for promise, sql in PROMISES.items()
        if (found := demo.look(sql))
    ]
