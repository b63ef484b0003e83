"""A company whose systems send webhooks: the configuration, `bridge setup`, and the daemon that hears them."""

from __future__ import annotations

import socket
from typing import Any

SECRETS = {
    "HOOK_FIN": "fin-secret-4f1c9d0e7a62b385",
    "HOOK_ERP_PATH": "erp-path-8b0f2c4d6e1a3957",
    "HOOK_ERP_TOKEN": "erp-token-1c3e5a7092b4d6f8",
    "HOOK_CRM_PATH": "crm-path-55aa66bb77cc88dd",
}
ORGANIZATION = "00Dq00000000001EAA"
OWN = {
    "crm": f"    webhook_path: {{env: HOOK_CRM_PATH}}\n    organization_id: {ORGANIZATION}\n",
    "erp": "    webhook_path: {env: HOOK_ERP_PATH}\n    webhook_token: {env: HOOK_ERP_TOKEN}\n",
    "fin": "    webhook_secret: {env: HOOK_FIN}\n",
}
RUN = """
run:
  every: {every}
  listen: 127.0.0.1:0
  stop_within: 20s
  webhooks:
    listen: 127.0.0.1:{port}
    url: http://127.0.0.1:{port}/hooks
"""


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def hook_up(site: Any, *, every: str = "1h", systems: tuple[str, ...] = ("crm", "erp", "fin"), more: str = "") -> str:
    """Configure webhooks and have the systems send them; the address at which the daemon will hear them."""
    port = free_port()
    site.environment.update(SECRETS)
    file = site.folder / "bridge.yaml"
    text = file.read_text()
    for system in systems:
        text = text.replace(f"  {system}:\n", f"  {system}:\n{OWN[system]}", 1)
    file.write_text(text + RUN.format(every=every, port=port) + more)
    address = f"http://127.0.0.1:{port}/hooks"
    for system in systems:
        site.bridge("setup", system, code=1 if system == "crm" else 0)
    if "crm" in systems:
        url = f"{address}/crm/{SECRETS['HOOK_CRM_PATH']}"
        org = site.control("crm", "POST", "webhooks/outbound", object="Account", url=url)["organization"]
        assert org == ORGANIZATION, org
    return address
