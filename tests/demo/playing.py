"""The cast as the people of a demo: an application that signs them in at one press."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask

from clinic import create_app
from clinic.accounts import passwords
from clinic.demo import kept
from tests.cast import password
from tests.clients import FreshClient

# Of our cast who plays each role of the demo; nobody at North is a patient who signs in.
CAST = {
    "north": {"receptionist": "ana", "manager": "mia", "doctor": "bose", "owner": "olga"},
    "south": {"receptionist": "sven", "owner": "otto"},
}


def demo_of(app: Flask, folder: Path, environment: str = "demo", **changes: Any) -> Flask:
    """Another application on the database of *app*, with the cast's credentials kept in *folder*."""
    clinics = [
        {
            "slug": slug,
            "id": str(app.extensions["cast"][slug].id),
            "users": [
                {"role": role, "email": f"{name}@{slug}.example", "password": password(name)}
                for role, name in people.items()
            ],
        }
        for slug, people in CAST.items()
    ]
    kept.write(folder / "credentials.json", {"tenants": clinics})
    told = {"environment": environment, "data_dir": folder, **changes}
    made = create_app(app.config["SETTINGS"].model_copy(update=told), TESTING=True)
    passwords.use(passwords.CHEAP)
    made.test_client_class = FreshClient
    return made
