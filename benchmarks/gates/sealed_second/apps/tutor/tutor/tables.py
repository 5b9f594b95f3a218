"""Core tables, and ORM classes for the few modules that write through a Session."""
from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
)
from sqlalchemy.orm import registry, relationship

metadata = MetaData()

settings = Table(
    "settings", metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

counters = Table(
    "counters", metadata,
    Column("name", Text, primary_key=True),
    Column("value", Integer, nullable=False),
)

subjects = Table(
    "subjects", metadata,
    Column("id", Integer, primary_key=True),
    Column("code", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("hourly_rate", Numeric(8, 2)),
    Column("retired", Boolean, nullable=False),
)

tutors = Table(
    "tutors", metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("city", Text),
    Column("hired_on", Date, nullable=False),
    Column("rating", Numeric(3, 2)),
    Column("active", Boolean, nullable=False),
)

tutor_subjects = Table(
    "tutor_subjects", metadata,
    Column("tutor_id", ForeignKey("tutors.id"), primary_key=True),
    Column("subject_id", ForeignKey("subjects.id"), primary_key=True),
    Column("since", Date),
)

users = Table(
    "users", metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("tutor_id", ForeignKey("tutors.id")),
    Column("language", Text),
)

terms = Table(
    "terms", metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
)

pupils = Table(
    "pupils", metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("guardian_id", ForeignKey("users.id")),
    Column("mentor_id", ForeignKey("tutors.id")),
    Column("school_year", Integer),
    Column("born_on", Date),
    Column("balance", Numeric(10, 2), nullable=False),
    Column("note", Text),
)

lessons = Table(
    "lessons", metadata,
    Column("id", Integer, primary_key=True),
    Column("subject_id", ForeignKey("subjects.id"), nullable=False),
    Column("tutor_id", ForeignKey("tutors.id"), nullable=False),
    Column("term_id", ForeignKey("terms.id")),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("room", Text),
    Column("status", Text, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("seats_taken", Integer, nullable=False),
    Column("price", Numeric(8, 2), nullable=False),
    Index("lessons_tutor_starts", "tutor_id", "starts_at"),
    Index("lessons_starts", "starts_at"),
)

attendance = Table(
    "attendance", metadata,
    Column("id", Integer, primary_key=True),
    Column("lesson_id", ForeignKey("lessons.id"), nullable=False, index=True),
    Column("pupil_id", ForeignKey("pupils.id"), nullable=False, index=True),
    Column("state", Text),
    Column("minutes_late", Integer),
)

payments = Table(
    "payments", metadata,
    Column("id", Integer, primary_key=True),
    Column("pupil_id", ForeignKey("pupils.id"), nullable=False, index=True),
    Column("amount", Numeric(10, 2), nullable=False),
    Column("method", Text),
    Column("paid_at", DateTime(timezone=True), nullable=False, index=True),
    Column("reference", Text),
    Column("receipt", Integer),
)

grades = Table(
    "grades", metadata,
    Column("id", Integer, primary_key=True),
    Column("pupil_id", ForeignKey("pupils.id"), nullable=False, index=True),
    Column("subject_id", ForeignKey("subjects.id"), nullable=False, index=True),
    Column("term_id", ForeignKey("terms.id"), nullable=False),
    Column("mark", Integer),
    Column("weight", Numeric(4, 2), nullable=False),
    Column("given_on", Date, nullable=False),
)

messages = Table(
    "messages", metadata,
    Column("id", Integer, primary_key=True),
    Column("sender_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("recipient_id", ForeignKey("users.id"), nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("body", Text),
    Column("sent_at", DateTime(timezone=True), nullable=False),
    Column("read_at", DateTime(timezone=True)),
)

audit = Table(
    "audit", metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("action", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("entity_id", Integer, nullable=False),
    Column("detail", Text),
)

mapper_registry = registry(metadata=metadata)


class Lesson:
    pass


class Attendance:
    pass


class Pupil:
    pass


class Message:
    pass


class Counter:
    pass


class AuditEntry:
    pass


mapper_registry.map_imperatively(
    Lesson, lessons,
    properties={"bookings": relationship(Attendance, order_by=attendance.c.id, back_populates="lesson")},
)
mapper_registry.map_imperatively(
    Attendance, attendance, properties={"lesson": relationship(Lesson, back_populates="bookings")}
)
mapper_registry.map_imperatively(Pupil, pupils)
mapper_registry.map_imperatively(Message, messages)
mapper_registry.map_imperatively(Counter, counters)
mapper_registry.map_imperatively(AuditEntry, audit)
