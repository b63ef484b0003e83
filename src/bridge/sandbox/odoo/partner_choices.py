"""The choices and labels of the fields of res.partner, as fields_get tells them."""

LABELS = {
    "country_id": "Country",
    "is_company": "Is a Company",
    "parent_id": "Related Company",
    "child_ids": "Contact",
    "category_id": "Tags",
    "ref": "Reference",
    "vat": "Tax ID",
    "function": "Job Position",
    "website": "Website Link",
    "user_id": "Salesperson",
    "state_id": "State",
    "lang": "Language",
    "comment": "Notes",
    "type": "Address Type",
    "company_id": "Company",
    "company_name": "Company Name",
    "company_registry": "Company ID",
    "commercial_partner_id": "Commercial Entity",
    "tz": "Timezone",
    "create_uid": "Created by",
    "create_date": "Created on",
    "write_uid": "Last Updated by",
    "write_date": "Last Updated on",
    "id": "ID",
    "title": "Title",
    "industry_id": "Industry",
    "color": "Color Index",
}


SELECTIONS: dict[str, list[tuple[str, str]]] = {
    "lang": [("en_US", "English (US)")],
    "activity_exception_decoration": [
        ("warning", "Alert"),
        ("danger", "Error"),
    ],
    "activity_state": [
        ("overdue", "Overdue"),
        ("today", "Today"),
        ("planned", "Planned"),
    ],
    "autopost_bills": [
        ("always", "Always"),
        ("ask", "Ask after 3 validations without edits"),
        ("never", "Never"),
    ],
    "company_type": [
        ("person", "Person"),
        ("company", "Company"),
    ],
    "company_type@18": [
        ("person", "Individual"),
        ("company", "Company"),
    ],
    "invoice_edi_format": [
        ("facturx", "France (FacturX)"),
        ("ubl_bis3", "EU Standard (Peppol Bis 3.0)"),
        ("xrechnung", "Germany (XRechnung)"),
        ("nlcius", "Netherlands (NLCIUS)"),
        ("ubl_a_nz", "Australia (BIS Billing 3.0 A-NZ)"),
        ("ubl_sg", "Singapore (BIS Billing 3.0 SG)"),
    ],
    "invoice_edi_format@18": [
        ("facturx", "Factur-X (CII)"),
        ("ubl_bis3", "BIS Billing 3.0"),
        ("xrechnung", "XRechnung CIUS"),
        ("nlcius", "NLCIUS"),
        ("ubl_a_nz", "BIS Billing 3.0 A-NZ"),
        ("ubl_sg", "BIS Billing 3.0 SG"),
    ],
    "invoice_sending_method": [
        ("manual", "Manual"),
        ("email", "by Email"),
        ("snailmail", "by Post"),
    ],
    "invoice_sending_method@18": [
        ("manual", "Download"),
        ("email", "by Email"),
        ("snailmail", "by Post"),
    ],
    "invoice_warn": [
        ("no-message", "No Message"),
        ("warning", "Warning"),
        ("block", "Blocking Message"),
    ],
    "picking_warn": [
        ("no-message", "No Message"),
        ("warning", "Warning"),
        ("block", "Blocking Message"),
    ],
    "sale_warn": [
        ("no-message", "No Message"),
        ("warning", "Warning"),
        ("block", "Blocking Message"),
    ],
    "trust": [
        ("good", "Good Debtor"),
        ("normal", "Normal Debtor"),
        ("bad", "Bad Debtor"),
    ],
    "type": [
        ("contact", "Contact"),
        ("invoice", "Invoice"),
        ("delivery", "Delivery"),
        ("other", "Other"),
    ],
    "type@18": [
        ("contact", "Contact"),
        ("invoice", "Invoice Address"),
        ("delivery", "Delivery Address"),
        ("other", "Other Address"),
    ],
}
"""Choices of selection fields; `name@18` where 18 differs."""
