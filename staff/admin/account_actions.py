"""The deeds of a manager on a member's account: each a form of its own, one operation per POST."""

from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Kind, Source, Transaction, Unit
from loyalty.members.models import Voucher, VoucherStatus, pooled
from loyalty.operations import (
    adjustments,
    offers,
    rollbacks,
    standing,
    tiers,
    vouchers,
)
from loyalty.operations.deeds import Deed
from loyalty.web import words
from loyalty.web.refusals import REFUSALS, Refusal, refusal_of
from loyalty.web.requests import deed
from staff.admin.account import DIALOG, PART_HEADER, AccountPage, account_address
from staff.admin.asking import Asking
from staff.admin.forms_account import (
    AdjustForm,
    DeedForm,
    NoteForm,
    ReasonForm,
    RemoveVoucherForm,
    RollBackForm,
    SpendForm,
    TierForm,
    purchases_of,
)
from staff.admin.powers import EDITORS, EVERYONE, NOBODY

MOST_PURCHASES = 20


class ActionPage(AccountPage):
    """A form for one deed. Nothing happens until its button is pressed."""

    http_method_names = ["get", "post", "head", "options"]
    roles = EDITORS
    form_class: ClassVar[type[DeedForm]] = NoteForm
    template: ClassVar[str] = "admin/account_action.html"
    is_danger: ClassVar[bool] = False
    # The section of the account page that shows what was done.
    section: ClassVar[str] = ""

    def words(self) -> dict[str, Any]:
        """Return the page's ``title``, its ``button`` and its ``lead``."""
        raise NotImplementedError

    def act(self, deed: Deed, form: Any) -> str:
        """Do the deed and return the sentence that says so."""
        raise NotImplementedError

    def form_options(self) -> dict[str, Any]:
        """Return what the form needs to know besides what was typed."""
        return {}

    def extra(self) -> dict[str, Any]:
        """Return what the page shows besides the form."""
        return {}

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Show the form."""
        return self.show(self.form_class(**self.form_options()))

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Do the deed once, or show what is in its way."""
        form = self.form_class(request.POST, **self.form_options())
        if not form.is_valid():
            return self.show(form)
        key = form.cleaned_data["request_id"]
        try:
            done = self.act(deed(request, source=Source.ADMIN, request_id=key), form)
        except standing.MembershipNotFoundError as error:
            raise Http404 from error
        except REFUSALS as error:
            return self.refuse(form, refusal_of(error))
        messages.success(request, done)
        return self.lead_to(account_address(self.membership, self.section))

    def lead_to(self, address: str) -> HttpResponse:
        """Return the way on; a dialog goes it itself, so that the message is shown there."""
        if self.is_part:
            return HttpResponse(status=204, headers={PART_HEADER: DIALOG, "X-Address": address})
        return redirect(address)

    def refuse(self, form: DeedForm, refusal: Refusal) -> HttpResponse:
        """Show the refusal beside its field, or on top."""
        field = refusal.field if refusal.field in form.fields else None
        form.add_error(field, refusal.message)
        return self.show(form, status=refusal.status)

    def show(self, form: DeedForm, status: int = 200) -> HttpResponse:
        """Return the page with the form."""
        facts = self.words()
        extra = {"form": form, "is_danger": self.is_danger, **facts, **self.extra()}
        return self.page(self.template, extra, title=str(facts["title"]), status=status)

    def told(self, points: int) -> str:
        """Return a count with the card's unit."""
        return words.points(points, self.membership.card)


class AdjustPage(Asking, ActionPage):
    """Adjust the balance: a signed number with a reason (CU14 to CU20)."""

    roles = EVERYONE
    form_class: ClassVar[type[DeedForm]] = AdjustForm
    unit = Unit.POINTS

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        return {"title": _("Adjust balance"), "button": self.button()}

    def form_options(self) -> dict[str, Any]:
        """Return the largest adjustment on the card, and the purchases it may be about."""
        deeds = (
            Transaction.objects.filter(
                membership=self.membership, kind__in=[Kind.PURCHASE, Kind.BUY, Kind.POINTS]
            )
            .select_related("store", "note", "reversal")
            .order_by("-pk")[:MOST_PURCHASES]
        )
        return {
            "most": self.membership.card.adjust_cap,
            "purchases": purchases_of(list(deeds), self.membership.card),
        }

    def typed_amount(self, form: Any) -> int:
        """Return the points."""
        return int(form.cleaned_data["points"])

    def adjust(self, deed: Deed, form: Any) -> str:
        """Adjust the balance."""
        done = adjustments.adjust_points(
            deed=deed,
            membership_id=self.membership.pk,
            points=self.typed_amount(form),
            **self.facts(form),
        )
        return _("%(points)s. The balance is %(balance)s now.") % {
            "points": words.signed(done.points),
            "balance": self.told(done.result["balance_after"]),
        }


class SpendPage(ActionPage):
    """Spend the balance on a reward for the customer (CU21 to CU26)."""

    roles = EVERYONE
    form_class = SpendForm
    template = "admin/account_spend.html"

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        return {"title": _("Spend balance"), "button": _("Spend")}

    def form_options(self) -> dict[str, Any]:
        """Return the rewards on offer."""
        listed = offers.listed(
            account=self.membership.account, available=self.available, at=self.at
        )
        return {"offers": listed, "available": self.available, "card": self.membership.card}

    def extra(self) -> dict[str, Any]:
        """Return the way to add points first."""
        return {
            "adjust_address": reverse("admin:members_membership_adjust", args=[self.membership.pk])
        }

    def act(self, deed: Deed, form: Any) -> str:
        """Issue a voucher for the points."""
        done = vouchers.issue_voucher(
            deed=deed,
            membership_id=self.membership.pk,
            reward_id=form.cleaned_data["reward"],
            note=Note(internal=form.cleaned_data["internal"]),
        )
        return _("%(reward)s is ready for the customer. %(balance)s left.") % {
            "reward": done.result["reward"],
            "balance": self.told(done.result["balance_after"]),
        }


