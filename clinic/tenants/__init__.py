"""The organisation: clinics and what belongs to a clinic as a whole.

What lives here: creating, renaming and suspending a clinic (the operator's work), its settings, its locations, the
coded lists (document types, genders, cancel reasons …).

Words: a *tenant* is one clinic with its own subdomain; a *location* is a place where it receives, with a time zone of
its own; a *lookup* is one coded value of a list.

Rules: a clinic is never deleted, only suspended. ``tenant`` and ``lookup_value`` belong to no clinic: the
operator writes them.
"""
