"""The only functions that fetch a partner, a club or a store for a person."""

from django.db.models import QuerySet

from clubs.models import Club, Manager, Partner, PlaceStatus, Store
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