class TierPage(ActionPage):
    """Put the member into a tier by hand, or back under the rule (CU27 to CU31)."""

    form_class = TierForm

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        return {"title": _("Change tier"), "button": _("Change tier")}

    def form_options(self) -> dict[str, Any]:
        """Return the tiers there are."""
        card = self.membership.card
        today = timezone.localtime(self.at, card.partner.zone()).date()
        found = card.tiers.filter(archived_at=None).order_by("min_value", "pk")
        return {"tiers": list(found), "today": today}

    def act(self, deed: Deed, form: TierForm) -> str:
        """Change the tier."""
        done = tiers.change_tier(
            deed=deed,
            membership_id=self.membership.pk,
            tier_id=form.tier_id(),
            hold_until=form.held_until(self.membership.card.partner.zone()),
            are_rewards_given=form.cleaned_data["are_rewards_given"],
            note=Note(internal=form.cleaned_data["internal"]),
        )
        tier = done.result["new_tier"] or _("none")
        return _("The tier is %(tier)s now.") % {"tier": tier}


class RollBackPage(ActionPage):
    """Undo the account's most recent deed (R11.1)."""

    form_class: ClassVar[type[DeedForm]] = RollBackForm
    template = "admin/account_roll_back.html"
    is_danger = True

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        return {"title": _("Roll back latest"), "button": _("Roll back")}

    def original(self) -> Transaction | None:
        """Return what would be undone."""
        return rollbacks.latest_reversible(self.membership.account_id)

    def form_options(self) -> dict[str, Any]:
        """Return the transaction that the page shows."""
        latest = self.original()
        return {"initial": {"transaction_id": latest.pk}} if latest else {}

    def extra(self) -> dict[str, Any]:
        """Return exactly what will be undone."""
        latest = self.original()
        if latest is None:
            return {"latest": None}
        card = self.membership.card
        caused = Transaction.objects.filter(caused_by=latest).order_by("pk")
        return {
            "latest": latest,
            "line": words.history_line(latest, card),
            "caused": [words.history_line(one, card) for one in caused],
            "points_back": words.signed(-latest.points),
            "person": latest.actor.get_full_name() if latest.actor else _("system"),
        }

    def act(self, deed: Deed, form: Any) -> str:
        """Undo the deed that was shown."""
        done = rollbacks.roll_back_latest(
            deed=deed,
            membership_id=self.membership.pk,
            transaction_id=form.cleaned_data["transaction_id"],
            note=Note(internal=form.cleaned_data["internal"]),
        )
        return _("Rolled back. The balance is %(balance)s now.") % {
            "balance": self.told(done.result["balance_after"])
        }


class ReversePage(RollBackPage):
    """Undo any deed, by a superuser with a reason."""

    roles = NOBODY
    form_class = ReasonForm

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        return {"title": _("Reverse a transaction"), "button": _("Reverse")}

    def original(self) -> Transaction | None:
        """Return the transaction of the address.

        :raises Http404: if it is not on this account.
        """
        found = (
            Transaction.objects.filter(
                pk=self.kwargs["transaction_id"], account=self.membership.account_id
            )
            .select_related("store", "note", "reversal", "actor")
            .first()
        )
        if found is None:
            raise Http404
        return found

    def form_options(self) -> dict[str, Any]:
        """Make sure that the transaction is there."""
        self.original()
        return {}

    def act(self, deed: Deed, form: Any) -> str:
        """Reverse it."""
        done = rollbacks.reverse_transaction(
            deed=deed,
            membership_id=self.membership.pk,
            transaction_id=self.kwargs["transaction_id"],
            note=Note(internal=form.cleaned_data["internal"]),
        )
        return _("Reversed. The balance is %(balance)s now.") % {
            "balance": self.told(done.result["balance_after"])
        }


class RemoveVoucherPage(ActionPage):
    """Take an unused voucher away, with or without its points back (CU13)."""

    form_class = RemoveVoucherForm
    section = "rewards"
    is_danger = True

    def voucher(self) -> Voucher:
        """Return the voucher of the address.

        :raises Http404: if it is not on this account.
        """
        found = (
            Voucher.objects.filter(pooled(self.membership.account_id), pk=self.kwargs["voucher_id"])
            .select_related("reward")
            .first()
        )
        if found is None:
            raise Http404
        return found

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        voucher = self.voucher()
        lead = _("Voucher: %(reward)s, bought for %(points)s.") % {
            "reward": voucher.reward.name,
            "points": self.told(voucher.cost),
        }
        if voucher.status != VoucherStatus.ISSUED:
            lead = _("This voucher was used or has expired. Nothing can be removed.")
        return {"title": _("Remove voucher"), "button": _("Remove voucher"), "lead": lead}

    def act(self, deed: Deed, form: Any) -> str:
        """Remove the voucher."""
        done = vouchers.remove_voucher(
            deed=deed,
            membership_id=self.membership.pk,
            voucher_id=self.voucher().pk,
            are_points_returned=form.cleaned_data["are_points_returned"],
            note=Note(internal=form.cleaned_data["internal"]),
        )
        return _("The voucher is gone. The balance is %(balance)s now.") % {
            "balance": self.told(done.result["balance_after"])
        }
