"""An index as its model declares it, so that Alembic, comparing models with the database, does not drop it again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from subsecond.fix.fixer import Code, RefusedError
from subsecond.fix.revisions import source_folders
from subsecond.fix.source import Edits, Source, Statement, below, code, parsed
from subsecond.model.database import System
from subsecond.model.entity import Entity
from subsecond.model.index import IndexSpec

ARGS = "__table_args__"
WIDTH = 88
"""Of a line: the default of Black and Ruff."""
_NO_PLAIN_TEXT = re.compile(r"(?<![:\w]):\w|\\")
"""What SQLAlchemy's `text()` takes for a parameter, or for the mark that it is none."""
_Value = tuple[cst.SimpleStatementLine, cst.BaseExpression | None]


def declared(project: Code, spec: IndexSpec, system: System) -> tuple[str, str]:
    """The file with the table's model, and its text with the index in the model's `__table_args__`.

    Raises RefusedError, and the model is left alone, where it is not certain that this declares the index that is
    built. What must hold: one class of the project's own source, at the top of its file, has the table with all columns
    of the index; its `__table_args__` stand there as a tuple or a dictionary, or it has none, inherited ones neither,
    which new ones would hide; all keys are columns. An expression is left out: Alembic compares it with how PostgreSQL
    writes it back, which is known only there, and cannot see it on SQLite. So are SQLite's collations, and an operator
    class with DESC.
    """
    entity = _entity(project, spec)
    source, model = _class(project, entity)
    if spec.name() in source.text:
        raise RefusedError(f"{source.file} names {spec.name()} already")
    edits = Edits(source)
    arguments = _arguments(edits, model, spec, system)
    callee = _called(edits, model, "Index")
    existing = _existing(source, model)
    if existing is None:
        _nothing_inherited(project)
        indent = source.module.default_indent
        call = _call(callee, arguments, indent, indent)
        _first(edits, model, [f"{ARGS} = (", f"{indent}{call},", ")"])  # lines of its own: more indexes may come
    else:
        edits.replaced[existing] = _with_index(source, existing, callee, arguments)
    return source.file, edits.result()


def _entity(project: Code, spec: IndexSpec) -> Entity:
    """The class that makes the table: of several with one table, the one that the others inherit it from."""
    own = [one for one in project.entities if one.table == spec.table]
    names = {one.name for one in own}
    found = [one for one in own if one.parent not in names]
    if len(found) != 1:
        raise RefusedError(f"{len(found) or 'no'} mapped classes make the table {spec.table}")
    known = {one.name for one in found[0].columns if one.table == spec.table}
    for name in (*spec.columns, *spec.include):
        if name is None:
            raise RefusedError("a key is an expression")
        if name not in known:
            raise RefusedError(f"{found[0].short} maps no column {name}")
    return found[0]


def _class(project: Code, entity: Entity) -> tuple[Source, cst.ClassDef]:
    module, _, name = entity.name.partition(":")
    path = "/" + module.replace(".", "/")
    files = [file for file in _files(project) if f"/{file}".endswith((f"{path}.py", f"{path}/__init__.py"))]
    sources = [parsed(file, project.text(file)) for file in files]
    found = [(one, each) for one in sources for each in _classes(one.module) if each.name.value == name]
    if len(found) != 1:
        raise RefusedError(f"{len(found) or 'no'} classes in the project's source are {entity.name}")
    [(source, model)] = found
    if _values(model, "__table__"):
        raise RefusedError(f"{source.where(model)}: {name} has a table made elsewhere")
    for _, value in _values(model, "__tablename__"):
        said = value.evaluated_value if isinstance(value, cst.SimpleString) else None
        if isinstance(said, str) and said != (entity.table or "").rpartition(".")[2]:
            raise RefusedError(f"{source.where(model)}: {name} has another table now, {said}")
    for call in _columns(model):
        if any(one.keyword is not None and one.keyword.value == "key" for one in call.args):
            raise RefusedError(f"{source.where(call)}: a column with a key, by which an index would have to name it")
    return source, model


def _classes(module: cst.Module) -> Iterator[cst.ClassDef]:
    return (one for one in module.body if isinstance(one, cst.ClassDef))


