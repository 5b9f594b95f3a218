"""Cities, locations and what belongs to a location: hours, photos, amenities, restrictions."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from discovery.ground.data import words
from discovery.ground.data.world import World
from discovery.settings import DEMO_LOCATION_ID

# slug, name, country, latitude, longitude, time zone; the order is the rank by size.
CITIES = (
    ("lisbon", "Lisbon", "PT", 38.7223, -9.1393, "Europe/Lisbon"),
    ("berlin", "Berlin", "DE", 52.5200, 13.4050, "Europe/Berlin"),
    ("london", "London", "GB", 51.5074, -0.1278, "Europe/London"),
    ("paris", "Paris", "FR", 48.8566, 2.3522, "Europe/Paris"),
    ("madrid", "Madrid", "ES", 40.4168, -3.7038, "Europe/Madrid"),
    ("amsterdam", "Amsterdam", "NL", 52.3676, 4.9041, "Europe/Amsterdam"),
    ("munich", "München", "DE", 48.1351, 11.5820, "Europe/Berlin"),
    ("porto", "Porto", "PT", 41.1579, -8.6291, "Europe/Lisbon"),
    ("milan", "Milano", "IT", 45.4642, 9.1900, "Europe/Rome"),
    ("barcelona", "Barcelona", "ES", 41.3851, 2.1734, "Europe/Madrid"),
    ("hamburg", "Hamburg", "DE", 53.5511, 9.9937, "Europe/Berlin"),
    ("lyon", "Lyon", "FR", 45.7640, 4.8357, "Europe/Paris"),
    ("manchester", "Manchester", "GB", 53.4808, -2.2426, "Europe/London"),
    ("rome", "Roma", "IT", 41.9028, 12.4964, "Europe/Rome"),
    ("vienna", "Wien", "AT", 48.2082, 16.3738, "Europe/Vienna"),
    ("copenhagen", "København", "DK", 55.6761, 12.5683, "Europe/Copenhagen"),
    ("stockholm", "Stockholm", "SE", 59.3293, 18.0686, "Europe/Stockholm"),
    ("dublin", "Dublin", "IE", 53.3498, -6.2603, "Europe/Dublin"),
    ("valencia", "València", "ES", 39.4699, -0.3763, "Europe/Madrid"),
    ("cologne", "Köln", "DE", 50.9375, 6.9603, "Europe/Berlin"),
    ("rotterdam", "Rotterdam", "NL", 51.9244, 4.4777, "Europe/Amsterdam"),
    ("frankfurt", "Frankfurt", "DE", 50.1109, 8.6821, "Europe/Berlin"),
    ("marseille", "Marseille", "FR", 43.2965, 5.3698, "Europe/Paris"),
    ("bristol", "Bristol", "GB", 51.4545, -2.5879, "Europe/London"),
    ("turin", "Torino", "IT", 45.0703, 7.6869, "Europe/Rome"),
    ("seville", "Sevilla", "ES", 37.3891, -5.9845, "Europe/Madrid"),
    ("gothenburg", "Göteborg", "SE", 57.7089, 11.9746, "Europe/Stockholm"),
    ("aarhus", "Aarhus", "DK", 56.1629, 10.2039, "Europe/Copenhagen"),
    ("graz", "Graz", "AT", 47.0707, 15.4395, "Europe/Vienna"),
    ("leeds", "Leeds", "GB", 53.8008, -1.5491, "Europe/London"),
    ("bordeaux", "Bordeaux", "FR", 44.8378, -0.5792, "Europe/Paris"),
    ("utrecht", "Utrecht", "NL", 52.0907, 5.1214, "Europe/Amsterdam"),
    ("bologna", "Bologna", "IT", 44.4949, 11.3426, "Europe/Rome"),
    ("braga", "Braga", "PT", 41.5454, -8.4265, "Europe/Lisbon"),
    ("cork", "Cork", "IE", 51.8985, -8.4756, "Europe/Dublin"),
    ("leipzig", "Leipzig", "DE", 51.3397, 12.3731, "Europe/Berlin"),
    ("malmo", "Malmö", "SE", 55.6050, 13.0038, "Europe/Stockholm"),
    ("bilbao", "Bilbao", "ES", 43.2630, -2.9350, "Europe/Madrid"),
    ("nantes", "Nantes", "FR", 47.2184, -1.5536, "Europe/Paris"),
    ("linz", "Linz", "AT", 48.3069, 14.2858, "Europe/Vienna"),
)

# (divisor, remainder): these locations lack something; primes, so that the gaps meet in all combinations, and small
# remainders, so that the largest city has each of them at every scale.
NO_PHOTOS = (23, 3)
CLOSED_ON = {2: (11, 5), 5: (5, 2), 6: (3, 0)}

RESTRICTIONS = (
    ("access", "key card after 18:00"),
    ("age", "18+"),
    ("catering", "house caterer only"),
    ("noise", "no calls on the second floor"),
    ("noise", "no music"),
    ("pets", "no dogs"),
    ("pets", "dogs on a lead"),
    ("visitors", "at most two guests"),
)


def cities(world: World, rng: Random) -> Iterator[str]:
    """40 rows."""
    for number, (slug, name, country, lat, lng, zone) in enumerate(CITIES, 1):
        yield f"{number}\t{slug}\t{name}\t{country}\t{lat}\t{lng}\t{zone}\n"


def locations(world: World, rng: Random) -> Iterator[str]:
    """Locations around their city's centre."""
    texts = words.place_texts(rng)
    for number in range(1, world.scale.locations + 1):
        city = world.location_city[number]
        lat = round(CITIES[city - 1][3] + rng.gauss(0, 0.03), 6)
        lng = round(CITIES[city - 1][4] + rng.gauss(0, 0.04), 6)
        house = words.HOUSES[int(rng.random() * len(words.HOUSES))]
        street = words.STREETS[int(rng.random() * len(words.STREETS))]
        yield (
            f"{number}\t{city}\t{house} {number}\t{street} {int(rng.random() * 180) + 1}, {CITIES[city - 1][1]}"
            f"\t{lat}\t{lng}\t{texts[number % len(texts)]}\t{world.any_user(rng)}\t{world.location_status[number]}\n"
        )


