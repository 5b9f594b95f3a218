"""Tells the CRM of bookings and cancellations, outside of requests: a queue of jobs in the application's database."""
