"""How sign-up and sign-in behave here."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.models import EmailAddress
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from clubs.access import managers_of
from loyalty.audit import record
from loyalty.users.models import User
from loyalty.wallet.linking import link_by_email

# Words that say nothing new: the page one lands on shows it.
_SILENT = {"account/messages/logged_in.txt", "account/messages/email_confirmed.txt"}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth has no types
    """Give guests their records once an e-mail is proven, and keep the reader's language."""

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Confirm the address, in the POST that brought its code, and link what waits for it."""
        is_confirmed = bool(super().confirm_email(request, email_address))
        # A second address proves nothing about the one the account signs in by.
        if is_confirmed and email_address.email.lower() == email_address.user.email.lower():
            link_by_email(email_address.user)
        return is_confirmed

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        """Link what waits for an e-mail that a sign-in code just proved; keep the language."""
        methods = {record["method"] for record in get_authentication_records(request, user)}
        if "code" in methods:
            link_by_email(user)
        note_sign_in(user)
        response: HttpResponse = super().post_login(request, user, **kwargs)
        if user.language:
            remember_language(response, user.language)
        return response

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """Tell what a page does not show by itself."""
        if message_template not in _SILENT:
            super().add_message(request, level, message_template, *args, **kwargs)


def note_sign_in(user: User) -> None:
    """Tell the audit log of each business that one of its managers signed in."""
    if not user.is_staff:
        return
    for manager in managers_of(user=user):
        record.record(
            action="sign in",
            subject=manager,
            partner_id=manager.partner_id,
            actor_id=user.pk,
        )


def remember_language(response: HttpResponse, language: str) -> None:
    """Let this browser speak the person's language, also when they are signed out."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=settings.SESSION_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
    )
