"""Slow proofs that nothing acknowledged is lost: `python -m tests.faults`, or `make faults`.

Programs, not pytest tests: each starts the product itself, does it harm, and counts. All traffic stays on
loopback; every process they end is one that they started.
"""
