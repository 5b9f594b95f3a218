"""Pools of sentences, so that texts have the length and the look of real ones."""

from __future__ import annotations

from random import Random

FIRST_NAMES = (
    "Ana",
    "João",
    "Marta",
    "Erik",
    "Chloé",
    "Lukas",
    "Zoë",
    "Ivan",
    "Sofia",
    "Noah",
    "Léa",
    "Björn",
    "Inês",
    "Tomás",
    "Freya",
    "Mateo",
    "Ada",
    "Jonas",
    "Olga",
    "Karim",
    "Mei",
    "Tariq",
    "Nina",
    "Paul",
)
LAST_NAMES = (
    "Silva",
    "Müller",
    "Okafor",
    "Novák",
    "Larsen",
    "García",
    "Rossi",
    "Dubois",
    "Costa",
    "Kowalski",
    "Haas",
    "Nguyen",
    "Santos",
    "Fischer",
    "O'Brien",
    "Petrov",
    "Lindqvist",
    "Moreau",
    "Bianchi",
    "Tan",
)
COMPANIES = (
    "Northwind Studio",
    "Blue Kite",
    "Orchard & Sons",
    "Tidal Works",
    "Paper Lantern",
    "Quarry Labs",
    "Hollow Tree Media",
    "Ferry Street",
    "Maple Ledger",
    "Copper Line",
    "Second Harbour",
    "Fjord Analytics",
)
STREETS = (
    "Market Street",
    "Rua do Século",
    "Mill Lane",
    "Harbour Road",
    "Kastanienallee",
    "Rue des Lilas",
    "Via Garibaldi",
    "Long Acre",
    "Station Square",
    "Calle Mayor",
    "Canal Walk",
    "Foundry Yard",
)
HOUSES = (
    "Foundry",
    "Atelier",
    "Lighthouse",
    "Harbour House",
    "Old Mill",
    "Print Works",
    "Glasshouse",
    "Arcade",
    "Courtyard",
    "Depot",
    "Loft",
    "Observatory",
    "Conservatory",
    "Warehouse",
    "Exchange",
    "Tannery",
)
AMENITIES = (
    "coffee",
    "wifi",
    "bike parking",
    "showers",
    "terrace",
    "printer",
    "kitchen",
    "phone booths",
    "reception",
    "lockers",
    "pet friendly",
    "air conditioning",
    "lift",
    "quiet room",
    "parking",
    "garden",
)

_PLACE = (
    "Bright rooms on a quiet street, five minutes from the station.",
    "The building was a factory until the sixties and has kept its tall windows.",
    "Coffee is made downstairs by people who care about it.",
    "Two floors are for silent work, the others are not.",
    "Deliveries are taken in at the desk until six in the evening.",
    "There is a terrace with shade in the afternoon.",
    "The lift reaches every floor but the roof.",
    "Meeting rooms have screens, whiteboards and a door that closes.",
    "Members keep their key card; guests ring the bell.",
    "Bicycles are parked in the yard, cars around the corner.",
)
_THING = (
    "Seats are adjustable and the light can be dimmed.",
    "A screen, a camera and a whiteboard are in place.",
    "Close to the kitchen, far from the stairs.",
    "Power at every seat and a window to open.",
    "The desk is cleaned every evening.",
    "Please leave it as you found it.",
    "Good for calls: the walls are thick.",
)
_OPINION = (
    "Quiet in the morning, lively after lunch.",
    "The coffee alone is worth the visit.",
    "Check-in took a while but people were kind.",
    "Chairs could be better, the light could not.",
    "We came for a workshop and stayed for the terrace.",
    "Wifi never failed us.",
    "A bit warm in August.",
    "Would book again without thinking.",
)
_NOTE = (
    "Needs the projector and six more chairs.",
    "Guest arrives by bicycle, needs a parking spot.",
    "Invoice goes to the head office.",
    "Same set-up as last time, please.",
    "Half the group joins by video.",
    "Vegetarian lunch for two.",
)


def _pool(rng: Random, sentences: tuple[str, ...], length: int, size: int) -> list[str]:
    """Texts of about the given length in bytes, each made of sentences in a random order."""
    texts = []
    for _ in range(size):
        text = ""
        while len(text) < length:
            text += " " * bool(text) + sentences[int(rng.random() * len(sentences))]
        texts.append(text)
    return texts


def place_texts(rng: Random) -> list[str]:
    """Descriptions of locations, about 400 bytes."""
    return _pool(rng, _PLACE, 375, 200)


def thing_texts(rng: Random) -> list[str]:
    """Descriptions of items, about 200 bytes."""
    return _pool(rng, _THING, 180, 500)


def opinion_texts(rng: Random) -> list[str]:
    """Bodies of reviews, about 130 bytes."""
    return _pool(rng, _OPINION, 115, 500)


def note_texts(rng: Random) -> list[str]:
    """Notes of bookings, about 80 bytes."""
    return _pool(rng, _NOTE, 65, 300)
