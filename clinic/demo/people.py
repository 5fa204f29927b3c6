"""Plausible people and things, the same for the same seed. Nobody here exists; phones are of ranges that look right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

GIVEN = {
    "CO": {
        "female": (
            "María José,Luz Marina,Ana Lucía,Daniela,Paola,Valentina,Camila,Gloria Inés,Isabella,Yolanda,Laura Sofía,"
            "Ángela,Marcela,Adriana,Beatriz"
        ),
        "male": (
            "Carlos Andrés,Juan Sebastián,Jorge Iván,Andrés Felipe,Santiago,Luis Fernando,Óscar,Mateo,Hernán,Nicolás,"
            "Rubén Darío,Simón,Iván,Fabián,Tomás"
        ),
    },
    "FR": {
        "female": "Élodie,Chloé,Inès,Aurélie,Camille,Zoé,Anaïs,Margaux,Fatou,Léa,Nadia,Céline,Manon,Jeanne,Sarah,Agnès",
        "male": (
            "Jean-Baptiste,Mathieu,Théo,Noé,Hugo,François,Yanis,Étienne,Bastien,Guillaume,Karim,Rémi,Loïc,Maxime,Ousmane"
        ),
    },
}
FAMILY = {
    "CO": (
        "Rodríguez,Gómez,Ñáñez,Restrepo,Londoño,Muñoz,Ibáñez,Cárdenas,Peña,Ospina,Quintero,Vélez,Zuluaga,Márquez,"
        "Buitrago,Cortés,Arango,Mejía,Pérez,Salazar,Bermúdez,Castaño,Echeverri,Giraldo,Hoyos"
    ),
    "FR": (
        "Lefèvre,Moreau,Benali,Garnier,Dubois,Le Goff,Fontaine,Diallo,Chevalier,Marchand,Roussel,Nguyen,Perrin,"
        "Blanchard,Guérin,Delacroix,Meunier,Lambert,Traoré,Picard,Leclerc,Aubry,Renaud,Colin,Haddad"
    ),
}
REASONS = (
    "Check-up", "Cough for two weeks", "Blood pressure", "Back pain", "Results of the lab", "Rash on the arm",
    "Headaches", "Follow-up", "Vaccination", "Referral", "Sleep", "Knee", "Prescription", "Certificate", "",
)  # fmt: skip
DOCUMENTS = {"CO": "CC", "FR": "NIR"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a demo clinic looks like."""

    slug: str
    name: str
    timezone: str
    country: str
    city: str
    address: str
    phone: str
    color: str
    doctors: tuple[tuple[str, str, str], ...]
    """Name, specialty code, kind: ``full``, ``half``, ``token``, ``duty`` (every day from early to late)."""


NORTH = Plan(
    "north", "North Clinic", "America/Bogota", "CO", "Bogotá", "Calle 93 # 14-20", "+576017430000", "#0f766e",
    (
        ("Jagadish Bose", "general", "full"),
        ("Rosalind Franklin Ospina", "cardiology", "full"),
        ("Gerty Cori", "pediatrics", "half"),
        ("Carlos Juan Finlay", "dermatology", "half"),
        ("Elizabeth Blackwell", "general", "duty"),
        ("Ignaz Semmelweis", "general", "token"),
    ),
)  # fmt: skip
SOUTH = Plan(
    "south", "South Clinic", "Europe/Paris", "FR", "Marseille", "12 rue de la République", "+33491000000", "#1d4ed8",
    (
        ("Françoise Barré", "general", "full"),
        ("René Laennec", "cardiology", "half"),
        ("Marie Curie", "general", "duty"),
        ("Louis Pasteur", "general", "token"),
    ),
)  # fmt: skip


def full_name(chance: Random, country: str, gender: str) -> str:
    """A name as people there bear it: two surnames in Colombia, one in France."""
    given, family = GIVEN[country][gender].split(","), FAMILY[country].split(",")
    surnames = chance.sample(family, 2 if country == "CO" else 1)
    return " ".join([chance.choice(given), *surnames])


def phone(chance: Random, country: str) -> str:
    """A mobile number in E.164."""
    if country == "CO":
        return f"+573{chance.choice('012')}{chance.randrange(10)}{chance.randrange(10**7):07d}"
    return f"+336{chance.randrange(10**8):08d}"


def document(chance: Random, country: str) -> str:
    return (
        str(chance.randrange(10_000_000, 1_200_000_000))
        if country == "CO"
        else f"{chance.randrange(10**13):013d}"
    )


def born(chance: Random, today: date) -> date:
    return today - timedelta(days=chance.randrange(30, 365 * 92))


def patients(chance: Random, country: str, count: int, today: date) -> Iterator[dict[str, Any]]:
    """The fields of *count* patients; nearly all have a phone, most a document, some an e-mail address."""
    for number in range(count):
        gender = chance.choice(("female", "male"))
        fields: dict[str, Any] = {
            "full_name": full_name(chance, country, gender),
            "birth_date": born(chance, today),
            "gender": gender,
            "phone": phone(chance, country),
        }
        if chance.random() < 0.8:
            fields |= {"document_type": DOCUMENTS[country], "document_number": document(chance, country)}
        if chance.random() < 0.4:
            fields["email"] = f"person{number}@mail.example"
        yield fields
