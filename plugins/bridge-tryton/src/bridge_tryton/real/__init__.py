"""A real Tryton server on this machine, for the tests and the demo. Needs the extra `test`; the adapter does not."""