def _files(project: Code) -> Iterator[str]:
    """The project's own modules, by their paths from its folder."""
    for folder in source_folders(project.root):
        yield from (path.relative_to(project.root).as_posix() for path in sorted(folder.glob("*.py")))


def _values(model: cst.ClassDef, name: str) -> list[_Value]:
    """The lines of the class's own body that give a name its value, with the values."""
    found = list[_Value]()
    for line in model.body.body:
        if not isinstance(line, cst.SimpleStatementLine):
            continue
        for one in line.body:
            if isinstance(one, cst.Assign):
                targets = [each.target for each in one.targets]
            elif isinstance(one, cst.AnnAssign):
                targets = [one.target]
            else:
                continue
            if any(isinstance(each, cst.Name) and each.value == name for each in targets):
                found.append((line, one.value))
    return found


def _mentions(node: cst.CSTNode) -> list[cst.Name]:
    return [one for one in below(node, cst.Name) if one.value == ARGS]


def _existing(source: Source, model: cst.ClassDef) -> cst.Tuple | cst.Dict | None:
    """The value of the class's own `__table_args__`, None where it has none."""
    if not _mentions(model):
        return None
    values = [value for _, value in _values(model, ARGS)]
    if len(values) != 1 or len(_mentions(model)) != 1 or not isinstance(values[0], cst.Tuple | cst.Dict):
        raise RefusedError(f"{source.where(model)}: {ARGS} of {model.name.value} is no plain tuple or dictionary")
    return values[0]


def _nothing_inherited(project: Code) -> None:
    """Raises RefusedError where something else than a mapped class sets or reads `__table_args__`: models may inherit
    from it, and would no longer. What a mapped class sets, no other inherits."""
    mapped = {one.short for one in project.entities}
    for file in _files(project):
        text = project.text(file)
        if ARGS not in text:
            continue
        source = parsed(file, text)
        for mention in _mentions(source.module):
            holder = next((one for one in source.above(mention) if isinstance(one, cst.ClassDef)), None)
            if holder is None or not (holder.name.value in mapped or _values(holder, "__tablename__")):
                raise RefusedError(f"{source.where(mention)}: {ARGS} that the model may inherit")


def _columns(model: cst.ClassDef) -> Iterator[cst.Call]:
    """The calls that make the class's columns."""
    calls = below(model, cst.Call)
    return (one for one in calls if code(one.func).rpartition(".")[2] in ("Column", "mapped_column"))


def _called(edits: Edits, model: cst.ClassDef, name: str) -> str:
    """How the class calls something of SQLAlchemy: as it calls its columns (`db.Column`), else by a plain name, which
    an edit imports."""
    source = edits.source
    for call in _columns(model):
        if isinstance(call.func, cst.Attribute):
            holder = code(call.func.value)
            # Flask-SQLAlchemy's object has all names, sqlalchemy.orm of these two has mapped_column only
            of_orm = source.names.get(holder.partition(".")[0], ("",))[0].partition(".")[0] == "sqlalchemy"
            if call.func.attr.value == "Column" or not of_orm:
                return f"{holder}.{name}"
    whole = next((one for one in source.at_top if source.names[one] == ("sqlalchemy", "")), None)
    return f"{whole}.{name}" if whole is not None else edits.use("sqlalchemy", name)


def _arguments(edits: Edits, model: cst.ClassDef, spec: IndexSpec, system: System) -> list[str]:
    """What stands in the parentheses of `Index(…)` for what the migration builds."""
    found, operators = [_literal(spec.name())], list[str]()
    for key in spec.keys:
        assert key.column is not None
        text = _literal(key.column)
        if key.operators is not None:
            if system != "postgresql" or key.descending:
                raise RefusedError(f"the key {key.text} is none that a model says for certain")
            operators.append(f"{text}: {_literal(key.operators)}")
        # text("… DESC") would do for PostgreSQL; on SQLite, Alembic has to see which column it is
        found.append(f"{_called(edits, model, 'column')}({text}).desc()" if key.descending else text)
    include = [_literal(name) for name in spec.include]
    if system != "postgresql":
        found += include  # they are its last keys
    elif include:
        found.append(f"postgresql_include=[{', '.join(include)}]")
    if system == "postgresql" and spec.method is not None:
        found.append(f"postgresql_using={_literal(spec.method)}")
    if operators:
        found.append(f"postgresql_ops={{{', '.join(operators)}}}")
    if spec.where is not None:
        if _NO_PLAIN_TEXT.search(spec.where):
            raise RefusedError(f"text() would read {spec.where} otherwise")
        found.append(f"{system}_where={_called(edits, model, 'text')}({_literal(spec.where)})")
    return found


