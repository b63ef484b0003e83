"""The outbox at work: deliver what is due, look up what is in doubt, wait where waiting helps."""
