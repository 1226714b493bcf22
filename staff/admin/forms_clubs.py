"""Forms of the business itself, its clubs and its stores."""

from typing import Any

from django import forms
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext_lazy as _

from clubs.models import Club, Partner, PlaceStatus, Store
from loyalty.ledger.models import Transaction
from loyalty.members.models import Scan
from loyalty.web.images import PictureField
from staff.admin import choices
from staff.admin.forms import (
    PartnersForm,
    VersionedForm,
    check_quota,
    clean_code,
    loosen_code,
)
from staff.admin.unfold_parts import InlineFormSet, dress, name_cells

CLUB_QUOTA = _("Your plan allows %(limit)s clubs. Archive one, or ask for a larger plan.")
STORE_QUOTA = _("Your plan allows %(limit)s stores. Archive one, or ask for a larger plan.")


def open_rows(model: type[models.Model], partner_id: int) -> models.QuerySet[Any]:
    """Return the partner's clubs or stores that count against its quota."""
    return model._default_manager.filter(partner_id=partner_id, status=PlaceStatus.ACTIVE)


class PartnerForm(VersionedForm):
    """The business: its names, its place and its ways."""

    logo = PictureField(label=_("logo"), required=False, size=(600, 600))
    website = forms.URLField(label=_("website"), required=False, assume_scheme="https")

    class Meta:
        model = Partner
        fields = "__all__"  # The list names the fields that a person may change.

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = {
            "country": choices.countries(),
            "language": choices.languages(),
            "timezone": choices.timezones(),
        }
        for name, options in offered.items():
            if name in self.fields:
                self._offer(name, options)
        if "logo" in self.fields:
            dress(self, "logo")

    def _offer(self, name: str, options: list[choices.Choice]) -> None:
        """Turn a text field into a drop-down that keeps a value it does not know."""
        current = str(getattr(self.instance, name, ""))
        if current and current not in dict(options):
            options = [(current, current), *options]
        old = self.fields[name]
        self.fields[name] = forms.ChoiceField(
            choices=options, label=old.label, initial=old.initial, required=True
        )
        dress(self, name)


class ClubForm(PartnersForm):
    """A club; a partner has as many open ones as its plan allows (IV1.5)."""

    class Meta:
        model = Club
        fields = ("partner", "name", "code", "status")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        loosen_code(self)

    def clean(self) -> dict[str, Any]:
        """Check the code and the quota under the partner's lock."""
        cleaned = super().clean()
        if partner := getattr(self, "partner", None):
            clean_code(self, Club.objects.filter(partner=partner))
            if cleaned.get("status") == PlaceStatus.ACTIVE:
                used = open_rows(Club, partner.pk).exclude(pk=self.instance.pk).count()
                check_quota(limit=partner.max_clubs, used=used, message=CLUB_QUOTA)
        return cleaned


class StoreForm(PartnersForm):
    """A store of a club; a partner has as many open ones as its plan allows (IV1.5)."""

    class Meta:
        model = Store
        fields = (
            "club",
            "name",
            "code",
            "timezone",
            "receipt_restart",
            "allows_check_in",
            "status",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        loosen_code(self)
        if "timezone" in self.fields:
            self.fields["timezone"] = forms.ChoiceField(
                choices=[("", _("as the business")), *choices.timezones()],
                label=_("time zone"),
                required=False,
            )
            dress(self, "timezone")

    def partner_id(self) -> int | None:
        """Return the partner of the chosen club."""
        club = self.cleaned_data.get("club")
        return club.partner_id if club else None

    def clean(self) -> dict[str, Any]:
        """Check the code and the quota under the partner's lock."""
        cleaned = super().clean()
        if partner := getattr(self, "partner", None):
            if self.instance.pk and partner.pk != type(self.instance).objects.values_list(
                "partner", flat=True
            ).get(pk=self.instance.pk):
                self.add_error("club", _("A store stays with its business."))
            clean_code(self, Store.objects.filter(partner=partner))
            if cleaned.get("status") == PlaceStatus.ACTIVE:
                used = open_rows(Store, partner.pk).exclude(pk=self.instance.pk).count()
                check_quota(limit=partner.max_stores, used=used, message=STORE_QUOTA)
        return cleaned


class StoreRowForm(forms.ModelForm[Store]):
    """One row of the grid of stores."""

    class Meta:
        model = Store
        fields = ("name", "code", "receipt_restart", "status")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        loosen_code(self)
        name_cells(self)


def has_history(store: Store) -> bool:
    """Return whether anything ever happened in the store."""
    return (
        Transaction.objects.filter(store=store).exists()
        or Scan.objects.filter(store=store).exists()
    )


class StoreGrid(InlineFormSet):  # type: ignore[type-arg]  # of the theme
    """The stores of a club as a grid (IV2.4): rows are added, and deleted while unused."""

    instance: Any

    def clean(self) -> None:
        """Check codes and quota over the whole grid, under the partner's lock."""
        super().clean()
        partner_id = self.instance.partner_id
        if partner_id is None:
            return  # The form of the club says what is missing.
        partner = Partner.objects.select_for_update(no_key=True).get(pk=partner_id)
        taken = Store.objects.filter(partner=partner)
        rows = [form for form in self.forms if form.has_changed() or form.instance.pk]
        kept = [form for form in rows if form not in self.deleted_forms]
        codes: set[str] = set()
        for form in kept:
            if form.is_valid():
                self._check_code(form, taken, codes)
        own = [form.instance.pk for form in rows if form.instance.pk]
        used = open_rows(Store, partner.pk).exclude(pk__in=own).count()
        used += sum(
            form.cleaned_data.get("status") == PlaceStatus.ACTIVE
            for form in kept
            if form.is_valid()
        )
        if partner.max_stores is not None and used > partner.max_stores:
            check_quota(limit=partner.max_stores, used=used, message=STORE_QUOTA)

    @staticmethod
    def _check_code(form: Any, taken: models.QuerySet[Store], codes: set[str]) -> None:
        clean_code(form, taken, codes)
        code = str(form.cleaned_data.get("code") or form.instance.code)
        codes.add(code.lower())
        form.instance.code = code

    def delete_existing(self, obj: Any, commit: bool = True) -> None:
        """Leave deleting to the list, which audits it."""


def forget_delete_check(formset: type[BaseInlineFormSet[Any, Any, Any]]) -> None:
    """Let a row that is pointed at be marked for deletion; the list archives it instead."""
    formset.form.hand_clean_DELETE = lambda _form: None
