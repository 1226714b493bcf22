"""Adjustments that wait for a second person: the list, and the pages that answer them (CU3)."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.ledger.models import Answer, Unit, WaitingAdjustment
from loyalty.operations import waiting_adjustments
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.operations.deeds import Deed
from loyalty.web.balances import balance
from staff.admin import waiting_words
from staff.admin.account import account_address
from staff.admin.account_actions import ActionPage
from staff.admin.forms_account import DeedForm, WordsForm
from staff.admin.powers import EVERYONE, powers_of
from staff.admin.scoping import ReadOnlyAdmin, own_rows
from staff.admin.site import site
from staff.admin.unfold_parts import badge, column

COLOURS = {
    waiting_words.WAITING: "warning",
    waiting_words.EXPIRED: "info",
    Answer.APPROVED.value: "success",
    Answer.DECLINED.value: "danger",
    Answer.WITHDRAWN.value: "info",
}


class StateFilter(admin.SimpleListFilter):
    """Shows those that wait, unless asked for the others."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the states, and all."""
        return [*waiting_words.STATES.items(), ("all", gettext_lazy("all"))]

    def choices(self, changelist: Any) -> Any:
        """Return the choices; without one, those that wait are shown."""
        _everything, *others = super().choices(changelist)
        for choice in others:
            is_first = choice["display"] == waiting_words.STATES[waiting_words.WAITING]
            yield {**choice, "selected": choice["selected"] or (is_first and not self.value())}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the state."""
        at = timezone.now()
        match self.value():
            case "all":
                return queryset
            case waiting_words.EXPIRED:
                return queryset.filter(answer="", expires_at__lte=at)
            case None | waiting_words.WAITING:
                return queryset.filter(answer="", expires_at__gt=at)
            case answer:
                return queryset.filter(answer=answer)


@admin.register(WaitingAdjustment, site=site)
class WaitingAdjustmentAdmin(ReadOnlyAdmin):
    """What people of the business asked for above their limit, newest first."""

    list_words = gettext_lazy("Adjustments waiting for a second person")
    list_display = ("moved", "member", "why", "asker", "asked_at", "state")
    list_display_links = ("moved",)
    list_select_related = ("membership__member", "membership__card", "asked_by")
    list_filter = (StateFilter,)
    ordering = ("-pk",)
    sortable_by = ()
    empty_words = gettext_lazy("Nothing waits. Adjustments above a person's limit come here.")

    def get_urls(self) -> list[Any]:
        """Return the list, the page of one, and the pages that answer it."""
        guard = self.admin_site.admin_view
        pages: list[tuple[str, type[AnswerPage]]] = [
            ("approve", ApprovePage),
            ("decline", DeclinePage),
            ("withdraw", WithdrawPage),
        ]
        answers = [
            path(
                f"<key:object_id>/{name}/",
                guard(page.as_view(model_admin=self)),
                name=f"ledger_waitingadjustment_{name}",
            )
            for name, page in pages
        ]
        return [*answers, *super().get_urls()]

    @column(gettext_lazy("amount"))
    def moved(self, row: WaitingAdjustment) -> str:
        """Return what it would move."""
        return waiting_words.moved(row, row.membership.card)

    @column(gettext_lazy("member"))
    def member(self, row: WaitingAdjustment) -> str:
        """Return whose balance it is about."""
        return row.membership.member.full_name()

    @column(gettext_lazy("reason"))
    def why(self, row: WaitingAdjustment) -> str:
        """Return the reason out of the list."""
        return str(AdjustmentReason(row.reason).label)

    @column(gettext_lazy("asked by"))
    def asker(self, row: WaitingAdjustment) -> str:
        """Return who asked."""
        return str(row.asked_by.get_full_name())

    @badge(gettext_lazy("state"), COLOURS)
    def state(self, row: WaitingAdjustment) -> tuple[str, Any]:
        """Return how it stands now."""
        return waiting_words.state(row, timezone.now())

    def crumbs(self, row: Any = None, *more: Any) -> list[tuple[Any, str]]:
        """Return the way to a page, with the amount in place of the row's number."""
        found = super().crumbs(row, *more)
        return [found[0], (self.moved(row), found[1][1]), *found[2:]] if row else found

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Show what was asked for, by whom, how it stands, and what this person can do."""
        row = found_row(request, self.get_object(request, object_id).pk)
        at, powers, card = timezone.now(), powers_of(request), row.membership.card
        context = {
            **self.admin_site.each_context(request),
            "title": _("Waiting adjustment"),
            "crumbs": self.crumbs(row),
            "opts": self.opts,
            "row": row,
            "moved": self.moved(row),
            "unit": card.unit_many if row.unit == Unit.POINTS else _("credit"),
            "why": self.why(row),
            "state": waiting_words.state(row, at),
            "zone": card.partner.zone(),
            "account_address": account_address(row.membership),
            "may_answer": waiting_words.may_answer(row, powers, at),
            "may_withdraw": waiting_words.may_withdraw(row, powers.user, at),
        }
        return render(request, "admin/waiting.html", context)


def found_row(request: HttpRequest, waiting_id: int) -> WaitingAdjustment:
    """Return a waiting adjustment of the own partners with everybody in it.

    :raises Http404: if there is none.
    """
    rows = own_rows(WaitingAdjustment.objects.all(), powers_of(request)).select_related(
        "membership__member", "membership__card__partner", "asked_by", "answered_by"
    )
    found = rows.filter(pk=waiting_id).order_by("pk").first()
    if found is None:
        raise Http404
    return found


class AnswerPage(ActionPage):
    """A form that answers a waiting adjustment, under the head of the account it is about."""

    row: WaitingAdjustment

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Fetch the row and then its membership; a foreign one is missing."""
        self.row = found_row(request, kwargs["object_id"])
        return super().dispatch(request, *args, membership_id=self.row.membership_id, **kwargs)

    def crumbs(self, title: str) -> list[tuple[Any, str]]:
        """Return the way by the list of what waits."""
        found: list[tuple[Any, str]] = self.model_admin.crumbs(self.row, title)
        return found

    def lead(self) -> str:
        """Return who asked for what, and why."""
        facts = {
            "person": self.row.asked_by.get_full_name(),
            "amount": waiting_words.moved(self.row, self.membership.card),
            "unit": self.membership.card.unit_many if self.row.unit == Unit.POINTS else _("credit"),
            "reason": AdjustmentReason(self.row.reason).label,
        }
        lead = _("%(person)s asks for %(amount)s %(unit)s: %(reason)s.") % facts
        return f"{lead} \u201c{self.row.internal}\u201d" if self.row.internal else lead


