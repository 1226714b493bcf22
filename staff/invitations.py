"""Invitations to serve in a club or to run a dashboard: made, accepted, sent again, withdrawn.

A row of the place is there from the start, but not active, so it gives no right until the person
accepts, signed in by the e-mail the invitation went to. Source: issue of roles, IV1.6, R4.1.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeVar

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.urls import reverse

from clubs.models import Manager, Partner, Place, StaffMember, is_taken
from loyalty.audit import record
from loyalty.members import codes
from loyalty.users.models import User
from staff import people

LIFETIME = timedelta(days=7)
PLACES: tuple[type[Manager], type[StaffMember]] = (Manager, StaffMember)
AnyPlace = TypeVar("AnyPlace", Manager, StaffMember)


class InvitationNotFoundError(LookupError):
    """The invitation is unknown, was accepted or withdrawn, or is too old."""


class OtherPersonError(PermissionError):
    """The invitation went to another person, or the person has not proven their e-mail."""


class NoSeatError(ValueError):
    """The plan has no room for one more manager any longer."""


class AcceptedError(ValueError):
    """The person accepted already; there is nothing to send again or to withdraw."""


def prepare(place: Place, *, at: datetime) -> str:
    """Make the row an invitation of seven days from now and return its token; the caller saves.

    The token is known only now; one made before is worth nothing any more.
    """
    token = codes.new_token()
    place.is_active = False
    place.invited_until = at + LIFETIME
    place.invitation_hash = codes.hashed(token)
    return token


def address(token: str) -> str:
    """Return where the invitation is accepted."""
    return f"{settings.SITE_URL}{reverse('staff:invited', args=[token])}"


def find(*, token: str, user: User, at: datetime) -> Manager | StaffMember:
    """Return the place that a token invites this person to.

    :raises InvitationNotFoundError: if it can not be accepted any more.
    :raises OtherPersonError: if it went to somebody else, who learns nothing of it.
    """
    digest = codes.hashed(codes.read_token(token) or "")
    for model in PLACES:
        rows = model.objects.filter(invitation_hash=digest, invited_until__gt=at)
        found = rows.select_related("partner", "user").order_by("pk").first()
        if found is not None:
            _check_person(found, user)
            return found
    raise InvitationNotFoundError


def _check_person(place: Manager | StaffMember, user: User) -> None:
    proven = EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True)
    if place.user_id != user.pk or not proven.exists():
        raise OtherPersonError


@transaction.atomic
def accept(*, token: str, user: User, at: datetime) -> Manager | StaffMember:
    """Give the person the place they were invited to, once, and return it; audited.

    :raises InvitationNotFoundError: OtherPersonError: as ``find`` does.
    :raises NoSeatError: if the plan was made smaller meanwhile.
    """
    found = find(token=token, user=user, at=at)
    Partner.objects.select_for_update(no_key=True).get(pk=found.partner_id)
    place = find(token=token, user=user, at=at)  # Read again: the partner's lock guards it.
    if isinstance(place, Manager):
        _check_seat(place, at=at)

    place.is_active = True
    place.invited_until = None
    place.invitation_hash = ""
    place.version += 1
    place.save()
    people.follow_manager_rows(user.pk)
    _audit(place, user, "accept invitation", before={"is_active": False}, after={"is_active": True})
    return place


@transaction.atomic
def send_again(*, place: AnyPlace, by: User, at: datetime) -> str:
    """Let the invitation run anew under a new token, and return the token; audited.

    :raises AcceptedError: if the person accepted meanwhile.
    :raises NoSeatError: if it had run out, and its seat was taken since.
    """
    row = _still_invited(place)
    if isinstance(row, Manager):
        _check_seat(row, at=at)
    before = {"invited_until": row.invited_until}
    token = prepare(row, at=at)
    row.version += 1
    row.save()
    after = {"invited_until": row.invited_until}
    _audit(row, by, "send invitation again", before=before, after=after)
    return token


@transaction.atomic
def withdraw(*, place: AnyPlace, by: User) -> None:
    """Take an invitation back: its row goes, because nothing was ever done by it; audited.

    :raises AcceptedError: if the person accepted meanwhile.
    """
    row = _still_invited(place)
    _audit(row, by, "withdraw invitation", before={"invited_until": row.invited_until}, after={})
    row.delete()


def _check_seat(place: Manager, *, at: datetime) -> None:
    """Refuse one manager more than the plan has seats; under the partner's lock."""
    partner = Partner.objects.get(pk=place.partner_id)
    others = Manager.objects.filter(is_taken(at), partner=partner).exclude(pk=place.pk).count()
    if partner.max_admin_seats is not None and others >= partner.max_admin_seats:
        raise NoSeatError


def _still_invited(place: AnyPlace) -> AnyPlace:
    Partner.objects.select_for_update(no_key=True).get(pk=place.partner_id)
    row = type(place).objects.filter(pk=place.pk).order_by("pk").first()
    if row is None or not row.is_invited:
        raise AcceptedError
    return row


def _audit(
    place: Place,
    by: User,
    action: str,
    *,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:
    record.record(
        action=action,
        subject=place,
        partner_id=getattr(place, "partner_id", None),
        actor_id=by.pk,
        before=before,
        after=after,
    )
