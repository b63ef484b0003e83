"""Chaos: four workers on one PostgreSQL store, one killed every few seconds, while users edit in all systems."""
