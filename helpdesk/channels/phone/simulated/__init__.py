"""A simulated exchange, to try everything without a telephone system, and to make load. It has no sound,
and speaks only through the door that every adapter speaks through.

scheduling.py  invented calls -> events in the order of time (course.py, switchboard.py). Pure
callers.py     who calls
line.py        the process: lease, commands, handing in      pages.py  /phone/line: placing calls
"""
