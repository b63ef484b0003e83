"""The models of stock: one line per field, as in `commerce_fields`."""

from __future__ import annotations

MODELS: dict[str, tuple[str, str, str]] = {
    "stock.warehouse": (
        "Warehouse",
        "id",
        """name char required
        code char required
        active boolean default=true
        company_id many2one:res.company
        lot_stock_id many2one:stock.location""",
    ),
    "stock.location": (
        "Inventory Locations",
        "complete_name, id",
        """name char required
        complete_name char readonly
        active boolean default=true
        usage selection required default=internal
        location_id many2one:stock.location
        barcode char
        company_id many2one:res.company""",
    ),
    "stock.picking.type": (
        "Picking Type",
        "id",
        """name char required
        code selection required
        active boolean default=true
        warehouse_id many2one:stock.warehouse
        default_location_src_id many2one:stock.location
        default_location_dest_id many2one:stock.location""",
    ),
    "stock.picking": (
        "Transfer",
        "id desc",
        """name char readonly
        origin char
        note html
        state selection readonly default=draft
        partner_id many2one:res.partner
        picking_type_id many2one:stock.picking.type required
        location_id many2one:stock.location required
        location_dest_id many2one:stock.location required
        scheduled_date datetime
        date_done datetime readonly
        sale_id many2one:sale.order
        backorder_id many2one:stock.picking
        company_id many2one:res.company
        move_ids one2many:stock.move:picking_id""",
    ),
    "stock.move": (
        "Stock Move",
        "id",
        """name char
        reference char readonly
        origin char
        picking_id many2one:stock.picking
        product_id many2one:product.product required
        product_uom_qty float
        quantity float
        picked boolean
        product_uom many2one:uom.uom
        location_id many2one:stock.location required
        location_dest_id many2one:stock.location required
        sale_line_id many2one:sale.order.line
        state selection readonly default=draft
        is_inventory boolean
        date datetime""",
    ),
    "stock.move.line": (
        "Product Moves (Stock Move Line)",
        "id",
        """move_id many2one:stock.move
        picking_id many2one:stock.picking
        product_id many2one:product.product
        location_id many2one:stock.location required
        location_dest_id many2one:stock.location required
        quantity float
        state selection readonly default=draft
        date datetime""",
    ),
    "stock.quant": (
        "Quants",
        "id",
        """product_id many2one:product.product required
        location_id many2one:stock.location required
        quantity float
        reserved_quantity float readonly
        available_quantity float readonly virtual
        inventory_quantity float
        inventory_quantity_set boolean
        inventory_quantity_auto_apply float virtual
        inventory_date date
        company_id many2one:res.company""",
    ),
}
