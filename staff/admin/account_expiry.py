"""Let a member's points last longer, by hand, where the card allows it (IV3.21)."""

from typing import Any, ClassVar

from django.utils.translation import gettext as _

from cards import terms
from cards.models import TermsVersion
from loyalty.ledger.drafts import Note
from loyalty.operations import extensions
from loyalty.operations.deeds import Deed
from loyalty.rules.terms import Terms
from staff.admin.account_actions import ActionPage
from staff.admin.forms_account import DeedForm
from staff.admin.forms_groups import ExtendForm


class ExtendPage(ActionPage):
    """Move the dates of what a member has, within the days that the card allows."""

    form_class: ClassVar[type[DeedForm]] = ExtendForm
    template = "admin/account_extend.html"

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        lead = _(
            "What is left lasts longer. The days count from the date it was given at first, so"
            " moving it twice does not add up."
        )
        return {"title": _("Extend"), "button": _("Save"), "lead": lead}

    def rules(self) -> Terms:
        """Return the rules in force; without any, nothing can be moved."""
        versions = TermsVersion.objects.filter(
            card=self.membership.card_id, published_at__lte=self.at
        )
        newest = versions.order_by("-number").values_list("pk", flat=True).first()
        return terms.of_version(newest) if newest else Terms()

    def form_options(self) -> dict[str, Any]:
        """Return what can be moved, and how far."""
        card, rules = self.membership.card, self.rules()
        offered = extensions.extendable(
            account_id=self.membership.account_id,
            terms=rules,
            zone=card.partner.zone(),
            at=self.at,
        )
        return {"offered": offered, "most": rules.expiry_override_days, "card": card}

    def extra(self) -> dict[str, Any]:
        """Return whether there is anything to move."""
        return {"is_empty": not self.form_options()["offered"]}

    def act(self, deed: Deed, form: Any) -> str:
        """Move the dates."""
        typed = form.cleaned_data
        extensions.extend_lots(
            deed=deed,
            membership_id=self.membership.pk,
            days=typed["days"],
            lot_ids=typed["lots"] or None,
            note=Note(internal=typed["internal"]),
        )
        return _("It lasts longer now.")
