"""Local servers that behave like Salesforce, Odoo and ERPNext: for demos, tests and trying things out."""

from bridge.sandbox.launch import NAMES, build, run

__all__ = ["NAMES", "build", "run"]
