"""The stages of a migration at work, and its report as a page (`bridge migrate`)."""
