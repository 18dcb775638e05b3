"""The sixteen acceptance tests of metering, each under its number.

| no. | file | what it shows |
|---|---|---|
| 1 | test_01_replay.py | a thousand envelopes again: all duplicates, the same receipts, no change in the books |
| 2 | test_02_power_cut.py | killed at each step of seal, send and receipt: no number twice, no byte lost |
| 3 | test_03_cut_off.py | a month offline, then any order over two relays: the books of the online run |
| 4 | test_04_restored.py | pg_restore of an old dump: the same root, agents offer again, mirrors fill |
| 5 | test_05_fork.py, test_05_clone_program.py | a restored or cloned node: both forks kept, neither rated |
| 6 | test_06_liar.py | a tenth too much at one end: the lesser counts, a dispute with both envelopes |
| 7 | test_07_counters.py | wraps, resets, reboots: the truth within 0.1 % or flagged, never over capacity |
| 8 | test_08_first_sight.py | first seen at 5 TB: nothing is rated |
| 9 | test_09_clocks.py | 1970, three years ahead, set back: volume kept, times flagged, no other period |
| 10 | test_10_rotation.py, test_10_rotation_program.py | a new key while old batches wait; revoked ones are held |
| 11 | test_11_refused.py | bombs, double keys, NaN, 2^64, NUL, 1,001 records, wrong types: each its code |
| 12 | test_12_weak_keys.py | keys of small order and zero |
| 13 | test_13_two_agents.py | the Python and the sh agent: equal books |
| 14 | test_14_two_workers.py | two web workers, one node's batches: one chain |
| 15 | test_15_silent_at_the_close.py | silent nodes at a close: grace, head of the log, named adjustments |
| 16 | test_16_lapse.py | a quarantine without a vote ends |
"""
