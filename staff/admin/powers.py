"""What the person of a request may do in the dashboard: their manager rows, read once."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from clubs import access
from clubs.models import Manager, Partner, Role
from loyalty.users.models import User

OWNERS = frozenset({Role.OWNER})
EDITORS = frozenset({Role.OWNER, Role.MANAGER})
EVERYONE = frozenset({Role.OWNER, Role.MANAGER, Role.SUPPORT})
NOBODY: frozenset[Role] = frozenset()

_KEPT_AS = "_dashboard_powers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """A user's manager rows by partner; a superuser owns everything."""

    user: User | None
    managers: Mapping[int, Manager]

    @property
    def is_all(self) -> bool:
        """Return whether no partner is closed to this person."""
        return self.user is not None and self.user.is_superuser

    @property
    def may_enter(self) -> bool:
        """Return whether the dashboard is open to this person at all."""
        return self.is_all or bool(self.managers)

    def role(self, partner_id: int | None) -> Role | None:
        """Return the person's role at a partner, or None for a stranger."""
        if self.is_all:
            return Role.OWNER
        manager = self.managers.get(partner_id) if partner_id is not None else None
        return Role(manager.role) if manager else None

    def has(self, roles: Collection[Role], partner_id: int | None = None) -> bool:
        """Return whether the person has one of the roles at this partner, or at any if None."""
        if self.is_all:
            return True
        if partner_id is not None:
            return self.role(partner_id) in roles
        return any(manager.role in roles for manager in self.managers.values())

    def partner_ids(self, roles: Collection[Role] = EVERYONE) -> list[int]:
        """Return the partners where the person has one of the roles; a superuser needs none."""
        return [pk for pk, manager in self.managers.items() if manager.role in roles]

    def only_partner_id(self) -> int | None:
        """Return the partner if there is just one that it can be."""
        return next(iter(self.managers)) if len(self.managers) == 1 and not self.is_all else None


def powers_of(request: HttpRequest) -> Powers:
    """Return the powers of this request's person, read once per request."""
    kept = getattr(request, _KEPT_AS, None)
    if isinstance(kept, Powers):
        return kept
    user = request.user if isinstance(request.user, User) and request.user.is_active else None
    rows = access.managers_of(user=user) if user else ()
    powers = Powers(user=user, managers={row.partner_id: row for row in rows})
    setattr(request, _KEPT_AS, powers)
    return powers


def zone_of(request: HttpRequest) -> ZoneInfo:
    """Return the time zone of the person's businesses, or UTC if they lie in several."""
    powers = powers_of(request)
    if powers.is_all:
        real = Partner.objects.filter(is_practice=False).order_by()
        names = set(real.values_list("timezone", flat=True).distinct()[:2])
    else:
        names = {manager.partner.timezone for manager in powers.managers.values()}
    return ZoneInfo(names.pop() if len(names) == 1 else "UTC")
