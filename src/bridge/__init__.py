"""bridge keeps the records of every CRM and ERP a company runs the same, in both directions."""

__version__ = "0.1.0"
