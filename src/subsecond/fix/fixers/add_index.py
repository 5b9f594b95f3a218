"""Fixer: an index that is missing becomes a migration, and part of the model."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import ClassVar

from subsecond.fix import revisions
from subsecond.fix.fixer import Code, Draft, RefusedError, fixer
from subsecond.fix.table_args import declared
from subsecond.model.audit import Audit
from subsecond.model.database import System
from subsecond.model.finding import Finding
from subsecond.model.index import IndexSpec
from subsecond.sql import migrations
from subsecond.sql.dialect import create_index_sql

SQL_FOLDER = "indexes"
"""Where the statements go in a project without Alembic."""


@fixer
class AddIndex:
    """An index as an Alembic revision on the head, built outside a transaction; else as SQL to run (catalogue F21).

    With the revision comes the index in the model's `__table_args__`, under the same name: what no model declares, the
    next `alembic revision --autogenerate` drops. A model where that cannot be written for certain (an index over an
    expression, a class that is not found, computed arguments) is left alone, and the summary says why.

    What must hold: the finding carries the index; the migrations have one head; none of them has the same index.
    """

    kinds: ClassVar[tuple[str, ...]] = ("missing-index", "non-sargable-predicate")

    def draft(self, finding: Finding, audit: Audit, code: Code) -> Draft:
        parameters = next((one.parameters for one in finding.experiments if one.fix == "index"), None)
        if parameters is None:
            raise RefusedError(f"{finding.file}:{finding.line}: {finding.untestable or 'the finding names no index'}")
        try:
            spec = IndexSpec.of(parameters)
        except ValueError as problem:
            raise RefusedError(f"{finding.file}:{finding.line}: {problem}") from None
        system = _system(finding, spec)
        versions = revisions.folder(code.root)
        if versions is None:
            file = f"{SQL_FOLDER}/{spec.name()}.sql"
            if (code.root / file).exists():
                raise RefusedError(f"{file} is there already")
            return Draft(files={file: migrations.sql(spec, system)}, summary=f"An index on {spec.text}, as SQL to run")
        file, text = _revision(code.root, versions, spec, system)
        try:
            model, edited = declared(code, spec, system)
        except RefusedError as reason:
            return Draft(files={file: text}, summary=f"An index on {spec.text}, which no model declares: {reason}")
        return Draft(files={file: text, model: edited}, summary=f"An index on {spec.text}")


def _revision(root: Path, versions: Path, spec: IndexSpec, system: System) -> tuple[str, str]:
    found = list(revisions.revisions(versions))
    for one in found:
        if spec.name() in one.path.read_text(encoding="utf-8"):
            raise RefusedError(f"{one.path.relative_to(root)} builds {spec.name()} already")
    on = revisions.head(found) if found else None
    digest = hashlib.sha256(f"{spec.text} {on.revision if on else ''}".encode()).hexdigest()[:12]
    name = revisions.following(found, digest) if found else digest
    file = versions / f"{name}_{spec.name()}.py"
    text = migrations.alembic(spec, system, revision=name, down_revision=on.revision if on else None)
    return str(file.relative_to(root)), text


def _system(finding: Finding, spec: IndexSpec) -> System:
    """The database whose statement the finding shows: only PostgreSQL's is built CONCURRENTLY."""
    shown = f"{create_index_sql(spec, 'postgresql', concurrently=True)};"
    return "postgresql" if shown in finding.evidence else "sqlite"
