"""Erase a customer's personal data: what goes and what stays, and a word typed by hand first."""

from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.ledger.models import Source
from loyalty.operations import erasing, standing
from loyalty.web.losses import losses
from loyalty.web.refusals import REFUSALS, refusal_of
from loyalty.web.requests import deed
from staff.admin.account_actions import ActionPage
from staff.admin.forms_account import DeedForm
from staff.admin.unfold_parts import dress


class EraseForm(DeedForm):
    """The customer's code, typed, so that nobody erases somebody by a slip."""

    typed = forms.CharField(
        label=gettext_lazy("customer code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )

    def __init__(self, *args: Any, code: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code = code
        self.fields["typed"].help_text = _("Type %(code)s to say that you mean this customer.") % {
            "code": code
        }
        dress(self)

    def clean_typed(self) -> str:
        """Refuse another code."""
        typed: str = self.cleaned_data["typed"]
        if typed.strip().upper() != self.code.upper():
            raise ValidationError(_("This is not the customer's code."), code="differs")
        return typed


class ErasePage(ActionPage):
    """Take everything personal of a customer away, for good."""

    form_class: ClassVar[type[DeedForm]] = EraseForm
    template = "admin/account_erase.html"
    is_danger = True

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        return {"title": _("Erase personal data"), "button": _("Erase for good")}

    def form_options(self) -> dict[str, Any]:
        """Return the code to be typed."""
        return {"code": self.membership.member.code}

    def extra(self) -> dict[str, Any]:
        """Return every card that closes, with what is lost on it."""
        return {"losses": losses(self.membership.member_id)}

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Erase once, and lead to the list: there is nobody left to show.

        A repeat is led there too. The code it brings was the customer's, and is nobody's now.
        """
        if self.membership.member.erased_at is not None:
            return self.lead_to_list()
        form = self.form_class(request.POST, **self.form_options())
        if not form.is_valid():
            return self.show(form)
        try:
            erasing.erase_member(
                deed=deed(request, source=Source.ADMIN, request_id=form.cleaned_data["request_id"]),
                membership_id=self.membership.pk,
            )
        except standing.MembershipNotFoundError as error:
            raise Http404 from error
        except REFUSALS as error:
            return self.refuse(form, refusal_of(error))
        return self.lead_to_list()

    def lead_to_list(self) -> HttpResponse:
        """Say that it is done, where the customer is no more."""
        done = _("The personal data is erased. The ledger stays, without a name.")
        messages.success(self.request, done)
        return redirect("admin:members_membership_changelist")
