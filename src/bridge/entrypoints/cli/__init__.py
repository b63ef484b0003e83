"""The command line: `bridge`."""

from bridge.entrypoints.cli.app import main

__all__ = ["main"]
