"""Deeds on a membership itself: in or out of the programme, a new code, a link to a phone."""

from typing import Any, ClassVar

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Source
from loyalty.members.models import MembershipStatus
from loyalty.operations import guests, memberships, standing
from loyalty.operations.deeds import Deed
from loyalty.web.refusals import REFUSALS, refusal_of
from loyalty.web.requests import deed
from staff.admin.account_actions import ActionPage
from staff.admin.forms_account import DeedForm
from staff.admin.powers import EVERYONE


class StatusPage(ActionPage):
    """Take the membership out of the programme, or let it back in (CU10)."""

    status: ClassVar[MembershipStatus]
    done: ClassVar[Any] = ""

    def act(self, deed: Deed, form: Any) -> str:
        """Change the status."""
        memberships.change_status(
            deed=deed,
            membership_id=self.membership.pk,
            status=self.status,
            note=Note(internal=form.cleaned_data["internal"]),
        )
        return _("The card is %(status)s now.") % {"status": self.status.label}


class RemovePage(StatusPage):
    """Remove from the programme."""

    status = MembershipStatus.REMOVED
    is_danger = True

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        lead = _(
            "The customer no longer sees the card and nothing can be booked. The balance stays as"
            " it is. You can restore the card at any time."
        )
        return {"title": _("Remove from programme"), "button": _("Remove"), "lead": lead}


class BlockPage(StatusPage):
    """Block."""

    status = MembershipStatus.BLOCKED
    is_danger = True

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        lead = _(
            "The customer sees that the card is blocked; nothing can be booked. The balance stays"
            " as it is. You can restore the card at any time."
        )
        return {"title": _("Block the card"), "button": _("Block"), "lead": lead}


class RestorePage(StatusPage):
    """Let back in."""

    status = MembershipStatus.ACTIVE

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        lead = _("The card works again, with the balance it had.")
        return {"title": _("Restore the card"), "button": _("Restore"), "lead": lead}


class ReplaceCodePage(ActionPage):
    """Give the membership a new code, so that a lost phone is worth nothing."""

    roles = EVERYONE
    form_class = DeedForm
    is_danger = True

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        lead = _(
            "For a lost phone or a copied card: the old code stops working at once. The balance"
            " stays. Printed cards must be printed again."
        )
        return {"title": _("Replace code"), "button": _("Replace code"), "lead": lead}

    def act(self, deed: Deed, form: Any) -> str:
        """Replace code and key."""
        memberships.replace_code(deed=deed, membership_id=self.membership.pk)
        return _("The card has a new code. The old one is worth nothing.")


class GuestLinkPage(ActionPage):
    """Make a link by which a guest takes over their own record."""

    roles = EVERYONE
    form_class = DeedForm

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        lead = _(
            "The customer scans a code with their own phone and signs in; from then on they see"
            " this card there. The code is good for 15 minutes and one use."
        )
        return {"title": _("Link to a phone"), "button": _("Show the code"), "lead": lead}

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Show the link's code; it is known only now."""
        form = self.form_class(request.POST)
        if not form.is_valid():
            return self.show(form)
        key = form.cleaned_data["request_id"]
        try:
            made = guests.make_link(
                deed=deed(request, source=Source.ADMIN, request_id=key),
                membership_id=self.membership.pk,
            )
        except standing.MembershipNotFoundError as error:
            raise Http404 from error
        except REFUSALS as error:
            return self.refuse(form, refusal_of(error))
        address = f"{settings.SITE_URL}{reverse('wallet:link', args=[made.token])}"
        extra = {"address": address, "until": made.link.expires_at}
        return self.page("admin/account_guest_link.html", extra, title=_("Link to a phone"))
