"""All tables of the shop."""

from shop.models.catalogue import Author, Book, Category, Publisher, Review, Tag, book_tags
from shop.models.foundation import Base
from shop.models.orders import Coupon, Order, OrderLine, Payment
from shop.models.people import Address, Contact, Customer, Note, Supplier, Visit
from shop.models.records import AuditEntry, PageView, Setting, TaxRate
from shop.models.warehouse import Shelf, Stock, Warehouse

__all__ = [
    "Address",
    "AuditEntry",
    "Author",
    "Base",
    "Book",
    "Category",
    "Contact",
    "Coupon",
    "Customer",
    "Note",
    "Order",
    "OrderLine",
    "PageView",
    "Payment",
    "Publisher",
    "Review",
    "Setting",
    "Shelf",
    "Stock",
    "Supplier",
    "Tag",
    "TaxRate",
    "Visit",
    "Warehouse",
    "book_tags",
]
