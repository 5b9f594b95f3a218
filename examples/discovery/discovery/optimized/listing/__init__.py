"""`GET /v1/discovery`: items to book, filtered, in order, a page at a time."""
