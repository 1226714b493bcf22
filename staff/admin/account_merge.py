"""Merge two records of one customer: find the other, compare side by side, choose, confirm."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from loyalty.ledger.drafts import Note
from loyalty.members import searching
from loyalty.members.models import Member, Membership
from loyalty.operations import merging
from loyalty.operations.deeds import Deed
from loyalty.web.words import given
from staff.admin.account import AccountPage, membership_of, state_of
from staff.admin.account_actions import ActionPage
from staff.admin.customers import phones_of
from staff.admin.forms_account import DeedForm
from staff.admin.forms_merge import FindForm, MergeForm
from staff.admin.powers import EDITORS

MOST_FOUND = 20
MOST_CARDS = 20


class FindTwinPage(AccountPage):
    """Find the other record of the customer."""

    roles = EDITORS

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Show the search, and whom it means."""
        form = FindForm(request.GET if "q" in request.GET else None)
        typed = form.cleaned_data["q"].strip() if form.is_valid() else ""
        found = self._found(typed) if typed else []
        extra = {
            "form": form,
            "is_searched": bool(typed),
            "found": [
                {
                    "membership": row,
                    "state": state_of(row),
                    "address": reverse(
                        "admin:members_membership_merge_with", args=[self.membership.pk, row.pk]
                    ),
                }
                for row in found
            ],
        }
        return self.page("admin/account_merge.html", extra, title=_("Merge with another customer"))

    def _found(self, typed: str) -> list[Membership]:
        """Return cards of other customers of the business, the latest active first."""
        partner = self.membership.partner
        ids = searching.ids_of_matching(
            Membership.objects.filter(partner=partner),
            Member.objects.known().filter(partner=partner),
            typed=typed,
            phones=phones_of(typed, [partner]),
        )
        rows = Membership.objects.filter(
            pk__in=ids, member__merged_into=None, member__erased_at=None
        ).exclude(member=self.membership.member_id)
        return list(
            rows.select_related("member", "card").order_by("-active_at", "-pk")[:MOST_FOUND]
        )


class MergePage(ActionPage):
    """Compare the two records and merge them."""

    form_class: ClassVar[type[DeedForm]] = MergeForm
    template = "admin/account_merge_with.html"
    is_danger = True

    def other(self) -> Any:
        """Return the card by which the other record was found.

        :raises Http404: if there is none at this business.
        """
        found = membership_of(self.request, self.kwargs["other_id"], self.at)
        if found.partner_id != self.membership.partner_id:
            raise Http404
        return found

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        lead = _(
            "The record that stays gets everything: points with their dates, vouchers, tags, and"
            " the cards that only the other has. A card that both have stays once. This cannot be"
            " undone."
        )
        return {"title": _("Merge two customers"), "button": _("Merge"), "lead": lead}

    def form_options(self) -> dict[str, Any]:
        """Return the two records."""
        return {"stays": self.membership.member, "goes": self.other().member}

    def extra(self) -> dict[str, Any]:
        """Return the other card, and what both hold card by card."""
        other = self.other()
        return {
            "other": other,
            "pairs": pairs(self.membership, other),
            "swapped": reverse(
                "admin:members_membership_merge_with", args=[other.pk, self.membership.pk]
            ),
        }

    def act(self, deed: Deed, form: Any) -> str:
        """Merge them."""
        merging.merge_members(
            deed=deed,
            membership_id=self.membership.pk,
            other_id=self.other().pk,
            taken=form.taken(),
            note=Note(internal=form.cleaned_data["internal"]),
        )
        return _("Merged. This record has everything now.")


def pairs(stays: Membership, goes: Membership) -> list[Mapping[str, Any]]:
    """Return what the two customers hold, card by card; one statement."""
    held = (
        Membership.objects.filter(member__in=[stays.member_id, goes.member_id])
        .select_related("card", "account")
        .order_by("card__name", "card_id", "pk")[: 2 * MOST_CARDS]
    )
    found: dict[int, dict[str, Any]] = {}
    for row in held:
        line = found.setdefault(row.card_id, {"card": row.card, "stays": "", "goes": ""})
        words = given(row.account.points, row.account.credit_minor, row.card)
        line["stays" if row.member_id == stays.member_id else "goes"] = f"{row.number} · {words}"
    return list(found.values())
