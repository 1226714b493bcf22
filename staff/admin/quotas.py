"""How much of a business's plan is in use: clubs, stores, managers and members (IV1.5 to IV1.7)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clubs.models import Club, Manager, Partner, PlaceStatus, Store, is_taken
from loyalty.members.models import Member
from loyalty.web.money import count
from staff.admin.powers import EVERYONE, Powers, powers_of
from staff.admin.scoping import own_rows

NEARLY = 9  # Tenths of a plan from which it is worth a word.
MOST_PARTNERS = 10
WORDS: Mapping[str, Any] = {
    "max_members": gettext_lazy("%(used)s of %(limit)s members"),
    "max_clubs": gettext_lazy("%(used)s of %(limit)s clubs"),
    "max_stores": gettext_lazy("%(used)s of %(limit)s stores"),
    "max_admin_seats": gettext_lazy("%(used)s of %(limit)s managers"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How much of one limit is in use; without a limit there is nothing to fill."""

    partner: Partner
    quota: str
    used: int
    limit: int | None

    @property
    def is_near(self) -> bool:
        """Return whether nine tenths or more are in use."""
        return self.limit is not None and self.used * 10 >= self.limit * NEARLY

    @property
    def is_full(self) -> bool:
        """Return whether one more is refused."""
        return self.limit is not None and self.used >= self.limit

    @property
    def words(self) -> str:
        """Return "9 of 10 stores", or the bare count without a limit."""
        if self.limit is None:
            return count(self.used)
        return str(WORDS[self.quota]) % {"used": count(self.used), "limit": count(self.limit)}

    @property
    def warning(self) -> str:
        """Return what to say of a plan that is full or nearly so; else nothing."""
        if self.is_full:
            return _("Your plan is full. Ask for a larger one before you add more.")
        return _("Your plan is nearly full. Ask for a larger one.") if self.is_near else ""


def uses(
    partners: Iterable[Partner], *, at: datetime, quotas: Iterable[str] = tuple(WORDS)
) -> list[Use]:
    """Return the use of each quota of each business; one statement for each quota."""
    listed = list(partners)
    found: list[Use] = []
    for quota in quotas:
        used = _counted(_rows(quota, at), listed)
        found += [
            Use(
                partner=partner,
                quota=quota,
                used=used.get(partner.pk, 0),
                limit=getattr(partner, quota),
            )
            for partner in listed
        ]
    return found


def limited(powers: Powers, quota: str, *, at: datetime) -> list[Use]:
    """Return the use of a quota in the own businesses that have a limit, to show where one adds."""
    partners = own_rows(Partner.objects.all(), powers, EVERYONE, "pk")
    found = partners.filter(**{f"{quota}__isnull": False}).order_by("name", "pk")
    return uses(found[:MOST_PARTNERS], at=at, quotas=(quota,))


def _rows(quota: str, at: datetime) -> QuerySet[Any]:
    """Return what counts against a quota, of all businesses."""
    match quota:
        case "max_clubs":
            return Club.objects.filter(status=PlaceStatus.ACTIVE)
        case "max_stores":
            return Store.objects.filter(status=PlaceStatus.ACTIVE)
        case "max_admin_seats":
            return Manager.objects.filter(is_taken(at))
        case _members:
            return Member.objects.known()


def _counted(rows: QuerySet[Any], partners: list[Partner]) -> dict[int, int]:
    grouped = rows.filter(partner__in=partners).order_by().values("partner")
    return {row["partner"]: row["found"] for row in grouped.annotate(found=Count("pk"))}


class Limited:
    """A list whose rows the plan limits: the form of a new row shows how many there may be."""

    quota_field: ClassVar[str]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Show the form, a new row's with the use of the plan."""
        if kwargs.get("add"):
            context["uses"] = limited(powers_of(request), self.quota_field, at=timezone.now())
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]  # of the list this is mixed into
