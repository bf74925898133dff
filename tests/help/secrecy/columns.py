"""Every text that the database keeps, told apart: what stays in the house, and what may leave it.

inside   words that no customer and no stranger ever reads: a canary is put into each
plain    codes and keys, the customer's own words and addresses, and what is meant for customers

A new column must be put into one of the two, or the test fails that asks for it.
"""

from __future__ import annotations

CLASSES = """
absence:
agent: inside email password_hash totp_secret paper_codes | plain name role language timezone session_key skills
    ended_sessions presence presence_reason activity preferences
alarm: inside error | plain kind
api_token: inside name | plain role token_hash scopes
article: inside owner_name reviewer_name | plain code state title_zh body_zh title_en body_en category
    visibility
article_revision: inside by_name title_zh body_zh title_en body_en | plain by_kind category visibility
assist: inside task answer answered_by
attachment: plain key name mime sha256 content_id scan
blocked_caller: inside reason | plain number
calendar: inside note made_by | plain code name_zh name_en zone week seasons covered
calendar_day: plain calendar kind hours name name_en source
callback: plain state
callback_attempt: inside words by_name | plain contact resolved
canned_reply: inside title_zh title_en body_zh body_en | plain code
case_fact: inside told
category: plain code path name_zh name_en severity
contact_address: plain kind value normal extension proven_by
counter: plain name
day_sum: plain by key level first last counts
delivery: inside error | plain subscriber order_key state
department: inside mail | plain code name_zh name_en calendar
duty: plain role weekdays
envelope: inside error | plain purpose medium recipient domain mailbox message_id in_reply_to thread
    reply_to subject body state copies
escalation: plain told
escalation_chain: plain code steps
event: inside by_name data | plain name by_kind
extension: inside reason asked_by decided_by | plain decision
folded: plain edition
heartbeat: plain name process
idempotency_key: plain actor key request_hash
inbound_mail: inside reason detail subject words decided_by | plain mailbox door uid identity sha256
    file_key envelope_to outcome why from_email
interaction: inside note | plain code next_step
invitation: inside made_by | plain token_hash
journal_seal: plain digest
kb_category: plain code name_zh name_en
kb_miss: inside query | plain language
legal_profile: plain code name_zh name_en rule promise limit source
link: plain kind
mail_grant: inside client_secret refresh_token access_token over_why refreshing_by | plain
    authority tenant authorize_url token_url scope client_id state_hash verifier
mail_release: inside by | plain sender
mail_tally: plain mailbox
mailbox: inside host user secret folder done_folder smtp_host last_error leased_by | plain name address
    language sender_name signature_zh signature_en kind tls smtp_tls proof_by
merging: inside by_name rows | plain status
message: plain kind channel author body quoted html language message_id data
news: plain name
notice: inside responsible cc title problem evidence basis requirement check_method sanction drafted_by
    approved_by issued_by signed_by objection ruling extension_reason answer check | plain number status
    level source rounds
opt_out: plain address
option: plain name value
pending_file: plain key owner address name mime sha256
person: inside note | plain name organisation language level
phone_call: plain provider external_id direction state caller called number topic about reason language
phone_callback: plain number state
phone_command: inside reason | plain provider verb data state
phone_event: plain provider external_id event caller called queue data
phone_exchange: inside holder problem | plain provider state
phone_leg: plain state reason
phone_line: inside sip_secret | plain extension paused sip_user
phone_member: plain queue
phone_queue: inside name | plain code calendar codes skills
phone_stay: plain state reason
policy_row: plain promise severity kind channel limit owner chain profile
policy_version: inside note made_by
promise: inside owner_name met_by done | plain subject_kind promise state verdict owner limit chain
    calendar bound profile pauses
rate_limit: plain key
rating: inside reason | plain source resolved words
recording: inside url problem | plain state
recount: inside by_name | plain calendar by_kind
reminder: plain subject_kind promise role outcome
routing_rule: inside name | plain kind place channel words level language severity
sending: plain before
simulated: inside reason | plain outcome promise before after limit_before limit_after
simulation: inside made_by error | plain state plan counts
ticket: inside offer_reason route_rule route_reason hold_reason facts | plain number kind status severity
    channel external_id subject language place queue track_salt contact contact_extension contact_kind
    contact_name contact_others contact_proven_by reply_to
wrap_up_code: inside name_zh name_en | plain code next_step category
wrong_try: inside address | plain what
"""
# Columns whose rows are told apart: the canary is put where this is true.
INSIDE_WHERE = {
    "message.body": "public = false",
    "message.quoted": "public = false",
    "message.author": "public = false",
    "attachment.name": "public = false",
    "article.title_zh": "visibility = 'internal' OR state <> 'published'",
    "article.body_zh": "visibility = 'internal' OR state <> 'published'",
    "article.title_en": "visibility = 'internal' OR state <> 'published'",
    "article.body_en": "visibility = 'internal' OR state <> 'published'",
    # why a case was not taken on, or went outside, is told to the customer
    "event.data": "name NOT IN ('ticket.decline', 'ticket.transfer_out', 'message.staff')",
}


def classes() -> dict[str, str]:
    """table.column -> inside or plain."""
    found: dict[str, str] = {}
    for line in CLASSES.replace("\n    ", " ").strip().splitlines():
        table, _colon, rest = line.partition(":")
        for part in rest.split("|"):
            kind, *columns = part.split() or ("",)
            found |= {f"{table}.{column}": kind for column in columns}
    return found
