"""People of a register that is worth searching."""

from __future__ import annotations

from datetime import date
from typing import Any

from clinic.core.access import SYSTEM
from clinic.patients import actions

REGISTER: dict[str, dict[str, Any]] = {
    "maria": {
        "full_name": "María Fernanda Rodríguez Gómez", "phone": "+573101112233", "birth_date": date(1980, 11, 23),
        "document_type": "CC", "document_number": "1.020.304.050", "email": "mafe.rodriguez@example.org",
    },
    "marta": {"full_name": "Marta Rodríguez Díaz", "phone": "+573101112234", "birth_date": date(1980, 11, 3)},
    "mario": {"full_name": "Mario Gómez", "phone": "+576012345678", "birth_date": date(1962, 3, 4)},
    "jose": {"full_name": "José de la Cruz Peña", "phone": "+573209998877", "birth_date": date(2019, 2, 28)},
    "oneil": {"full_name": "Siobhán O’Neil-Ñáñez", "phone": "+353871234567"},
    "wang": {"full_name": "王小明", "phone": "+8613812345678"},
    "xiomara": {
        "first_name": "Xiomara", "last_name": "Jiménez", "document_type": "PA", "document_number": "AB 123456-K",
    },
    "gimenez": {"full_name": "Jorge Giménez", "email": "jorge@example.org"},
    "groß": {"full_name": "Jürgen Groß", "phone": "+4915112345678"},
    "li": {"full_name": "Li Wu", "phone": "+573005556677"},
    "emoji": {"full_name": "😀", "phone": "+573005556688"},
    "ivan": {"full_name": "Иван Петров", "phone": "+573005556699"},
    "luz": {"full_name": "Luz Marina Quintero", "document_type": "DNI", "document_number": "87654321"},
    "noelia": {"full_name": "Noelia Quintero", "phone": "+573005556611", "phone_alt": "+573118887766"},
}  # fmt: skip


def enrol() -> dict[Any, str]:
    """Put them all into the register; their names by id."""
    return {actions.create(fields=fields, by=SYSTEM).id: name for name, fields in REGISTER.items()}
