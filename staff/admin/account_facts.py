"""What a business keeps of a member beside name and contact, as a form (IV6.1, IV9.6)."""

from typing import Any, ClassVar

from django.utils import timezone
from django.utils.translation import gettext as _

from loyalty.operations import birthdays, members
from loyalty.operations.deeds import Deed
from staff.admin.account_actions import ActionPage
from staff.admin.forms_account import DeedForm
from staff.admin.forms_members import FactsForm


class FactsPage(ActionPage):
    """Birthday, anniversary and customer group of a member."""

    form_class: ClassVar[type[DeedForm]] = FactsForm
    template = "admin/account_facts.html"

    def words(self) -> dict[str, Any]:
        """Return the words of the page, with what a change of birthday means."""
        member = self.membership.member
        today = timezone.localtime(self.at, self.membership.partner.zone()).date()
        lead = _("Another birthday counts for rewards after 30 days, and moves once a year.")
        if not birthdays.may_change(member, today):
            lead = _("The birthday was changed less than a year ago, so its day stays for now.")
        return {"title": _("Personal facts"), "button": _("Save"), "lead": lead}

    def form_options(self) -> dict[str, Any]:
        """Return whose facts they are."""
        return {"member": self.membership.member}

    def act(self, deed: Deed, form: Any) -> str:
        """Keep the facts."""
        members.change_facts(deed=deed, membership_id=self.membership.pk, facts=form.facts())
        return _("Saved.")
