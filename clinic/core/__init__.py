"""The plumbing every room stands on. It knows no room.

What lives here: the database session and its transactions (``db``), who the clinic is (``tenancy``), who acts and
what they may do (``access``), which door a request comes through (``doors``), refusals (``errors``), retries that
never double (``idempotency``), the record of what was done and read (``audit``), what others shall hear (``events``).

Words: a *verb* is a function marked ``@action``: one transaction. A *refusal* is a no with a name. A *face* is a page,
a JSON route or a command.
"""
