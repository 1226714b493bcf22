"""What a manager does with money on a member's account: refund a purchase, pay with points."""

from dataclasses import replace
from typing import Any, ClassVar

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Source, Unit
from loyalty.operations import adjustments, payments, refunds, sales
from loyalty.operations.deeds import Deed
from loyalty.operations.sales import Sale
from loyalty.operations.standing import Standing, look
from loyalty.web import money_words, words
from loyalty.web.balances import balance
from loyalty.web.money import money
from loyalty.web.refusals import Refusal
from loyalty.web.requests import deed, new_request_id
from staff.admin.account_actions import ActionPage, AdjustPage
from staff.admin.forms_account import DeedForm
from staff.admin.forms_money import AdjustCreditForm, PayForm, RefundForm
from staff.admin.powers import EVERYONE


class MoneyPage(ActionPage):
    """A deed that moves points or credit for money; foretold by the deed's own rules."""

    roles = EVERYONE

    def standing(self) -> Standing:
        """Return what the deed would find now."""
        asked = deed(self.request, source=Source.ADMIN, request_id=new_request_id())
        return look(deed=asked, membership_id=self.membership.pk)

    def held_after(self, told: dict[str, Any]) -> str:
        """Return what is left after a deed, in words."""
        card = self.membership.card
        return balance(card, told["balance_after"], told.get("credit_after", 0)).text


class RefundPage(MoneyPage):
    """Refund a purchase, a part of it, or lines of its bill (IV3.20)."""

    form_class: ClassVar[type[DeedForm]] = RefundForm

    def sale(self) -> Sale:
        """Return the purchase of the address.

        :raises Http404: if it is not on this account, or was undone.
        """
        try:
            return sales.sale_of(self.standing(), self.kwargs["transaction_id"])
        except (sales.SaleNotFoundError, sales.SaleUndoneError) as error:
            raise Http404 from error

    def words(self) -> dict[str, Any]:
        """Return the words of the page, with the purchase and what was refunded of it."""
        sale, card = self.sale(), self.membership.card
        lead = words.history_line(sale.booked, card).title
        if sale.refunded_minor:
            amount = money(sale.refunded_minor, card.currency)
            lead = _("%(sale)s, %(amount)s of it refunded") % {"sale": lead, "amount": amount}
        return {"title": _("Refund"), "button": _("Refund"), "lead": lead}

    def form_options(self) -> dict[str, Any]:
        """Return the purchase."""
        return {"sale": self.sale(), "card": self.membership.card}

    def act(self, deed: Deed, form: Any) -> str:
        """Refund it."""
        amount, lines = form.returned()
        done = refunds.refund_purchase(
            deed=deed,
            membership_id=self.membership.pk,
            transaction_id=self.kwargs["transaction_id"],
            amount_minor=amount,
            lines=lines,
            note=Note(internal=form.cleaned_data["internal"]),
        )
        return _("%(what)s. The balance is %(balance)s now.") % {
            "what": money_words.title(done, self.membership.card),
            "balance": self.held_after(done.result),
        }


class PayPage(MoneyPage):
    """Pay a bill, or a part of it, with points or credit (IV3.19)."""

    form_class: ClassVar[type[DeedForm]] = PayForm

    def words(self) -> dict[str, Any]:
        """Return the words of the page, with how much can be paid."""
        found, card = self.standing(), self.membership.card
        most = [
            _("%(amount)s with %(unit)s")
            % {
                "amount": money(
                    payments.payable(found, unit, card.max_amount_minor), card.currency
                ),
                "unit": card.unit_many if unit == Unit.POINTS else _("credit"),
            }
            for unit in payments.units_offered(found)
        ]
        lead = _("Nothing on this account can pay a bill now.")
        if most:
            lead = _("What is there pays up to %(amounts)s.") % {"amounts": ", ".join(most)}
        title = _("Pay with points or credit")
        return {"title": title, "button": _("Pay"), "lead": lead}

    def form_options(self) -> dict[str, Any]:
        """Return what can be paid with; a repeated submit may come when nothing is left."""
        units = payments.units_offered(self.standing()) or list(Unit)
        return {"units": units, "card": self.membership.card}

    def act(self, deed: Deed, form: Any) -> str:
        """Pay."""
        typed = form.cleaned_data
        is_points = typed["unit"] == Unit.POINTS
        pay = payments.pay_with_points if is_points else payments.pay_with_credit
        done = pay(
            deed=deed,
            membership_id=self.membership.pk,
            bill_minor=typed["amount"],
            money_minor=typed["money"],
            note=Note(internal=typed["internal"]),
        )
        return _("%(what)s. The balance is %(balance)s now.") % {
            "what": money_words.title(done, self.membership.card),
            "balance": self.held_after(done.result),
        }


class AdjustCreditPage(AdjustPage):
    """Adjust the credit: a signed amount with a reason (IV9.7)."""

    form_class: ClassVar[type[DeedForm]] = AdjustCreditForm
    unit = Unit.CREDIT

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        return {"title": _("Adjust credit"), "button": self.button()}

    def form_options(self) -> dict[str, Any]:
        """Return what the form of points needs, and the currency."""
        return {**super().form_options(), "currency": self.membership.card.currency}

    def refuse(self, form: DeedForm, refusal: Refusal) -> HttpResponse:
        """Show what is said beside the points beside the credit."""
        field = "credit" if refusal.field == "points" else refusal.field
        return super().refuse(form, replace(refusal, field=field))

    def typed_amount(self, form: Any) -> int:
        """Return the credit in minor units."""
        return int(form.cleaned_data["credit"])

    def adjust(self, deed: Deed, form: Any) -> str:
        """Adjust the credit."""
        card = self.membership.card
        done = adjustments.adjust_credit(
            deed=deed,
            membership_id=self.membership.pk,
            credit_minor=self.typed_amount(form),
            **self.facts(form),
        )
        return _("%(moved)s. The balance is %(balance)s now.") % {
            "moved": words.moved(0, done.credit_minor, card),
            "balance": balance(
                card, done.result["balance_after"], done.result["credit_after"]
            ).text,
        }
