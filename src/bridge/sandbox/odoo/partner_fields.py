"""The fields of res.partner as fields_get tells them on a database with contacts, sales, stock and accounting.

One line per field: name, type[:relation[:inverse]], flags. `only18` and `only19` mark what one version alone has;
`virtual` is computed and not stored."""

FIELDS = """
account_move_count integer readonly virtual only19
active boolean default=true
active_lang_count integer readonly virtual
activity_calendar_event_id many2one:calendar.event readonly virtual
activity_date_deadline date readonly virtual
activity_exception_decoration selection readonly virtual
activity_exception_icon char readonly virtual
activity_ids one2many:mail.activity
activity_state selection readonly virtual
activity_summary char virtual
activity_type_icon char readonly virtual
activity_type_id many2one:mail.activity.type virtual
activity_user_id many2one:res.users readonly virtual
additional_info char only18
application_statistics json readonly virtual only19
autopost_bills selection required default=ask
available_invoice_template_pdf_report_ids one2many:ir.actions.report readonly virtual only19
available_peppol_eas json readonly virtual only19
avatar_1024 binary readonly virtual
avatar_128 binary readonly virtual
avatar_1920 binary readonly virtual
avatar_256 binary readonly virtual
avatar_512 binary readonly virtual
bank_account_count integer readonly virtual
bank_ids one2many:res.partner.bank:partner_id
barcode char
calendar_last_notif_ack datetime
category_id many2many:res.partner.category
channel_ids many2many:discuss.channel
channel_member_ids one2many:discuss.channel.member only19
child_ids one2many:res.partner:parent_id
city char
color integer
comment html
commercial_company_name char readonly
commercial_partner_id many2one:res.partner readonly
company_id many2one:res.company
company_name char
company_registry char
company_registry_label char readonly virtual
company_registry_placeholder char readonly virtual only19
company_type selection virtual
complete_name char readonly
contact_address char readonly virtual
contact_address_inline char readonly virtual
contract_ids one2many:account.analytic.account readonly
country_code char readonly virtual
country_id many2one:res.country
credit monetary readonly virtual
credit_limit float
credit_to_invoice monetary readonly virtual
currency_id many2one:res.currency readonly virtual
customer_rank integer
days_sales_outstanding float readonly virtual
debit monetary readonly virtual
debit_limit monetary only18
display_invoice_edi_format boolean virtual
display_invoice_template_pdf_report_id boolean virtual
duplicate_bank_partner_ids many2many:res.partner readonly virtual only19
duplicated_bank_account_partners_count integer readonly virtual only18
email char
email_formatted char readonly virtual
email_normalized char readonly
employee boolean
fiscal_country_codes char readonly virtual
fiscal_country_group_codes json readonly virtual only19
function char
global_location_number char only19
has_message boolean readonly virtual
ignore_abnormal_invoice_amount boolean
ignore_abnormal_invoice_date boolean
im_status char readonly virtual
image_1024 binary readonly
image_128 binary readonly
image_1920 binary
image_256 binary readonly
image_512 binary readonly
industry_id many2one:res.partner.industry
invoice_edi_format selection virtual
invoice_edi_format_store char
invoice_ids one2many:account.move readonly
invoice_sending_method selection
invoice_template_pdf_report_id many2one:ir.actions.report
invoice_warn selection only18 default=no-message
invoice_warn_msg text only18
is_blacklisted boolean readonly virtual
is_coa_installed boolean virtual only18
is_company boolean
is_in_call boolean readonly virtual only19
is_peppol_edi_format boolean readonly virtual
is_public boolean readonly virtual
is_ubl_format boolean readonly virtual
journal_item_count integer readonly virtual only18
lang selection default=en_US
main_user_id many2one:res.users readonly virtual only19
meeting_count integer readonly virtual
meeting_ids many2many:calendar.event
message_attachment_count integer readonly virtual
message_bounce integer
message_follower_ids one2many:mail.followers
message_has_error boolean readonly virtual
message_has_error_counter integer readonly virtual
message_has_sms_error boolean readonly virtual
message_ids one2many:mail.message
message_is_follower boolean readonly virtual
message_needaction boolean readonly virtual
message_needaction_counter integer readonly virtual
message_partner_ids many2many:res.partner virtual
mobile char only18
mobile_blacklisted boolean readonly virtual only18
my_activity_date_deadline date readonly virtual
name char
offline_since datetime readonly virtual only19
opportunity_count integer readonly virtual
opportunity_ids one2many:crm.lead
parent_id many2one:res.partner
parent_name char readonly virtual
partner_company_registry_placeholder char readonly virtual only19
partner_gid integer only18
partner_latitude float
partner_longitude float
partner_share boolean readonly
partner_vat_placeholder char readonly virtual
payment_token_count integer readonly virtual
payment_token_ids one2many:payment.token
peppol_eas selection
peppol_endpoint char
phone char
phone_blacklisted boolean readonly virtual
phone_mobile_search char virtual
phone_sanitized char readonly
phone_sanitized_blacklisted boolean readonly virtual
picking_warn selection only18 default=no-message
picking_warn_msg text
properties properties only19
properties_base_definition_id many2one:properties.base.definition readonly virtual only19
property_account_payable_id many2one:account.account
property_account_position_id many2one:account.fiscal.position
property_account_receivable_id many2one:account.account
property_inbound_payment_method_line_id many2one:account.payment.method.line
property_outbound_payment_method_line_id many2one:account.payment.method.line
property_payment_term_id many2one:account.payment.term
property_product_pricelist many2one:product.pricelist virtual
property_stock_customer many2one:stock.location
property_stock_supplier many2one:stock.location
property_supplier_payment_term_id many2one:account.payment.term
ref char
ref_company_ids one2many:res.company:partner_id
rtc_session_ids one2many:discuss.channel.rtc.session only19
sale_order_count integer readonly virtual
sale_order_ids one2many:sale.order:partner_id
sale_warn selection only18 default=no-message
sale_warn_msg text
same_company_registry_partner_id many2one:res.partner readonly virtual
same_vat_partner_id many2one:res.partner readonly virtual
self many2one:res.partner readonly virtual
show_credit_limit boolean readonly virtual
signup_type char
specific_property_product_pricelist many2one:product.pricelist
starred_message_ids many2many:mail.message only18
state_id many2one:res.country.state
street char
street2 char
supplier_invoice_count integer readonly virtual only19
supplier_rank integer
title many2one:res.partner.title only18
total_invoiced monetary readonly virtual
trust selection default=normal
type selection default=contact
type_address_label char readonly virtual only19
tz selection
tz_offset char readonly virtual
use_partner_credit_limit boolean virtual
user_id many2one:res.users
user_ids one2many:res.users:partner_id
vat char
vat_label char readonly virtual
website char
website_message_ids one2many:mail.message
zip char
"""
