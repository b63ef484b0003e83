"""A migration at size: memory, kills, equality, duplicates, and its pace beside the bare wire."""
