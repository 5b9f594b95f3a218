"""Books and what describes them."""

from sqlalchemy import Column, ForeignKey, Table, Text, func, select
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from shop.models.foundation import Base
from shop.models.orders import OrderLine

book_tags = Table(
    "book_tags",
    Base.metadata,
    Column("book_id", ForeignKey("books.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class Author(Base):
    """A writer; the region is unknown for some."""

    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    region: Mapped[str | None]
    books: Mapped[list["Book"]] = relationship(back_populates="author", order_by="Book.id")

    @property
    def copies_sold(self) -> int:
        """Copies of all books of this author that were ordered."""
        wanted = select(func.sum(OrderLine.quantity)).join(Book, Book.id == OrderLine.book_id)
        return self.own_session.scalar(wanted.where(Book.author_id == self.id)) or 0


class Publisher(Base):
    """A publishing house."""

    __tablename__ = "publishers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    books: Mapped[list["Book"]] = relationship(back_populates="publisher", order_by="Book.id")


class Tag(Base):
    """A word that books are found by."""

    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str]


class Review(Base):
    """What a reader thought of a book."""

    __tablename__ = "reviews"
    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    stars: Mapped[int]


class Category(Base):
    """A node of the tree that books are shelved in."""

    __tablename__ = "categories"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id"))


class Book(Base):
    """A title on sale. Prices are in cents."""

    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    isbn: Mapped[str]
    title: Mapped[str]
    price_cents: Mapped[int]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    publisher_id: Mapped[int] = mapped_column(ForeignKey("publishers.id"))
    blurb: Mapped[str] = mapped_column(Text, deferred=True)
    author: Mapped[Author] = relationship(back_populates="books")
    publisher: Mapped[Publisher] = relationship(back_populates="books")
    tags: Mapped[list[Tag]] = relationship(secondary=book_tags, order_by=Tag.id)
    reviews: Mapped[list[Review]] = relationship(order_by=Review.id)
    tag_labels: AssociationProxy[list[str]] = association_proxy("tags", "label")
    review_count: Mapped[int] = column_property(
        select(func.count(Review.id)).where(Review.book_id == id).correlate_except(Review).scalar_subquery()  # noqa: A003
    )

    @property
    def average_stars(self) -> float | None:
        """Mean of the stars given, None without a review."""
        reviews = self.reviews
        return sum(review.stars for review in reviews) / len(reviews) if reviews else None

    @property
    def price(self) -> str:
        """The price as text."""
        return f"{self.price_cents / 100:.2f}"
