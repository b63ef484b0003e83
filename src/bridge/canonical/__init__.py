"""What a customer or a contact is: the canonical types, their normal forms, and the models built from them.

A canonical value is plain and JSON-safe: None (empty), bool, int, text, a sorted list of texts, or a dict for a group.
Decimals are text without exponent or trailing zeros ("12.5"), calendar dates "2026-01-31", instants UTC text
"2026-01-31T08:00:00Z". Text is NFC with outer blanks trimmed, and never empty: "" is None. So equal meaning is `==`.

Read `types` for the field types, `models` for the entities.
"""
