"""All pages of the shop."""

from shop.views import admin, authors, books, customers, orders, repeats, reports, warehouses

BLUEPRINTS = (
    admin.pages,
    authors.pages,
    books.pages,
    customers.pages,
    orders.pages,
    repeats.pages,
    reports.pages,
    warehouses.pages,
)
