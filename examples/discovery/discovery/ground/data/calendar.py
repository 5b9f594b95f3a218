"""Bookings, blocks and holidays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from discovery.ground.data import words
from discovery.ground.data.people import DAYS, FIRST_DAY
from discovery.ground.data.world import World
from discovery.settings import BENCH_DATE

BENCH_DAY = (BENCH_DATE - FIRST_DAY).days
BENCH_SHARE = 0.015  # of the bookings and blocks lie on the bench date, which would have 0.1 % otherwise
LOW_ITEMS = 1.3  # exponent: items with low ids are booked more often
STATUSES = ("confirmed",) * 85 + ("pending",) * 9 + ("cancelled",) * 6
SOURCES = ("app", "app", "web", "web", "web", "desk", "partner")
REASONS = ("maintenance", "cleaning", "private event", "water damage", "inventory")
YEARS = (2025, 2026, 2027)

# country, month, day, name; fixed days only, written down and never drawn: a drawn one once fell on the bench date.
HOLIDAYS = tuple(
    [
        (country, month, day, name)
        for country in ("PT", "DE", "GB", "FR", "ES", "NL", "IT", "AT", "DK", "SE", "IE")
        for month, day, name in ((1, 1, "New Year's Day"), (12, 25, "Christmas Day"), (12, 26, "Second Christmas Day"))
    ]
    + [
        ("PT", 4, 25, "Dia da Liberdade"),
        ("PT", 5, 1, "Dia do Trabalhador"),
        ("PT", 6, 10, "Dia de Portugal"),
        ("PT", 10, 5, "Implantação da República"),
        ("PT", 11, 1, "Todos os Santos"),
        ("PT", 12, 1, "Restauração"),
        ("PT", 12, 8, "Imaculada Conceição"),
        ("PT", 12, 25, "Natal"),
        ("DE", 5, 1, "Tag der Arbeit"),
        ("DE", 10, 3, "Tag der Deutschen Einheit"),
        ("FR", 5, 1, "Fête du Travail"),
        ("FR", 5, 8, "Victoire 1945"),
        ("FR", 7, 14, "Fête nationale"),
        ("FR", 8, 15, "Assomption"),
        ("FR", 11, 11, "Armistice"),
        ("ES", 1, 6, "Epifanía"),
        ("ES", 5, 1, "Fiesta del Trabajo"),
        ("ES", 10, 12, "Fiesta Nacional"),
        ("ES", 12, 6, "Día de la Constitución"),
        ("NL", 4, 27, "Koningsdag"),
        ("NL", 5, 5, "Bevrijdingsdag"),
        ("IT", 1, 6, "Epifania"),
        ("IT", 4, 25, "Liberazione"),
        ("IT", 6, 2, "Festa della Repubblica"),
        ("AT", 10, 26, "Nationalfeiertag"),
        ("DK", 6, 5, "Grundlovsdag"),
        ("SE", 6, 6, "Sveriges nationaldag"),
        ("IE", 3, 17, "Saint Patrick's Day"),
    ]
)


def holidays(world: World, rng: Random) -> Iterator[str]:
    """Fixed days of three years; 25 December has two names in Portugal."""
    number = 0
    for year in YEARS:
        for country, month, day, name in HOLIDAYS:
            number += 1
            yield f"{number}\t{country}\t{date(year, month, day)}\t{name}\n"


def _clock() -> list[str]:
    """Texts of the minutes of two days: index 1500 is 01:00 of the day after."""
    return [f"{minute // 60 % 24:02}:{minute % 60:02}:00" for minute in range(2 * 1440)]


def _start(draw: float) -> int:
    """Minute of the day at which a booking starts: mostly 08-18 h, some before opening, some late in the evening."""
    if draw < 0.93:
        return 480 + 30 * int(draw / 0.93 * 20)
    if draw < 0.96:
        return 330 + 15 * int((draw - 0.93) / 0.03 * 10)
    if draw < 0.98:
        return 1260 + 30 * int((draw - 0.96) / 0.02 * 6)
    return 485 + 10 * int((draw - 0.98) / 0.02 * 50)


def bookings(world: World, rng: Random) -> Iterator[str]:
    """2.4 years of bookings; those of late evenings end after midnight."""
    draw, clock, texts = rng.random, _clock(), words.note_texts(rng)
    days = [str(FIRST_DAY + timedelta(days=n)) for n in range(-90, DAYS + 2)]
    starts = [_start(n / 1000) for n in range(1000)]
    lengths = (30, 60, 60, 60, 90, 90, 120, 120, 180, 240)
    items, prices, people = world.scale.items, world.item_price, world.scale.users
    for number in range(1, world.scale.bookings + 1):
        item = int(items * draw() ** LOW_ITEMS) + 1
        pick = draw()
        day = 90 + (BENCH_DAY if pick < BENCH_SHARE else int(pick * DAYS))
        start = starts[int(draw() * 1000)]
        pick = draw()
        length = lengths[int(pick * 10)]
        end = start + length
        cents = prices[item] * length // 60
        status = STATUSES[int(draw() * 100)]
        made = days[day - int(pick * 90)]
        yield (
            f"{number}\t{item}\t{int(draw() * people) + 1}"
            f"\t{days[day]} {clock[start]}\t{days[day + end // 1440]} {clock[end]}"
            f"\t{status}\t{int(pick * 97) % 9 + 1}\t{cents // 100}.{cents % 100:02}\t{SOURCES[number % 7]}"
            f"\t{texts[number % 300]}\t{made} 07:15:00\t{made} 07:15:{number % 60:02}\n"
        )


def item_blocks(world: World, rng: Random) -> Iterator[str]:
    """Hours or days in which an item cannot be had; one of seven spans several days."""
    clock = _clock()
    days = [str(FIRST_DAY + timedelta(days=n)) for n in range(-10, DAYS + 20)]
    for number in range(1, world.scale.blocks + 1):
        item = int(world.scale.items * rng.random() ** LOW_ITEMS) + 1
        pick = rng.random()
        day = 10 + (BENCH_DAY if pick < BENCH_SHARE else int(pick * DAYS))
        start = 30 * int(rng.random() * 40)
        if rng.random() < 1 / 7:
            day -= int(rng.random() * 5)
            last, end = day + 1 + int(rng.random() * 9), 30 * int(rng.random() * 48)
        else:
            last, end = day, start + 30 * (int(rng.random() * 8) + 1)
        yield (
            f"{number}\t{item}\t{days[day]} {clock[start]}\t{days[last]} {clock[end]}"
            f"\t{REASONS[int(rng.random() * 5)]}\n"
        )
