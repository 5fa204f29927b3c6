"""The times that a doctor offers.

What lives here: doctors, specialties, visit types, rooms; weekly hours, overrides of a date, one-off sessions, blocked
time, closures, a doctor's day; and the engine that makes free slots of them.

Words: a *service* is a visit type; an *availability* is one weekly rule; a *slot* is a start that can be booked; a
*token* day gives out numbers instead of times; a *closure* closes a location or the whole clinic.

Rules: rules are wall-clock times in the location's zone, what is booked are instants. What is offered is exactly what
is accepted: one engine answers both and explains why not. Taking time away locks the doctor first, then looks at
visits (``booked``); who loses their time is named, or by force put on the list of those who need rescheduling.

Where: set-up is entered in ``directory``, ``doctors``, ``weekly``, ``timeaway`` and ``days``; the engine's own map is
the docstring of ``hours``.
"""
