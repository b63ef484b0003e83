"""The few types and protocols that engine, adapters and store share. Read `adapter` first, then `errors`."""
