from __future__ import annotations

import datetime as dt

from sqlalchemy import Column, Date, ForeignKey, Integer, MetaData, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

meta = MetaData()
old = MetaData()


class Base(DeclarativeBase):
    metadata = meta


depots = Table(
    "depots",
    meta,
    Column("id", Integer, primary_key=True),
    Column("name", String),
    Column("place", String),
    Column("region", String),
)
rates = Table(
    "rates", meta, Column("code", String, primary_key=True), Column("cents_per_km", Integer), Column("title", String)
)
tolls = Table("tolls", meta, Column("id", Integer, primary_key=True), Column("road", String), Column("cents", Integer))
positions = Table(
    "positions",
    meta,
    Column("id", Integer, primary_key=True),
    Column("vehicle", Integer),
    Column("minute", Integer),
    Column("speed", Integer),
)
tracks = Table(
    "tracks",
    meta,
    Column("id", Integer, primary_key=True),
    Column("vehicle", Integer, index=True),
    Column("minute", Integer),
    Column("speed", Integer),
)
zones = Table(
    "zones",
    meta,
    Column("id", Integer, primary_key=True),
    Column("parent", ForeignKey("zones.id")),
    Column("name", String),
)
totals = Table(
    "totals", meta, Column("day", Date, primary_key=True), Column("trips", Integer), Column("metres", Integer)
)
inspections = Table(
    "inspections",
    old,
    Column("id", Integer, primary_key=True),
    Column("vehicle", Integer, index=True),
    Column("day", Date),
    Column("result", String),
)


class Driver(Base):
    __tablename__ = "drivers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    licence: Mapped[str]


class Service(Base):
    __tablename__ = "services"
    id: Mapped[int] = mapped_column(primary_key=True)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey("vehicles.id"), index=True)
    day: Mapped[dt.date]
    cents: Mapped[int]


class Vehicle(Base):
    __tablename__ = "vehicles"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str]
    kind: Mapped[str]
    depot_id: Mapped[int] = mapped_column(ForeignKey("depots.id"), index=True)
    mileage: Mapped[int]
    lat: Mapped[float]
    lon: Mapped[float]
    services: Mapped[list[Service]] = relationship()

    @property
    def upkeep(self) -> int:
        return sum(service.cents for service in self.services if service.day.year >= 2025)

    def to_json(self) -> dict:
        return {
            "id": self.id,
            "label": self.label,
            "kind": self.kind,
            "mileage": self.mileage,
            "at": [self.lat, self.lon],
            "upkeep": self.upkeep,
        }


class Trip(Base):
    __tablename__ = "trips"
    id: Mapped[int] = mapped_column(primary_key=True)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey("vehicles.id"), index=True)
    driver_id: Mapped[int] = mapped_column(ForeignKey("drivers.id"), index=True)
    day: Mapped[dt.date] = mapped_column(index=True)
    hour: Mapped[int]
    metres: Mapped[int]
    rate: Mapped[str]
    closed: Mapped[bool]
    driver: Mapped[Driver] = relationship()


class Alarm(Base):
    __tablename__ = "alarms"
    id: Mapped[int] = mapped_column(primary_key=True)
    depot_id: Mapped[int] = mapped_column(ForeignKey("depots.id"), index=True)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey("vehicles.id"))
    day: Mapped[dt.date] = mapped_column(index=True)
    level: Mapped[int]
    text: Mapped[str]


class Grant(Base):
    __tablename__ = "grants"
    user: Mapped[str] = mapped_column(primary_key=True)
    depot_id: Mapped[int] = mapped_column(ForeignKey("depots.id"), primary_key=True)
