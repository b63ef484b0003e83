"""The sync engine: ingest, merge, plan, deliver. Read `cycle` first, then `merge.observe`.

Nothing in here names an entity, a vendor or a clock: mappings, adapters, store, time and ids are handed in.
"""
