"""Box office of a small festival group: events, orders, promo codes, check-ins and payouts."""
