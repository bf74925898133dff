"""What supervisors see. Every number comes with the Filter of the list behind it, and that list is
asked for with the same conditions: so both are equal.

    periods.py    from when to when, in days of the company, and the stretch to compare with
    measures.py   what is counted: name, definition, which cases, of which cases
    sources.py    where its numbers come from, and which list holds the same
    groups.py     by what it is told apart: day, channel, category ... as SQL and as Filter
    counting.py   the queries: GROUP BY with conditional sums, never a loop over tickets
    judging.py    the same of promises: how they were kept, how long they took
    telling.py    what cases tell the kept sums; facts.py what that adds to which day and month
    folding.py    the sums follow the journal; kept.py the same figures out of them
    figures.py    sources + measures -> cells and rows
    report.py     the page; charts.py its charts; words.py its sentences
    wallboard.py  eight figures of this moment; telephone.py its queues of calls
"""