def _closed(location: int, weekday: int) -> bool:
    if location == DEMO_LOCATION_ID:
        return weekday == 6
    divisor, remainder = CLOSED_ON.get(weekday, (1, 1))
    return location % divisor == remainder


def location_hours(world: World, rng: Random) -> Iterator[str]:
    """One row a location and weekday it is open; some close at times that no slot length divides."""
    number = 0
    for location in range(1, world.scale.locations + 1):
        for weekday in range(7):
            opens = 420 + 15 * int(rng.random() * 11)
            closes = 1020 + 15 * int(rng.random() * 21)
            if _closed(location, weekday):
                continue
            number += 1
            yield (
                f"{number}\t{location}\t{weekday}\t{opens // 60:02}:{opens % 60:02}"
                f"\t{closes // 60:02}:{closes % 60:02}\n"
            )


def location_photos(world: World, rng: Random) -> Iterator[str]:
    """Photos in positions that sometimes meet; every 23rd location has none."""
    with_photos = [n for n in range(1, world.scale.locations + 1) if n % NO_PHOTOS[0] != NO_PHOTOS[1]]
    for number in range(1, world.scale.photos + 1):
        location = with_photos[(number * 7) % len(with_photos)]
        caption = "\\N" if rng.random() < 0.4 else f"View {int(rng.random() * 9) + 1}"
        yield f"{number}\t{location}\t{int(rng.random() * 4) + 1}\t/photos/{location}/{number}.jpg\t{caption}\n"


def location_amenities(world: World, rng: Random) -> Iterator[str]:
    """Names in no order; a name may come twice."""
    for number in range(1, world.scale.amenities + 1):
        location = (number * 11) % world.scale.locations + 1
        name = words.AMENITIES[int(rng.random() * len(words.AMENITIES))]
        yield f"{number}\t{location}\t{name}\ticon-{name.replace(' ', '-')}\n"


def restrictions(world: World, rng: Random) -> Iterator[str]:
    """House rules of locations."""
    for number in range(1, world.scale.restrictions + 1):
        location = int(rng.random() * world.scale.locations) + 1
        kind, value = RESTRICTIONS[int(rng.random() * len(RESTRICTIONS))]
        yield f"{number}\t{location}\t{kind}\t{value}\n"
