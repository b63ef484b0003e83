"""bridge beside the bare wire: the same HTTP calls, made by bridge and by a script that throws the answers away.

    python -m benchmarks.wire [--records 10000] [--rounds 5] [--stores sqlite,postgresql]

1. The sandboxes of two systems are filled, and bridge brings them in step, step by step (`company.STEPS`); each call
   and its answer are kept (`tape`).
2. A server as light as can be plays the answers back, in a process of its own (`canned`).
3. In turns, in processes of their own: the script that makes the same calls (`bare`), and bridge (`engine`). Both are
   measured in processor time, so that neither the server nor a neighbour counts.

bridge's ids and clock are those of the recording, so that it asks the same; a call that was not recorded ends the run.
"""
