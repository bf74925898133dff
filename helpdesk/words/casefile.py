"""The fields of the customer complaint handling form (客户投诉处理表), by block. Pure.

One list drives the form on the screen, the printed form, the API's `fields` and what must be filled
before closing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from helpdesk.core.errors import PICK, refuse
from helpdesk.core.i18n import N_, P_

MOST_CHARACTERS = 5000


@dataclass(frozen=True)
class Field:
    """One field: code, label, the block it stands in, choices when it is a choice."""

    code: str
    label: str
    block: str
    choices: Mapping[str, str] = field(default_factory=dict)
    long: bool = False


VALIDITY = {
    "valid": N_("Valid complaint"),
    "help": N_("Help with handling"),
    "group": N_("Group complaint"),
    "invalid": N_("Invalid complaint"),
    "advice": N_("Opinion or suggestion"),
}
CAUSES = {
    "design": N_("Design"),
    "material": N_("Material"),
    "process": N_("Process"),
    "people": N_("People"),
    "supplier": N_("Supplier"),
    "carrier": N_("Carrier"),
    "system": N_("IT system"),
    "communication": N_("Communication"),
    "customer": N_("Customer's use"),
    "other": N_("Other"),
}
LIABILITY = {
    "us": N_("Us"),
    "supplier": N_("Supplier"),
    "carrier": N_("Carrier"),
    "customer": N_("Customer"),
    "none": P_("whose fault", "Nobody"),
}
REMEDIES = {
    "none": N_("None"),
    "return": N_("Return of goods"),
    "exchange": N_("Exchange"),
    "repair": N_("Repair"),
    "discount": N_("Discount"),
    "payment": N_("Payment"),
    "apology": N_("Apology"),
}
FIELDS: tuple[Field, ...] = (
    Field("product", N_("Product or service"), "object"),
    Field("model", N_("Model"), "object"),
    Field("lot", N_("Lot or serial number"), "object"),
    Field("order_no", N_("Contract or order number"), "object"),
    Field("bought_on", N_("Date of purchase"), "object"),
    Field("quantity", N_("Quantity"), "object"),
    Field("amount", N_("Amount"), "object"),
    Field("occurred_at", N_("When it happened"), "object"),
    Field("demand", N_("What the customer asks for"), "matter", long=True),
    Field("validity", N_("Kind of complaint after assessment"), "assessment", VALIDITY),
    Field("investigation", N_("Investigation"), "cause", long=True),
    Field("root_cause", N_("Root cause"), "cause", long=True),
    Field("escape_cause", N_("Why it was not noticed earlier"), "cause", long=True),
    Field("cause_code", N_("Class of cause"), "cause", CAUSES),
    Field("liability", N_("Liability"), "cause", LIABILITY),
    Field("containment", N_("Immediate measure"), "remedy", long=True),
    Field("remedy", N_("Action taken"), "remedy", long=True),
    Field("remedy_type", N_("Kind of remedy"), "remedy", REMEDIES),
    Field("compensation", N_("Compensation"), "remedy"),
    Field("corrective", N_("Corrective action"), "prevention", long=True),
    Field("preventive", N_("Preventive action"), "prevention", long=True),
    Field("customer_opinion", N_("Customer's opinion"), "answer", long=True),
)
BLOCK_NAMES = {
    "object": N_("Product or service"),
    "matter": N_("Matter"),
    "assessment": N_("Assessment"),
    "cause": N_("Cause"),
    "remedy": N_("Remedy"),
    "prevention": N_("Prevention"),
    "answer": N_("Answer"),
}
BY_CODE = {each.code: each for each in FIELDS}


def cleaned(facts: Mapping[str, Any]) -> dict[str, str]:
    """The known fields as text, without empty ones.

    Raises BadInput naming each unknown field, wrong choice or text over 5,000 characters.
    """
    errors: dict[str, str] = {}
    kept: dict[str, str] = {}
    for code, value in facts.items():
        text = str(value if value is not None else "").strip()
        plain = value is None or (isinstance(value, str | int | float) and value is not bool(value))
        problem = _problem(code, text) if plain else N_("Please send text.")
        if problem:
            errors[code] = problem
        elif text:
            kept[code] = text
    refuse(errors)
    return kept


def _problem(code: str, text: str) -> str:
    known = BY_CODE.get(code)
    if known is None:
        return N_("This field is not known.")
    if text and known.choices and text not in known.choices:
        return PICK
    if len(text) > MOST_CHARACTERS:
        return N_("This is too long: 5,000 characters at most.")
    return ""


def lacking(facts: Mapping[str, Any], required: tuple[str, ...] | list[str]) -> list[Field]:
    """The fields that must be filled before closing and are not."""
    return [BY_CODE[code] for code in required if code in BY_CODE and not facts.get(code)]


def shown(code: str, value: str) -> str:
    """The label of a choice, or the value itself; the caller translates it."""
    known = BY_CODE.get(code)
    return known.choices.get(value, value) if known else value
