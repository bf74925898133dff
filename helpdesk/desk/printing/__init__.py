"""The paper forms: rows become a helpdesk.paper.Form, drawn as a print view or as a PDF.

speech.py    labels in one language or in both
facts.py     what the response table form needs to know, read in a few statements
case.py      客户投诉处理表, the customer complaint handling form
notice.py    问题整改通知单, the rectification notice
"""

from helpdesk.desk.printing.case import case_form
from helpdesk.desk.printing.facts import PrintedCase, case_facts
from helpdesk.notices.paper import notice_form
from helpdesk.setup.speech import asked_language
