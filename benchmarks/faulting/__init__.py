"""Faults under load: real processes, real kill -9, real servers that stop. Shared by tests and runs.

nursery.py   a program that forks processes of the app and forks another for each that is killed
tally.py     what a run counts, and how long things took
timers.py    steps of escalation: killed, late, all at once, with wrong clocks (F3, F12, F18, F19)
outbox.py    mails: killed workers, a Redis that forgets, stops or is full (F2, F5, F6, F7)
intake.py    complaints over HTTP: killed web processes, a database that restarts (F1, F8)
unlucky.py   transactions that PostgreSQL makes give way (F9)
restoring.py a backup under load, restored elsewhere (F27)
"""
