"""Leads, opportunities and cases: what people in sales and service work on.

Facts: public describes of Lead, Opportunity and Case.
"""

from __future__ import annotations

from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.standard import address, amount, lookup, numbered, owner, reads, shown, system_fields

STAGES: dict[str, tuple[int, bool, bool]] = {
    "Prospecting": (10, False, False),
    "Qualification": (10, False, False),
    "Needs Analysis": (20, False, False),
    "Proposal/Price Quote": (75, False, False),
    "Negotiation/Review": (90, False, False),
    "Closed Won": (100, True, True),
    "Closed Lost": (0, True, False),
}
"""Stage -> probability in percent, closed, won."""
CONVERTED = "Closed - Converted"
CLOSED_CASE = "Closed"
_LEAD = ("Open - Not Contacted", "Working - Contacted", CONVERTED, "Closed - Not Converted")
_SOURCES = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")


def pipeline() -> list[SObject]:
    """What may become business, and what may spoil it."""
    return [_lead(), _opportunity(), _case()]


def _lead() -> SObject:
    return SObject("Lead").add(
        [
            *system_fields(),
            Field("LastName", length=80, label="Last Name", needed=True),
            Field("FirstName", length=40, label="First Name"),
            Field("Salutation", "picklist", 40, choices=("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx.")),
            Field("Name", length=121, label="Full Name", createable=False, updateable=False, needed=True),
            Field("Title", length=128),
            Field("Company", length=255, needed=True),
            *address(""),
            Field("Phone", "phone", 40),
            Field("MobilePhone", "phone", 40, "Mobile Phone"),
            Field("Email", "email", 80, lookup=True),
            Field("Website", "url", 255),
            Field("LeadSource", "picklist", 255, "Lead Source", choices=_SOURCES),
            Field("Status", "picklist", 255, "Lead Status", choices=_LEAD, default=_LEAD[0], defaulted=True),
            Field("Description", "textarea", 32000),
            reads("IsConverted", "boolean", "Converted"),
            reads("ConvertedDate", "date", "Converted Date"),
            shown(lookup("ConvertedAccountId", "Account")),
            shown(lookup("ConvertedContactId", "Contact")),
            owner(),
        ]
    )  # fmt: skip


def _opportunity() -> SObject:
    return SObject("Opportunity").add(
        [
            *system_fields(),
            lookup("AccountId", "Account", "Opportunities", cascade=True),
            Field("Name", length=120, needed=True),
            Field("Description", "textarea", 32000),
            Field("StageName", "picklist", 255, "Stage", choices=tuple(STAGES), needed=True),
            amount("Amount"),
            Field("Probability", "percent", label="Probability (%)", precision=3),
            reads("ExpectedRevenue", "currency", "Expected Amount", precision=18, scale=2),
            Field("CloseDate", "date", label="Close Date", needed=True),
            Field("LeadSource", "picklist", 255, "Lead Source", choices=_SOURCES),
            reads("IsClosed", "boolean", "Closed"),
            reads("IsWon", "boolean", "Won"),
            owner(),
        ]
    )


def _case() -> SObject:
    return SObject("Case").add(
        [
            *system_fields(),
            numbered("CaseNumber", "Case Number", "{:08}"),
            lookup("ContactId", "Contact", "Cases", restricts=True),
            lookup("AccountId", "Account", "Cases", restricts=True),
            Field("Status", "picklist", 255, choices=("New", "Working", "Escalated", CLOSED_CASE), default="New",
                  defaulted=True),
            Field("Priority", "picklist", 255, choices=("High", "Medium", "Low"), default="Medium", defaulted=True),
            Field("Origin", "picklist", 255, "Case Origin", choices=("Phone", "Email", "Web")),
            Field("Subject", length=255),
            Field("Description", "textarea", 32000),
            reads("IsClosed", "boolean", "Closed"),
            reads("ClosedDate", "datetime", "Closed Date"),
            owner(),
        ]
    )  # fmt: skip
