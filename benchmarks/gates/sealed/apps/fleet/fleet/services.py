"""Calls to the gateway."""

import os
from concurrent.futures import ThreadPoolExecutor

import requests

http = requests.Session()


def ask(what: str, **query):
    response = http.get(f"{os.environ['FLEET_GATEWAY']}/{what}", params=query, timeout=5)
    response.raise_for_status()
    return response.json()


def position(vehicle_id: int) -> dict:
    return ask("position", vehicle=vehicle_id)


def all_positions(ids: list[int], size: int = 50) -> list[dict]:
    found = []
    for first in range(0, len(ids), size):
        found += ask("positions", vehicles=",".join(map(str, ids[first : first + size])))
    return found


def weather(place: str) -> dict:
    return ask("weather", at=place)


def traffic(place: str) -> dict:
    return ask("traffic", at=place)


def traffic_in(zone: str) -> dict:
    return ask("traffic", zone=zone)


def fuel(place: str) -> dict:
    return ask("fuel", at=place)


def together(**calls) -> dict:
    with ThreadPoolExecutor(len(calls)) as pool:
        running = {name: pool.submit(call) for name, call in calls.items()}
        return {name: future.result() for name, future in running.items()}


def diagnose(vehicle_id: int) -> list[str]:
    return ask("diagnose", vehicle=vehicle_id)["codes"]
