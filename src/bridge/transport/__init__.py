"""What adapters share of HTTP; only adapters import it. One class to read: `session.PooledSession`."""
