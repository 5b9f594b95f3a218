import datetime
import os
import random

from sqlalchemy import create_engine

from .database import Base
from .models import Author, Book, Branch, Copy, Fine, Hold, Loan, Member, Review, Subject

START = datetime.date(2026, 1, 1)
WORDS = "river winter glass garden échec stone harbour silence letter north Ödland bread sail lantern".split()
TEXT = "A book that tells what happened when nobody was looking, and what came of it. " * 8


def days(number):
    return START + datetime.timedelta(days=number)


def isbn(number, wrong=False):
    body = f"978{number:09}"
    check = (10 - sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(body))) % 10
    return body + str((check + wrong) % 10)


def tables():
    rng = random.Random(29)
    yield Branch, ({"name": f"Branch {i}", "street": f"Street {i}"} for i in range(1, 13))
    yield (
        Subject,
        ({"id": i, "parent_id": None if i <= 4 else (i - 1) // 4, "name": f"Subject {i}"} for i in range(1, 241)),
    )
    yield Author, ({"name": f"{rng.choice(WORDS).title()} {i}", "country": f"C{i % 30}"} for i in range(400))
    yield (
        Book,
        (
            {
                "title": f"{('The', 'A', 'My')[i % 3]} {rng.choice(WORDS)} {rng.choice(WORDS)} {i}",
                "isbn": isbn(i * 31, i % 61 == 0),
                "year": 1950 + i * 7 % 76,
                "borrowed": rng.randint(0, 900),
                "subject_id": i % 30 + 1,
                "author_id": rng.randint(1, 400) if i % 40 else 77,
                "branch_id": i % 12 + 1,
                "call_number": f"{'ABCDE'[i % 5]}{i % 12:02} {i:05}",
                "summary": TEXT,
                "contents": TEXT * 3,
            }
            for i in range(3000)
        ),
    )
    yield (
        Copy,
        (
            {"book_id": i % 3000 + 1, "branch_id": i % 3000 % 12 + 1, "shelf": f"S{i % 40}", "state": "good"}
            for i in range(9000)
        ),
    )
    yield (
        Member,
        (
            {
                "name": f"Reader {i * 7919 % 2500}",
                "card": f"L{i:06}",
                "points": rng.randint(0, 5000),
                "joined": days(-(i % 3000)),
                "branch_id": i % 12 + 1,
            }
            for i in range(2500)
        ),
    )
    yield (
        Loan,
        (
            {
                "book_id": rng.randint(1, 3000),
                "member_id": rng.randint(1, 2500),
                "branch_id": i % 12 + 1,
                "lent_on": days(i // 12 % 80),
                "due_on": days(i // 12 % 80 + 28),
                "returned_on": None if rng.random() < 0.1 else days(i // 12 % 80 + 20),
                "extended": i % 3,
            }
            for i in range(9000)
        ),
    )
    yield (
        Hold,
        (
            {
                "book_id": rng.randint(1, 3000),
                "member_id": rng.randint(1, 2500),
                "branch_id": i % 12 + 1,
                "placed_on": days(i % 60),
            }
            for i in range(3000)
        ),
    )
    yield (
        Review,
        (
            {
                "book_id": i % 12 + 1,
                "stars": rng.randint(1, 5),
                "written_on": days(i % 90),
                "text": TEXT[: 40 + i % 200],
            }
            for i in range(7200)
        ),
    )
    yield Fine, ({"member_id": i % 2500 + 1, "cents": rng.randint(50, 900), "paid": i % 3 == 0} for i in range(6000))


def prepare(path):
    if os.path.exists(path):
        return
    temporary = f"{path}.{os.getpid()}"
    engine = create_engine("sqlite:///" + temporary)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for model, rows in tables():
            connection.execute(model.__table__.insert(), list(rows))
    engine.dispose()
    try:
        os.link(temporary, path)
    except FileExistsError:  # another worker was quicker
        pass
    os.unlink(temporary)
