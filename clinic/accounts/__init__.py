"""Those who sign in: staff, patients, integrations.

What lives here: users of one clinic with their role, their sessions, API keys with their scopes.

Words: a *user* signs in with e-mail and password; a *session* is a row that the browser's cookie points at; a *key*
belongs to an integration and is shown once.

Rules: users are per clinic; the same answer and the same time for an unknown address and a wrong password; ending a
session or revoking a key counts from the next request on; secrets are stored hashed only.
"""
