"""Puts the generated rows into a database with COPY."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from itertools import islice

import psycopg
from psycopg import sql

from discovery.ground.data.scales import Scale
from discovery.ground.data.tables import TABLES, Table, lines
from discovery.ground.data.world import World

BLOCK = 5_000  # rows sent at once
NEWS = 250_000  # rows between two lines of progress
WORTH_A_LINE = 50_000  # smaller tables load in an instant


def _blocks(rows: Iterator[str]) -> Iterator[tuple[int, str]]:
    while block := list(islice(rows, BLOCK)):
        yield len(block), "".join(block)


def _copy_table(connection: psycopg.Connection[tuple[object, ...]], table: Table, world: World) -> int:
    columns = sql.SQL(", ").join(map(sql.Identifier, table.columns.split()))
    name = sql.Identifier(table.name)
    # Emptied in the same transaction: then COPY writes no log, and FREEZE spares the first readers the hint bits.
    connection.execute(sql.SQL("TRUNCATE {}").format(name))
    done = 0
    with connection.cursor().copy(sql.SQL("COPY {} ({}) FROM STDIN WITH (FREEZE)").format(name, columns)) as target:
        for count, text in _blocks(lines(table, world)):
            target.write(text)
            if done // NEWS != (done + count) // NEWS:
                print(f"discovery:   {table.name} {done + count:,} rows ...", file=sys.stderr)
            done += count
    return done


def _set_sequence(connection: psycopg.Connection[tuple[object, ...]], table: str) -> None:
    """The next id an application gets is behind ours."""
    connection.execute(
        sql.SQL(
            "SELECT setval(pg_get_serial_sequence({0}, 'id'), (SELECT max(id) FROM {1}))"
            " WHERE pg_get_serial_sequence({0}, 'id') IS NOT NULL"
        ).format(sql.Literal(table), sql.Identifier(table))
    )


def load(url: str, seed: int, scale: Scale) -> None:
    """Fill the empty tables of a database, all in one transaction; progress goes to standard error."""
    began = time.monotonic()
    world, total = World.build(seed, scale), 0
    with psycopg.connect(url) as connection:
        for table in TABLES:
            started = time.monotonic()
            rows = _copy_table(connection, table, world)
            _set_sequence(connection, table.name)
            total += rows
            if rows >= WORTH_A_LINE:
                print(
                    f"discovery:   {table.name}: {rows:,} rows in {time.monotonic() - started:.1f} s", file=sys.stderr
                )
    print(f"discovery: {total:,} rows in {time.monotonic() - began:.1f} s", file=sys.stderr)
