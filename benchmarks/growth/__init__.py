"""Does a cycle cost what has changed, or what there is? The same work beside 10,000, 100,000 and 1,000,000 records.

    python -m benchmarks.growth [--sizes 10000,100000,1000000] [--changed 1000] [--rounds 5] [--postgresql 10000,100000]

1. Two sandboxes hold the `--changed` customers of whom something happens, and bridge links them (`__main__`).
2. The store is filled with rows like theirs up to the size: golden records, links, shadows, match keys (`fill`).
3. All sizes in turns, each turn a process of its own, which runs cycles with nothing changed, and afterwards the same
   with cycles in which each of those customers has changed in one field and is written to the other system; processor
   time, wall time, calls, and the peak of its memory (`measured`).
"""
