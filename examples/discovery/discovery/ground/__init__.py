"""What the platform stands on: its virtual environment, PostgreSQL, the data, and the processes."""