class ApprovePage(AnswerPage):
    """Book what a colleague asked for."""

    form_class: ClassVar[type[DeedForm]] = DeedForm

    def words(self) -> dict[str, Any]:
        """Return the words of the page, with what the balance becomes."""
        return {"title": _("Approve"), "button": _("Approve and book"), "lead": self.lead()}

    def act(self, deed: Deed, form: Any) -> str:
        """Book it."""
        done = waiting_adjustments.approve(deed=deed, waiting_id=self.row.pk)
        assert done.booked  # noqa: S101 - the database holds it so
        card = self.membership.card
        told = done.booked.result
        return _("%(amount)s. The balance is %(balance)s now.") % {
            "amount": waiting_words.moved(done, card),
            "balance": balance(card, told["balance_after"], told.get("credit_after", 0)).text,
        }


class DeclinePage(AnswerPage):
    """Decline what a colleague asked for, and say why."""

    form_class: ClassVar[type[DeedForm]] = WordsForm

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        return {"title": _("Decline"), "button": _("Decline"), "lead": self.lead()}

    def act(self, deed: Deed, form: Any) -> str:
        """Decline it."""
        said = form.cleaned_data["words"]
        waiting_adjustments.decline(deed=deed, waiting_id=self.row.pk, words=said)
        return _("Declined. Nothing was booked.")


class WithdrawPage(AnswerPage):
    """Take back what one asked for oneself."""

    roles = EVERYONE
    form_class: ClassVar[type[DeedForm]] = DeedForm

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        return {"title": _("Withdraw"), "button": _("Withdraw"), "lead": self.lead()}

    def act(self, deed: Deed, form: Any) -> str:
        """Withdraw it."""
        waiting_adjustments.withdraw(deed=deed, waiting_id=self.row.pk)
        return _("Withdrawn. Nothing was booked.")
