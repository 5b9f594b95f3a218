CREATE INDEX orders_day ON orders (day);
