"""The one-off migration, on top of the engine: profile, match, plan, load, verify, report (docs/adr/0027)."""
