"""The agreement to the privacy text given at sign-up, kept until the first card is joined."""

from django.conf import settings
from django.http import HttpRequest

from loyalty.audit import record
from loyalty.users.models import User

SESSION_KEY = "privacy_version"


def keep(request: HttpRequest, *, user: User) -> None:
    """Remember which privacy text the person agreed to, here and in the audit log."""
    request.session[SESSION_KEY] = settings.PRIVACY_VERSION
    record.record(
        action="accept privacy text",
        subject=user,
        partner_id=None,
        actor_id=user.pk,
        after={"privacy_version": settings.PRIVACY_VERSION},
    )


def is_kept(request: HttpRequest) -> bool:
    """Return whether the person agreed to the text in force when they signed up just now."""
    return bool(request.session.get(SESSION_KEY) == settings.PRIVACY_VERSION)


def use(request: HttpRequest) -> None:
    """Forget the agreement once it stands in a member's record; the next partner asks anew."""
    request.session.pop(SESSION_KEY, None)
