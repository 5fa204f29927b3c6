"""Appointments: a place in somebody's day that was promised to somebody.

What lives here: holding, booking, moving, cancelling, and the history of each.

Words: a *place* is one seat of a slot (a slot of capacity n has places 0 … n−1); a *hold* keeps a slot for a few
minutes; *overbooked* means beyond the capacity, by somebody who may, with a reason.

Rules: one transaction in the order of RULES §2; locks are patient, doctor, doctor's day, room, each kind sorted by id;
the database's constraints hold the promise, the engine asks politely first; a lost race is answered with the three
nearest free times.
"""
