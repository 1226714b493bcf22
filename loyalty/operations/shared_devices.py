"""The quick switch between people on a shared tablet: who signed in there, and their PIN."""

from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db.models import Exists, F, OuterRef, QuerySet

from clubs.models import DeviceSignIn, PartnerStatus, PlaceStatus, StaffMember
from loyalty.audit import record
from loyalty.members.codes import hashed
from loyalty.operations.deeds import one_transaction
from loyalty.users.models import User

# After a full sign-in the PIN is good on that device for a long working day.
PIN_LIFETIME = timedelta(hours=12)
MOST_MISSES = 5


class PinNotUsableError(PermissionError):
    """The person has to sign in fully: no PIN, no recent sign-in on the device, or five misses."""


class WrongPinError(ValueError):
    """The PIN is not the person's."""

    def __init__(self, *, left: int) -> None:
        super().__init__(str(left))
        self.left = left


def note_sign_in(*, user: User, device: str, signed_in_at: datetime) -> DeviceSignIn:
    """Remember that a person signed in fully on a device, and return the row.

    A later sign-in makes the PIN good again; telling of the same one again changes nothing.
    """
    row, _is_new = DeviceSignIn.objects.get_or_create(
        user=user, device_hash=hashed(device), defaults={"signed_in_at": signed_in_at}
    )
    DeviceSignIn.objects.filter(pk=row.pk, signed_in_at__lt=signed_in_at).update(
        signed_in_at=signed_in_at, missed_pins=0
    )
    return row


def people_on(*, device: str, at: datetime) -> QuerySet[User]:
    """Return the people whose PIN is good on this device now, by name."""
    signed_in = DeviceSignIn.objects.filter(
        user=OuterRef("pk"),
        device_hash=hashed(device),
        signed_in_at__gt=at - PIN_LIFETIME,
        missed_pins__lt=MOST_MISSES,
    )
    return User.objects.filter(
        Exists(signed_in), Exists(_working().filter(user=OuterRef("pk"))), is_active=True
    ).order_by("name", "pk")


def has_pin(*, user: User) -> bool:
    """Return whether the person has a PIN."""
    return _working().filter(user=user).exists()


def _working() -> QuerySet[StaffMember]:
    return StaffMember.objects.filter(
        is_active=True,
        club__status=PlaceStatus.ACTIVE,
        club__partner__status=PartnerStatus.ACTIVE,
    ).exclude(pin_hash="")


def person_by_pin(*, user_id: int, device: str, pin: str, at: datetime) -> User:
    """Return the person whose PIN this is, on a device where it is good.

    The attempt is counted before the PIN is looked at, so that parallel guesses count as well.

    :raises PinNotUsableError: if only a full sign-in helps.
    :raises WrongPinError: with the attempts that are left.
    """
    user = people_on(device=device, at=at).filter(pk=user_id).first()
    counted = DeviceSignIn.objects.filter(
        user_id=user_id, device_hash=hashed(device), missed_pins__lt=MOST_MISSES
    )
    if user is None or not counted.update(missed_pins=F("missed_pins") + 1):
        raise PinNotUsableError

    row = DeviceSignIn.objects.get(user=user, device_hash=hashed(device))
    staff = _working().filter(user=user).order_by("pk").first()
    if staff is None or not staff.pin_is(pin):
        raise WrongPinError(left=MOST_MISSES - row.missed_pins)
    DeviceSignIn.objects.filter(pk=row.pk).update(missed_pins=0)
    return user


@one_transaction
def set_pin(*, user: User, pin: str) -> None:
    """Give a person one PIN for all clubs where they work. Stored hashed, audited without it."""
    rows = StaffMember.objects.select_for_update(no_key=True).filter(user=user, is_active=True)
    pin_hash = make_password(pin)
    for row in rows.order_by("pk"):
        row.pin_hash = pin_hash
        row.save(update_fields=["pin_hash"])
        record.record(action="set PIN", subject=row, partner_id=row.partner_id, actor_id=user.pk)
