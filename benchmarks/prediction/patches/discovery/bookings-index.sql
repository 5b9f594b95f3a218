CREATE INDEX bookings_item_id ON bookings (item_id);
