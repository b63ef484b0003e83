"""The demo's company as bridge knows it: its configuration, and the secrets that stand in the environment."""

CONFIGURATION = """version: "1"
store: sqlite:///bridge.db
mappings: mappings
systems:
  crm:
    adapter: salesforce
    instance_url: {crm}
    grant: client_credentials
    client_id: {{env: BRIDGE_DEMO_CRM_ID}}
    client_secret: {{env: BRIDGE_DEMO_CRM_SECRET}}
  erp:
    adapter: odoo
    url: {erp}
    database: acme
    login: admin
    password: {{env: BRIDGE_DEMO_ERP_PASSWORD}}
  fin:
    adapter: erpnext
    url: {fin}
    api_key: {{env: BRIDGE_DEMO_FIN_KEY}}
    api_secret: {{env: BRIDGE_DEMO_FIN_SECRET}}
"""
SECRETS = {
    "BRIDGE_DEMO_CRM_ID": "bridge-client-id",
    "BRIDGE_DEMO_CRM_SECRET": "bridge-client-secret",
    "BRIDGE_DEMO_ERP_PASSWORD": "admin",
    "BRIDGE_DEMO_FIN_KEY": "key",
    "BRIDGE_DEMO_FIN_SECRET": "secret",
}
