"""The only functions that fetch a partner, a club or a store for a person."""

from django.db.models import QuerySet

from clubs.models import Club, Manager, Partner, PartnerStatus, PlaceStatus, SavedView, Store
from loyalty.users.models import User


class StoreNotFoundError(LookupError):
    """There is no such store, or the person does not work there."""


def clubs_for_staff(*, user: User) -> QuerySet[Club]:
    """Return the clubs where this user works now."""
    return Club.objects.staffed_by(user.pk).select_related("partner").order_by("name", "pk")


def stores_for_staff(*, user: User) -> QuerySet[Store]:
    """Return the open stores of the clubs where this user works now."""
    return (
        Store.objects.filter(status=PlaceStatus.ACTIVE, club__in=Club.objects.staffed_by(user.pk))
        .select_related("club", "partner")
        .order_by("name", "pk")
    )


def store_for_staff(*, user: User, store_id: int) -> Store:
    """Return a store of a club where this user works now.

    :raises StoreNotFoundError: if there is none.
    """
    store = stores_for_staff(user=user).filter(pk=store_id).first()
    if store is None:
        raise StoreNotFoundError
    return store


def is_staff_somewhere(*, user: User) -> bool:
    """Return whether this user works in any club now."""
    return Club.objects.staffed_by(user.pk).exists()


def works_for_partner(*, user: User, partner_id: int) -> bool:
    """Return whether this user works in any club of the partner now."""
    return Club.objects.staffed_by(user.pk).filter(partner_id=partner_id).exists()


def managers_of(*, user: User) -> QuerySet[Manager]:
    """Return the user's own manager rows in force."""
    return Manager.objects.filter(user=user, is_active=True, user__is_active=True).select_related(
        "partner"
    )


def partners_for_manager(*, user: User) -> QuerySet[Partner]:
    """Return the partners whose dashboard this user may see: all for a superuser."""
    if user.is_superuser:
        return Partner.objects.all()
    return Partner.objects.filter(managers__in=managers_of(user=user))


def views_for_manager(*, user: User) -> QuerySet[SavedView]:
    """Return the saved views that this user may open: own ones, and those shared with managers."""
    shared = SavedView.objects.filter(shared_with__in=partners_for_manager(user=user))
    return (SavedView.objects.filter(user=user) | shared).distinct()


def stores_to_check_in(*, club_id: int) -> QuerySet[Store]:
    """Return the stores of a club in which members may check in now, by name."""
    return _open_doors().filter(club=club_id).order_by("name", "pk")


def store_by_check_in_code(code: str) -> Store:
    """Return the store at whose door a QR with this code hangs.

    :raises StoreNotFoundError: if there is none, or it takes no check-ins now.
    """
    store = _open_doors().filter(check_in_code=code).order_by("pk").first() if code else None
    if store is None:
        raise StoreNotFoundError
    return store


def _open_doors() -> QuerySet[Store]:
    return Store.objects.filter(
        allows_check_in=True,
        status=PlaceStatus.ACTIVE,
        club__status=PlaceStatus.ACTIVE,
        partner__status=PartnerStatus.ACTIVE,
    ).select_related("club", "partner")