def _literal(text: str) -> str:
    """The text as Python writes it, in double quotes where it holds nothing to escape."""
    return f'"{text}"' if text.isprintable() and '"' not in text and "\\" not in text else repr(text)


def _call(callee: str, arguments: Sequence[str], indent: str, before: str) -> str:
    """The call on a line of its own in a class's body, `before` behind the body's indentation; on several if longer."""
    line = f"{callee}({', '.join(arguments)})"
    if len(indent) + len(before) + len(line) < WIDTH:
        return line
    return "\n".join([f"{callee}(", *(f"{before}{indent}{one}," for one in arguments), f"{before})"])


def _first(edits: Edits, model: cst.ClassDef, lines: Sequence[str]) -> None:
    """Statements behind the table's name, else at the top of the class, behind its docstring."""
    if not isinstance(model.body, cst.IndentedBlock):
        raise RefusedError(f"{edits.source.where(model)}: {model.name.value} is written on one line")
    names = _values(model, "__tablename__")
    body: Sequence[Statement] = [one for one in model.body.body if isinstance(one, Statement)]
    described = model.get_docstring(clean=False) is not None
    if names:
        edits.append(names[-1][0], lines)
    elif described and len(body) == 1:
        edits.append(body[0], lines)
    else:
        edits.insert(body[1 if described else 0], lines)


def _with_index(source: Source, existing: cst.Tuple | cst.Dict, callee: str, arguments: Sequence[str]) -> cst.Tuple:
    """The value with the index as its last item, before the options, which SQLAlchemy wants at the end."""
    config = source.module.config_for_parsing
    index = cst.Element(cst.parse_expression(f"{callee}({', '.join(arguments)})", config=config))
    space = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    if isinstance(existing, cst.Dict):
        return cst.Tuple([index.with_changes(comma=space), cst.Element(existing)])
    elements = list(existing.elements)
    if not elements:
        return existing.with_changes(elements=[index.with_changes(comma=cst.Comma())])
    last = elements[-1].value
    sure = isinstance(last, cst.Dict) or (isinstance(last, cst.Call) and code(last.func) != "dict")
    if not sure or any(isinstance(one, cst.StarredElement) for one in elements):
        raise RefusedError(f"{source.where(existing)}: it is not seen where the options stand in {ARGS}")
    before = existing.lpar[0].whitespace_after if existing.lpar else cst.SimpleWhitespace("")
    gaps = [before, *(one.comma.whitespace_after for one in elements if isinstance(one.comma, cst.Comma))]
    gap = next((_bare(one) for one in gaps if isinstance(one, cst.ParenthesizedWhitespace)), None)
    if gap is not None:
        shown = _call(callee, arguments, source.module.default_indent, gap.last_line.value)
        index = cst.Element(cst.parse_expression(shown, config=config))
    between = space if gap is None else cst.Comma(whitespace_after=gap)
    if isinstance(last, cst.Dict):
        return existing.with_changes(elements=[*elements[:-1], index.with_changes(comma=between), elements[-1]])
    # a comment at the end of the last line stays on it
    end = existing.rpar[-1].whitespace_before if existing.rpar else cst.SimpleWhitespace("")
    own = elements[-1].comma if len(elements) > 1 else cst.MaybeSentinel.DEFAULT
    if gap is not None and isinstance(end, cst.ParenthesizedWhitespace):
        between = cst.Comma(whitespace_after=end.with_changes(last_line=gap.last_line, indent=gap.indent))
        closing = existing.rpar[-1].with_changes(whitespace_before=_bare(end))
        own, existing = cst.Comma(), existing.with_changes(rpar=[*existing.rpar[:-1], closing])
    elements[-1] = elements[-1].with_changes(comma=between)
    return existing.with_changes(elements=[*elements, index.with_changes(comma=own)])


def _bare(space: cst.ParenthesizedWhitespace) -> cst.ParenthesizedWhitespace:
    """The line break alone, without comments and empty lines."""
    return space.with_changes(first_line=cst.TrailingWhitespace(), empty_lines=[])
