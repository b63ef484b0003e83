"""Local servers that behave like Salesforce, Odoo and ERPNext, and one for a first adapter: for demos and tests."""

from bridge.sandbox.launch import NAMES, build, run

__all__ = ["NAMES", "build", "run"]
