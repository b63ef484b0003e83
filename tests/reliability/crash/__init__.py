"""The crash matrix: bridge killed before and after every commit and every HTTP call, for every operation.

Read in this order: `stories` (what people do), `matrix` (one run), `moments` (where it is killed), `check` (what must
hold). Run it with `make crash-matrix`, or `python -m reliability.crash` in the folder `tests`.
"""
