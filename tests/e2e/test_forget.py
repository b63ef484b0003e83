"""A customer deleted everywhere and forgotten: nothing of the name is left in the store, ERPNext's ids included."""

from __future__ import annotations

import json

from e2e.conftest import Site
from e2e.test_orders import fin, odoo, quiet

NAME = "Zita Zwetschgenbaum"


def test_a_person_is_forgotten(site: Site) -> None:
    site.only("customer")
    values = {"Name": NAME, "Phone": "+4915123456789"}
    account = site.seed(
        "crm", [{"object": "Account", "values": values}, {"object": "Account", "values": {"Name": "B"}}]
    )[0]
    site.sync()
    said = json.loads(site.bridge("forget", f"crm:customer:{account}", "--json", code=1))
    assert len(said["there"]) == 3
    assert f"fin:customer:{NAME}" in said["there"]
    site.control("crm", "POST", "delete", object="Account", id=account)
    odoo(site, "res.partner", "unlink", odoo(site, "res.partner", "search", domain=[["name", "=", NAME]]))
    fin(site, "DELETE", f"resource/Customer/{NAME}")
    site.bridge("sync", "--sweep", code=None)
    done = json.loads(site.bridge("forget", f"crm:customer:{account}", "--apply", "--json"))
    assert (done["applied"], done["there"], done["not_asked"]) == (True, [], {})
    site.bridge("backup", str(site.folder / "bridge.db.kept"))
    for file in site.folder.glob("bridge.db*"):
        for word in ("Zita", "zwetschg", "123456789", account):
            assert word.lower().encode() not in file.read_bytes().lower(), (file.name, word)
    quiet(site)
