"""People who work for a partner: made by e-mail, invited, and let into the dashboard."""

from dataclasses import dataclass
from datetime import datetime
from smtplib import SMTPException

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from clubs.models import Manager, Partner
from loyalty.users.models import User


def user_by_email(*, email: str, name: str = "", language: str = "") -> tuple[User, bool]:
    """Return the person with this e-mail, made without a password if unknown, and whether new."""
    found = known(email)
    if found is not None:
        return found, False
    made = User.objects.create_user(email, name=name, language=language)
    # So that the code of the first sign-in proves the e-mail, and no second one is asked for.
    EmailAddress.objects.create(user=made, email=made.email, primary=True, verified=False)
    return made, True


def known(email: str) -> User | None:
    """Return the person with this e-mail, or None."""
    return User.objects.filter(email=email.strip().lower()).first()


def follow_manager_rows(user_id: int) -> None:
    """Set whether a user opens the dashboard from their manager rows alone."""
    manages = Manager.objects.filter(user_id=user_id, is_active=True).exists()
    User.objects.filter(pk=user_id).exclude(is_superuser=True).update(is_staff=manages)


def sign_in_address() -> str:
    """Return where a person signs in, by a code sent to their e-mail or by password."""
    return f"{settings.SITE_URL}{reverse('account_login')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What an invitation says besides to whom: the place, who invites, the link and its end."""

    place: str
    inviter: str
    address: str
    until: datetime


def send_invitation(*, user: User, partner: Partner, letter: Letter) -> bool:
    """Send a person the way in, in their language; return whether the mail was taken.

    Called after the rows are committed.
    """
    with translation.override(user.language or partner.language):
        context = {
            "user": user,
            "partner": partner,
            "place": letter.place,
            "inviter": letter.inviter,
            "address": letter.address,
            "until": timezone.localtime(letter.until, partner.zone()),
        }
        subject = _("%(partner)s: your invitation") % {"partner": partner.name}
        body = render_to_string("admin/mail/invitation.txt", context)
        try:
            return bool(send_mail(subject, body, None, [user.email]))
        except (OSError, SMTPException):
            return False
