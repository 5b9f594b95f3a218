from sqlalchemy import Boolean, Column, Date, ForeignKey, Integer, String, Text, func
from sqlalchemy.orm import relationship

from .database import Base, db


class Branch(Base):
    __tablename__ = "branch"
    id = Column(Integer, primary_key=True)
    name = Column(String)
    street = Column(String)

    def titles(self, *order):
        return (
            db.query(Book.id, Book.title, Book.year, Book.borrowed).filter(Book.branch_id == self.id).order_by(*order)
        )

    @property
    def alphabetical(self):
        return self.titles(Book.title, Book.id).all()

    @property
    def chronological(self):
        return self.titles(Book.year, Book.id).all()

    @property
    def newest(self):
        return self.titles(Book.year.desc(), Book.id).limit(8).all()

    @property
    def favourites(self):
        return self.titles(Book.borrowed.desc(), Book.id).limit(8).all()


class Subject(Base):
    __tablename__ = "subject"
    id = Column(Integer, primary_key=True)
    parent_id = Column(ForeignKey("subject.id"), index=True)
    name = Column(String)


class Author(Base):
    __tablename__ = "author"
    id = Column(Integer, primary_key=True)
    name = Column(String)
    country = Column(String)


class Book(Base):
    __tablename__ = "book"
    id = Column(Integer, primary_key=True)
    title = Column(String)
    isbn = Column(String)
    year = Column(Integer)
    borrowed = Column(Integer)
    subject_id = Column(ForeignKey("subject.id"), index=True)
    author_id = Column(ForeignKey("author.id"), index=True)
    branch_id = Column(ForeignKey("branch.id"), index=True)
    call_number = Column(String)
    summary = Column(Text)
    contents = Column(Text)

    author = relationship("Author")
    copies = relationship("Copy", order_by="Copy.id")


class Copy(Base):
    __tablename__ = "copy"
    id = Column(Integer, primary_key=True)
    book_id = Column(ForeignKey("book.id"), index=True)
    branch_id = Column(ForeignKey("branch.id"), index=True)
    shelf = Column(String)
    state = Column(String)


class Member(Base):
    __tablename__ = "member"
    id = Column(Integer, primary_key=True)
    name = Column(String)
    card = Column(String)
    points = Column(Integer)
    joined = Column(Date)
    branch_id = Column(ForeignKey("branch.id"), index=True)

    @property
    def owed(self):
        return db.query(func.sum(Fine.cents)).filter(Fine.member_id == self.id, Fine.paid.is_(False)).scalar() or 0


class Loan(Base):
    __tablename__ = "loan"
    id = Column(Integer, primary_key=True)
    book_id = Column(ForeignKey("book.id"), index=True)
    member_id = Column(ForeignKey("member.id"), index=True)
    branch_id = Column(ForeignKey("branch.id"), index=True)
    lent_on = Column(Date)
    due_on = Column(Date)
    returned_on = Column(Date)
    extended = Column(Integer)

    member = relationship("Member", lazy="selectin")

    @property
    def borrower(self):
        return f"{self.member.name} ({self.member.card})"

    @classmethod
    def falling_due(cls, day):
        return cls.query.filter(func.strftime("%m-%d", cls.due_on) == day.strftime("%m-%d"))

    def late(self, day):
        return self.returned_on is None and self.due_on < day


class Hold(Base):
    __tablename__ = "hold"
    id = Column(Integer, primary_key=True)
    book_id = Column(ForeignKey("book.id"), index=True)
    member_id = Column(ForeignKey("member.id"), index=True)
    branch_id = Column(ForeignKey("branch.id"), index=True)
    placed_on = Column(Date)


class Review(Base):
    __tablename__ = "review"
    id = Column(Integer, primary_key=True)
    book_id = Column(ForeignKey("book.id"), index=True)
    stars = Column(Integer)
    written_on = Column(Date)
    text = Column(Text)


class Fine(Base):
    __tablename__ = "fine"
    id = Column(Integer, primary_key=True)
    member_id = Column(ForeignKey("member.id"), index=True)
    cents = Column(Integer)
    paid = Column(Boolean)
