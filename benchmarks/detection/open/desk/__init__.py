"""A small shop of rooms: planted defects, and near misses that look alike and are right."""
