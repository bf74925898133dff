"""One function per verb. Each tells its whole story top to bottom, in one transaction.

step.py      the frame of every move: lock, check the table, change, record
moves.py     accept, dispatch, sign, send back, hold, resume, transfer, close, reopen ...
answers.py   reply, answer directly, message, note, the customer's own words; what became of ours
care.py      urge, assist, extension
correcting.py facts, severity and category, confidentiality
identity.py  whose case it is, where its mails go
merging.py   merge, and undo it
newer.py     somebody was faster: who, what, when
scans.py     the malware scanner's word on files
rereading.py a mail that is read better after an upgrade
unsending.py words to a customer are taken back within seconds
"""

from helpdesk.tickets.actions.answers import (
    add_customer_message,
    answer,
    answer_directly,
    attachment_rows,
    mark_mailed,
    note,
    reply,
    send_message,
)
from helpdesk.tickets.actions.care import (
    add_assist,
    answer_assist,
    ask_extension,
    grant_extension,
    refuse_extension,
    urge,
)
from helpdesk.tickets.actions.correcting import edit, lift, seal
from helpdesk.tickets.actions.identity import answer_at, link_person, prove, reply_choices
from helpdesk.tickets.actions.merging import merge, unmerge
from helpdesk.tickets.actions.moves import (
    accept,
    approve,
    archive,
    close,
    decline,
    dispatch,
    handle,
    hold,
    refuse_return,
    reopen,
    resume,
    review,
    rework,
    send_back,
    sign,
    transfer,
    transfer_out,
    withdraw,
)
from helpdesk.tickets.actions.rereading import renew_message
from helpdesk.tickets.actions.scans import scan_due
from helpdesk.tickets.actions.unsending import AT_ONCE, How, throw_away, unsend
