"""bridge beside what one would use instead: on the same servers, for the same work.

    python -m benchmarks.peers [--records 20000] [--jobs 5000] [--rounds 5] [--only records,queues]

**Records** (`records`): customers of the Salesforce sandbox are brought into the Odoo sandbox, then one in a hundred is
changed and it is done again. Each tool is a program of its own, as its documentation recommends it: pages of 2,000,
batches of 500, its own way of reading only what is new. `naive_script` makes a call for each record. All but bridge
move one way, keep no link between the two records, compare nothing, and do not see what was changed in the target.

**Queues** (`queues`): the same number of jobs that do nothing, put in before, worked off by one worker. bridge's are
entries of its outbox, claimed and finished by two hundred; the others take and finish one job at a time.

A tool that is not installed (`pip install '.[bench]'`), or that fails, has its row too, with the reason.
"""
