"""`python -m bridge`: the same as the program `bridge`."""

from bridge.entrypoints.cli import main

if __name__ == "__main__":
    main()
