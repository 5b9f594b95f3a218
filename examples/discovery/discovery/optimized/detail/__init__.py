"""`GET /v1/locations/{id}/detail`: one location with its items, for one user and day."""
