"""The choices of the selections in `commerce_fields` and `stock_fields`, and labels that are no field's name."""

from __future__ import annotations

LABELS = {"sale.order": {"partner_id": "Customer"}}
"""Labels that are not the name of the field."""

SELECTIONS: dict[str, dict[str, list[tuple[str, str]]]] = {
    "product.template": {
        "type": [("consu", "Goods"), ("service", "Service"), ("combo", "Combo")],
        "tracking": [("none", "By Quantity"), ("lot", "By Lots"), ("serial", "By Unique Serial Number")],
    },
    "product.product": {
        "type": [("consu", "Goods"), ("service", "Service"), ("combo", "Combo")],
        "tracking": [("none", "By Quantity"), ("lot", "By Lots"), ("serial", "By Unique Serial Number")],
    },
    "account.tax": {
        "amount_type": [("percent", "Percentage of Price"), ("fixed", "Fixed")],
        "type_tax_use": [("sale", "Sales"), ("purchase", "Purchases"), ("none", "None")],
    },
    "sale.order": {
        "state": [("draft", "Quotation"), ("sent", "Quotation Sent"), ("sale", "Sales Order"), ("cancel", "Cancelled")],
        "picking_policy": [("direct", "As soon as possible"), ("one", "When all products are ready")],
        "delivery_status": [
            ("pending", "Not Delivered"),
            ("started", "Started"),
            ("partial", "Partially Delivered"),
            ("full", "Fully Delivered"),
        ],
        "invoice_status": [
            ("upselling", "Upselling Opportunity"),
            ("invoiced", "Fully Invoiced"),
            ("to invoice", "To Invoice"),
            ("no", "Nothing to Invoice"),
        ],
    },
    "sale.order.line": {"display_type": [("line_section", "Section"), ("line_note", "Note")]},
    "stock.location": {
        "usage": [
            ("supplier", "Vendor Location"),
            ("view", "View"),
            ("internal", "Internal Location"),
            ("customer", "Customer Location"),
            ("inventory", "Inventory Loss"),
            ("production", "Production"),
            ("transit", "Transit Location"),
        ]
    },
    "stock.picking.type": {
        "code": [("incoming", "Receipt"), ("outgoing", "Delivery"), ("internal", "Internal Transfer")]
    },
    "crm.lead": {"type": [("lead", "Lead"), ("opportunity", "Opportunity")]},
    "account.move": {
        "move_type": [("entry", "Journal Entry"), ("out_invoice", "Customer Invoice"), ("in_invoice", "Vendor Bill")],
        "state": [("draft", "Draft"), ("posted", "Posted"), ("cancel", "Cancelled")],
        "payment_state": [("not_paid", "Not Paid"), ("partial", "Partially Paid"), ("paid", "Paid")],
    },
    "purchase.order": {
        "state": [
            ("draft", "RFQ"),
            ("sent", "RFQ Sent"),
            ("purchase", "Purchase Order"),
            ("done", "Locked"),
            ("cancel", "Cancelled"),
        ]
    },
}
