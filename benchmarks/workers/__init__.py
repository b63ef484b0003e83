"""How much more several workers write, and how soon: 1, 2 and 4 `bridge run` on one PostgreSQL store.

    python -m benchmarks.workers

All are real processes over real HTTP: the workers, three sandboxes, PostgreSQL. It is measured twice: beside sandboxes
that answer as fast as they can, where the processor is the narrow place, and beside ones that take for each call the
time that a vendor takes (`BRIDGE_WORKERS_LATENCY`, 0.15 s), where waiting is and more workers must help.

In each of `BRIDGE_WORKERS_ROUNDS` (3) rounds, with each number of workers in turn, users have edited customers and
contacts in the CRM (`_RECORDS`, 120, beside quick sandboxes; `_VENDOR_RECORDS`, 24, beside slow ones), half of each;
the clock runs from the moment the workers, which are there already, may begin, to the moment the last of the edits has
arrived in the ERP and in finance. Then single edits (`_EDITS`, 6) are timed, found by polling every `_EVERY` (2)
seconds. At last the same with webhooks (`_HOOKED`, 8 edits) and hardly any polling. Medians of the rounds; percentiles
of all single edits, each counted in both systems.

`build/reports/workers.json`: cores, rounds, poll_every_s, and for each of `sandbox` and `vendor` latency_s, records
(that are delivered in a round) and, by number of workers, delivered_per_second, poll_p50_s, poll_p95_s, webhook_p50_s,
webhook_p95_s. Ends with 1 where more workers do not deliver more beside a slow system.
"""
