"""Days of simulated life in minutes: users, faults, kills, clock jumps and changes of schema, all from one seed.

    PYTHONPATH=tests .venv/bin/python -m reliability.soak --days 10 --seed 7

One thread does everything, and no decision looks at the wall clock, so a seed repeats the whole history.
"""
