"""The parts of the house whose rules `benchmarks/mutants` changes, each with the tests that hold them."""

PARTS = {
    "clock": ("helpdesk/clock/*.py", "tests/clock/test_clock_*.py"),
    "lifecycles": (
        "helpdesk/core/moves.py"
        " helpdesk/tickets/lifecycle.py helpdesk/notices/lifecycle.py helpdesk/kb/lifecycle.py",
        "tests/core/test_moves.py tests/tickets/test_lifecycle.py tests/notices/test_notices_table.py"
        " tests/kb/test_kb_lifecycle.py",
    ),
    "routing": (
        "helpdesk/setup/routing.py",
        "tests/setup/test_routing.py tests/setup/test_rules.py",
    ),
    "rights": (
        "helpdesk/agents/rights.py helpdesk/agents/scopes.py helpdesk/tickets/sight.py"
        " helpdesk/tickets/veil.py",
        "tests/agents/test_rights.py tests/agents/test_scopes.py tests/tickets/test_sight_field.py"
        " tests/tickets/test_veil.py"
        " tests/tickets/test_sight.py",
    ),
    "callbacks": (
        "helpdesk/tickets/callbacks.py",
        "tests/tickets/test_callbacks.py tests/desk/test_callbacks_page.py",
    ),
    "queue": ("helpdesk/tickets/queue.py", "tests/tickets/test_queue.py"),
    "verbs": (
        "helpdesk/tickets/actions/*.py",
        "tests/tickets/test_verb_edges.py tests/tickets/test_closing.py"
        " tests/promises/test_containment.py"
        " tests/tickets/test_correcting.py tests/promises/test_external.py"
        " tests/desk/test_faster_colleague.py tests/tickets/test_handing_on.py"
        " tests/tickets/test_identity.py tests/tickets/test_merging.py tests/tickets/test_once.py"
        " tests/promises/test_pauses.py tests/tickets/test_returns.py tests/tickets/test_scanning.py"
        " tests/tickets/test_unsending.py tests/tickets/test_verbs_within_verbs.py"
        " tests/channels/email/test_mail_others.py",
    ),
    "promises": (
        "helpdesk/promises/*.py helpdesk/tickets/subject.py",
        "tests/promises/test_rail.py tests/promises/test_rows.py tests/promises/test_terms.py"
        " tests/promises/test_timing.py"
        " tests/promises/test_responses.py tests/promises/test_escalation.py"
        " tests/promises/test_reminders.py tests/promises/test_recompute.py"
        " tests/promises/test_refitting.py tests/promises/test_pauses.py"
        " tests/promises/test_external.py tests/promises/test_explained.py"
        " tests/promises/test_receipts.py tests/promises/test_due_words.py"
        " tests/promises/test_verdicts.py tests/setup/test_legal.py",
    ),
    "statistics": ("helpdesk/statistics/*.py", "tests/statistics/test_*.py"),
}
