"""What a WSGI server loads: ``wsgi:app``."""

from clinic import create_app

app = create_app()
