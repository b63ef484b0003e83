"""The daemon: what runs for years. One process that reads on a timetable and writes what is due at once."""
