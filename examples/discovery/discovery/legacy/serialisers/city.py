"""Cities."""

from discovery.models import City


def serialise_city(city: City) -> dict[str, str]:
    """A city as clients see it."""
    return {"slug": city.slug, "name": city.name, "country": city.country, "timezone": city.timezone}
