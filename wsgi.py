"""What a WSGI server loads: ``wsgi:app``. It refuses to serve in a role that row-level security does not hold."""

from sqlalchemy.exc import OperationalError

from clinic import create_app
from clinic.core import db, log, selfcheck

app = create_app()

with app.app_context():
    try:
        selfcheck.check(db.db.engine)
    except OperationalError:
        # Away for a moment, as when both are started at once: readiness says so, and each request is refused with 503.
        log.get("clinic.start").warning("the database is away: the role could not be checked")
    finally:
        # This process is forked for each worker; a connection is not to be shared by two.
        db.db.engine.dispose()
