"""The models of products, sales, purchase and accounting: one line per field, as in `models`. Names and types follow
fields_get of real databases; of the long tail of fields only those that integrations use are here.
"""

from __future__ import annotations

PRODUCT = """
name char required
active boolean default=true
type selection required default=consu
is_storable boolean
sale_ok boolean default=true
purchase_ok boolean default=true
list_price float default=1.0
standard_price float
categ_id many2one:product.category
uom_id many2one:uom.uom
default_code char
barcode char
weight float
volume float
description text
description_sale text
taxes_id many2many:account.tax
tracking selection required default=none
property_stock_inventory many2one:stock.location virtual
company_id many2one:res.company
"""

MODELS: dict[str, tuple[str, str, str]] = {
    "uom.category": ("Product UoM Categories", "id", "name char required"),
    "uom.uom": (
        "Product Unit of Measure",
        "id",
        """name char required
        active boolean default=true
        factor float default=1.0
        factor_inv float default=1.0
        relative_factor float default=1.0 only19
        relative_uom_id many2one:uom.uom only19
        category_id many2one:uom.category only18
        uom_type char only18
        rounding float default=0.01""",
    ),
    "product.category": ("Product Category", "id", "name char required\nparent_id many2one:product.category"),
    "account.tax": (
        "Tax",
        "id",
        """name char required
        active boolean default=true
        amount float
        amount_type selection default=percent
        type_tax_use selection default=sale
        price_include boolean
        description char
        company_id many2one:res.company""",
    ),
    "account.payment.term": ("Payment Terms", "id", "name char required\nactive boolean default=true\nnote html"),
    "product.pricelist": (
        "Pricelist",
        "id",
        """name char required
        active boolean default=true
        currency_id many2one:res.currency required
        company_id many2one:res.company
        item_ids one2many:product.pricelist.item:pricelist_id""",
    ),
    "product.pricelist.item": (
        "Pricelist Rule",
        "id",
        """pricelist_id many2one:product.pricelist required
        product_id many2one:product.product
        applied_on selection default=3_global
        compute_price selection default=fixed
        fixed_price float
        percent_price float""",
    ),
    "product.template": (
        "Product",
        "name, id",
        PRODUCT
        + "product_variant_ids one2many:product.product:product_tmpl_id\ncurrency_id many2one:res.currency virtual",
    ),
    "product.product": (
        "Product Variant",
        "default_code, name, id",
        PRODUCT
        + """product_tmpl_id many2one:product.template
        lst_price float virtual related=list_price
        currency_id many2one:res.currency virtual
        qty_available float readonly virtual
        free_qty float readonly virtual
        virtual_available float readonly virtual
        incoming_qty float readonly virtual
        outgoing_qty float readonly virtual""",
    ),
    "sale.order": (
        "Sales Order",
        "date_order desc, id desc",
        """name char required readonly default=New
        partner_id many2one:res.partner required
        partner_invoice_id many2one:res.partner
        partner_shipping_id many2one:res.partner
        date_order datetime required
        commitment_date datetime
        validity_date date
        client_order_ref char
        origin char
        reference char
        note html
        pricelist_id many2one:product.pricelist
        currency_id many2one:res.currency
        payment_term_id many2one:account.payment.term
        company_id many2one:res.company
        warehouse_id many2one:stock.warehouse
        user_id many2one:res.users
        state selection readonly default=draft
        picking_policy selection required default=direct
        locked boolean readonly
        amount_untaxed monetary readonly
        amount_tax monetary readonly
        amount_total monetary readonly
        delivery_status selection readonly
        invoice_status selection readonly default=no
        order_line one2many:sale.order.line:order_id
        picking_ids one2many:stock.picking:sale_id""",
    ),
    "sale.order.line": (
        "Sales Order Line",
        "order_id, sequence, id",
        """order_id many2one:sale.order required
        sequence integer default=10
        display_type selection
        name text
        product_id many2one:product.product
        product_uom_qty float default=1.0
        product_uom_id many2one:uom.uom only19
        product_uom many2one:uom.uom only18
        price_unit float
        technical_price_unit float
        discount float
        tax_ids many2many:account.tax only19
        tax_id many2many:account.tax only18
        price_subtotal monetary readonly
        price_tax float readonly
        price_total monetary readonly
        qty_delivered float
        qty_invoiced float readonly
        customer_lead float
        state selection readonly virtual related=order_id.state
        currency_id many2one:res.currency virtual related=order_id.currency_id""",
    ),
    "sale.advance.payment.inv": (
        "Sales Advance Payment Invoice",
        "id",
        "advance_payment_method char default=delivered",
    ),
    "account.move": (
        "Journal Entry",
        "id desc",
        """name char
        ref char
        move_type selection required default=entry
        state selection readonly default=draft
        payment_state selection readonly default=not_paid
        partner_id many2one:res.partner
        invoice_origin char
        invoice_date date
        invoice_date_due date
        currency_id many2one:res.currency
        amount_untaxed monetary
        amount_tax monetary
        amount_total monetary
        amount_residual monetary""",
    ),
    "purchase.order": (
        "Purchase Order",
        "id desc",
        """name char required readonly
        partner_id many2one:res.partner required
        partner_ref char
        date_order datetime
        date_planned datetime
        state selection readonly default=draft
        currency_id many2one:res.currency
        amount_untaxed monetary
        amount_tax monetary
        amount_total monetary
        order_line one2many:purchase.order.line:order_id""",
    ),
    "purchase.order.line": (
        "Purchase Order Line",
        "id",
        """order_id many2one:purchase.order required
        name text
        product_id many2one:product.product
        product_qty float default=1.0
        price_unit float""",
    ),
    "crm.stage": ("CRM Stages", "sequence, id", "name char required\nsequence integer\nis_won boolean"),
    "crm.lead": (
        "Lead",
        "id desc",
        """name char required
        type selection required default=lead
        active boolean default=true
        contact_name char
        partner_name char
        partner_id many2one:res.partner
        email_from char
        phone char
        mobile char only18
        function char
        expected_revenue monetary
        probability float
        stage_id many2one:crm.stage
        date_deadline date
        description html
        user_id many2one:res.users
        company_id many2one:res.company""",
    ),
}
