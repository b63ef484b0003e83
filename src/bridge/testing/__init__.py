"""For authors of adapters: the contract every adapter keeps, as a suite of tests, and the harness it needs.

The tests of an adapter are one short file (pytest collects the inherited tests):

    import pytest
    from bridge.testing.contract import AdapterContract
    from bridge.testing.harness import Features
    from bridge.testing.sandbox import SandboxHarness

    class Acme(SandboxHarness):
        sandbox = "acme"                                    # bridge.sandbox.acme, served over real HTTP
        spec = ObjectSpec("customer", "Customer", "bridge_id", (FieldSpec("name"), FieldSpec("note")))
        features = Features(text="note", limited=("name", 140))
        secrets = ("s3cret",)
        operations = {"read": "list *", "create": "create *", "update": "update *", "delete": "delete *"}

        def make(self, url):                                # an adapter with good credentials
            return acme.make("acme", {"url": url, "token": self.secrets[0]})

        def sample(self, n):                                # what the system keeps unchanged; differs for every n
            return {"name": f"Acme {n}", "note": f"note {n}"}

    class TestAcme(AdapterContract):
        kind = acme.make                                    # says the level: reads, writes or deletes

        @pytest.fixture
        def h(self):
            with Acme() as harness:
                yield harness

With `-p bridge.testing.report` pytest says at its end which level each adapter passes. `bridge adapters new` writes all
this.

A system without a sandbox implements `bridge.testing.harness.Harness` itself. What a system cannot simulate is skipped
with the reason; what it does differently on purpose is an overridden test that says why.
"""
