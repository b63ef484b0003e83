"""The command line: `bridge`."""


def main() -> None:
    """Entry point of the `bridge` program."""
    from bridge.entrypoints.cli.app import app  # here, so that the demo can use parts of this package

    app()
