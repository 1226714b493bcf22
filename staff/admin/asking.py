"""What pages of adjustments do above the own limit: ask a colleague to approve (CU3)."""

from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Unit
from loyalty.operations import adjustments, waiting_adjustments
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.operations.deeds import Deed
from loyalty.web.money import decimals
from loyalty.web.refusals import Refusal
from loyalty.web.templatetags.loyalty import day
from staff.admin import waiting_words
from staff.admin.powers import powers_of


class Asking:
    """Does an adjustment within the own limit; above it shows the question, then asks."""

    request: HttpRequest
    membership: Any
    unit: ClassVar[Unit]
    asks = False

    def typed_amount(self, form: Any) -> int:
        """Return the amount of the form, in points or minor units."""
        raise NotImplementedError

    def adjust(self, deed: Deed, form: Any) -> str:
        """Adjust within the own limit and return the sentence that says so."""
        raise NotImplementedError

    def button(self) -> str:
        """Return the words of the button: on the question it sends."""
        return _("Send to a manager") if self.asks else _("Save")

    def act(self, deed: Deed, form: Any) -> str:
        """Adjust, or ask a colleague to where the page has said so."""
        try:
            return self.adjust(deed, form)
        except adjustments.AboveCapError:
            if not form.cleaned_data["asks"]:
                raise
        self.asks = True
        waiting = waiting_adjustments.ask(
            deed=deed,
            membership_id=self.membership.pk,
            unit=self.unit,
            amount=self.typed_amount(form),
            **self.facts(form),
        )
        return _("Sent. A manager can answer until %(day)s. Nothing was booked yet.") % {
            "day": day(waiting.expires_at, self.membership.card.partner.zone())
        }

    def facts(self, form: Any) -> dict[str, Any]:
        """Return what the operations take besides the amount."""
        typed = form.cleaned_data
        return {
            "reason": AdjustmentReason(typed["reason"]),
            "note": Note(internal=typed["internal"], comment=typed["comment"]),
            "is_counted_for_tier": typed["is_counted"],
            "about_transaction_id": typed["about"],
        }

    def refuse(self, form: Any, refusal: Refusal) -> HttpResponse:
        """Show what is in the way; above the own limit, whether a colleague shall approve."""
        if refusal.code == "above_cap" and not self.asks:
            self.asks = True
            form.data = {**form.data.dict(), "asks": "on"}
            limit = waiting_words.amount(self.own_limit(), self.unit, self.membership.card)
            question = _("This is above your limit of %(limit)s. Send it to a manager to approve?")
            form.add_error(None, question % {"limit": limit})
            return self.show(form)  # type: ignore[attr-defined,no-any-return]  # of the page this is mixed into
        return super().refuse(form, refusal)  # type: ignore[misc,no-any-return]  # as above

    def own_limit(self) -> int:
        """Return the most that this person may adjust alone, in points or minor units."""
        card = self.membership.card
        manager = powers_of(self.request).managers.get(self.membership.partner_id)
        caps = [card.adjust_cap, manager.adjust_cap if manager else None]
        most: int = min(cap for cap in caps if cap is not None)
        one: int = 1 if self.unit == Unit.POINTS else 10 ** decimals(card.currency)
        return most * one
