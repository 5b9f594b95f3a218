"""Small declarative serialisers, in the manner of marshmallow."""

from .models import Loan


class Field:
    def __init__(self, attribute=None, convert=lambda value: value):
        self.attribute, self.convert = attribute, convert

    def value(self, name, _schema, row):
        return self.convert(getattr(row, self.attribute or name))


class Method(Field):
    def value(self, _name, schema, row):
        return getattr(schema, self.attribute)(row)


class Schema:
    fields = {}

    def __init_subclass__(cls):
        cls.fields = {key: value for key, value in vars(cls).items() if isinstance(value, Field)}

    def dump(self, rows):
        return [{name: field.value(name, self, row) for name, field in self.fields.items()} for row in rows]


class MemberSchema(Schema):
    id = Field()
    name = Field()
    card = Field()
    points = Field()
    since = Field("joined", str)


class ReaderSchema(MemberSchema):
    id = Field()
    name = Field()
    card = Field()
    points = Field()
    reading = Method("books_out")

    def books_out(self, member):
        return Loan.query.filter_by(member_id=member.id, returned_on=None).count()


class LoanSchema(Schema):
    id = Field()
    book = Field("book_id")
    borrower = Field()
    lent = Field("lent_on", str)
    due = Field("due_on", str)
    extended = Field()


class ReviewSchema(Schema):
    id = Field()
    stars = Field()
    on = Field("written_on", str)
    text = Field()


class Everything:
    """All columns of a row, whatever it is."""

    def dump(self, rows):
        return [{column.key: getattr(row, column.key) for column in row.__mapper__.columns} for row in rows]
