"""Who may do what: Administrator and System Managers all, others by the roles of sales people."""

from __future__ import annotations

from bridge.sandbox.erpnext.errors import Refusal, message, thrown
from bridge.sandbox.erpnext.site import Site

_WRITE = frozenset({"read", "write", "create"})
_ALL = _WRITE | {"delete"}
SUBMITTING = frozenset({"submit", "cancel", "amend"})
"""Rights on documents that are submitted; who may do everything else with them may do this."""
_READ = frozenset({"read"})
_PARTIES = frozenset({"Customer", "Address", "Contact"})
_SYSTEM = frozenset(
    {
        "Deleted Document",
        "Custom Field",
        "DocType",
        "DocField",
        "System Settings",
        "Selling Settings",
        "Stock Settings",
        "Property Setter",
        "Role",
        "User",
        "Version",
    }
)
_SELLING = frozenset({"Sales Order", "Sales Order Item"})
_STOCK = frozenset({"Stock Entry", "Stock Reconciliation", "Delivery Note"})
_KEEPERS = frozenset({"Stock User", "Stock Manager"})
_MASTERS = frozenset({"Sales Manager", "Sales Master Manager"})
_SALES = frozenset({"Sales User"}) | _MASTERS


def roles(site: Site, user: str) -> frozenset[str]:
    """The roles of a user."""
    return frozenset(str(row["role"]) for row in site.tables.children("Has Role", "User", user))


def rights(site: Site, doctype: str, user: str) -> frozenset[str]:
    """What a user may do with documents of a doctype."""
    held = roles(site, user) if user != "Guest" else frozenset()
    found = _ALL if user == "Administrator" else frozenset[str]().union(*(_of_role(doctype, role) for role in held))
    return found | SUBMITTING if found >= _ALL and site.meta(doctype).head.is_submittable else found


def by_role(doctype: str) -> list[tuple[str, frozenset[str]]]:
    """The roles that have rights on a doctype."""
    known = ("System Manager", *sorted(_SALES | _KEEPERS))
    return [(role, _of_role(doctype, role)) for role in known if _of_role(doctype, role)]


def _of_role(doctype: str, role: str) -> frozenset[str]:
    if role == "System Manager":
        return _ALL
    if doctype in _SYSTEM:
        return frozenset()
    if doctype in _PARTIES:
        return _ALL if role in _MASTERS else _WRITE if role in _SALES else _READ
    if doctype in _SELLING and role in _SALES:
        return _ALL  # 202, 399
    if doctype in _STOCK and role in _KEEPERS:
        return _ALL  # 308
    return _ALL if doctype in ("Tag", "Tag Link") else _READ


def allowed(site: Site, doctype: str, right: str, parent: str | None = None) -> bool:
    """Whether the user at hand may. Rows of a child doctype go by their parent's doctype."""
    if site.meta(doctype).head.istable:
        return parent is not None and parent in site.catalogue and right in rights(site, parent, site.user)
    return right in rights(site, doctype, site.user)


def _no_role(site: Site, doctype: str) -> str:
    return (
        f"User <strong>{site.user}</strong> does not have doctype access via role permission for document "
        f"<strong>{doctype}</strong>"
    )


def require_list(site: Site, doctype: str, parent: str | None = None) -> None:
    """Raises PermissionError unless the user may read rows of the doctype.

    Without its parent's doctype a child doctype is refused to everybody, without a word.
    """
    if allowed(site, doctype, "read", parent):
        return
    if site.meta(doctype).head.istable:
        raise Refusal("PermissionError")
    extra = {"_error_message": f"No permission for {doctype}"}
    raise Refusal("PermissionError", "", [message(_no_role(site, doctype))], extra=extra)


def require_read(site: Site, doctype: str) -> None:
    """Raises PermissionError unless the user may read documents of the doctype."""
    if not allowed(site, doctype, "read", doctype):
        noted = f"{_no_role(site, doctype)}<br>User <strong>{site.user}</strong> does not have access to this document"
        start = "Not allowed via controller permission check<br>" if doctype == "User" else ""
        raise Refusal("PermissionError", "", [message(start + noted)])


def require_write(site: Site, doctype: str, right: str) -> None:
    """Raises PermissionError unless the user may create, write."""
    if not allowed(site, doctype, right):
        noted = f"{_no_role(site, doctype)}<br>User <strong>{site.user}</strong> does not have access to this document"
        extra = {"_error_message": f"Insufficient Permission for {doctype} (<strong>{right}</strong>)"}
        raise Refusal("PermissionError", "", [message(noted)], extra=extra)


def require_delete(site: Site, doctype: str, name: str) -> None:
    """Raises PermissionError unless the user may delete the document."""
    if not allowed(site, doctype, "delete"):
        refusal = thrown("PermissionError", f"User not allowed to delete {doctype}: {name}")
        first = f"User <strong>{site.user}</strong> does not have access to this document: {doctype} - {name}"
        refusal.messages.insert(0, message(first))
        raise refusal
