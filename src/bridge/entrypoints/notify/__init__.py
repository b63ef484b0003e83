"""Notifications: people are told by mail or in a chat of what waits for them. A courtesy; nothing depends on it."""
