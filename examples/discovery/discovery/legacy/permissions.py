"""What a user may do at a location."""

from discovery.legacy.db import Session
from discovery.models import Permission, User


def permission_flags(user_id: int, location_id: int) -> dict[str, bool]:
    """read, book and manage; all False for a user that does not exist (any more)."""
    with Session() as session:
        user = session.query(User).filter(User.id == user_id).first()
        if user is None:
            return {"read": False, "book": False, "manage": False}
        permissions = session.query(Permission).filter(Permission.user_id == user.id).all()
        return {
            "read": has_scope(permissions, "location:read", location_id),
            "book": has_scope(permissions, "booking:create", location_id),
            "manage": has_scope(permissions, "location:manage", location_id),
        }


def has_scope(permissions: list[Permission], scope: str, location_id: int) -> bool:
    """Whether one of the permissions has the scope, for the location or for all."""
    return any(p.scope == scope and (p.location_id is None or p.location_id == location_id) for p in permissions)
