"""What the forms of the dashboard have in common: versions, codes, partners and quotas."""

from collections.abc import Collection
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from clubs.models import CODE_LENGTH, Partner, Role, Versioned
from staff.admin.powers import EDITORS, Powers

STALE = _(
    "Somebody changed this meanwhile. Nothing was saved. Open the page again to see what changed."
)


class VersionedForm(forms.ModelForm[Any]):
    """A form that is refused when the row was saved by somebody else since it was opened."""

    powers: ClassVar[Powers]
    editors: ClassVar[frozenset[Role]] = EDITORS
    row_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if isinstance(self.instance, Versioned) and self.instance.pk:
            self.initial["row_version"] = self.instance.version

    def clean(self) -> dict[str, Any]:
        """Compare the version that was shown with the one that is stored.

        :raises ValidationError: if they differ.
        """
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        row = self.instance
        if isinstance(row, Versioned) and row.pk and cleaned.get("row_version") != row.version:
            raise ValidationError(STALE, code="stale")
        return cleaned

    @property
    def changed_data(self) -> list[str]:
        """Return the names of the changed fields of the row itself."""
        return [name for name in super().changed_data if name != "row_version"]


class PartnersForm(VersionedForm):
    """A form for a row of a partner: which partner, and the lock on it for codes and quotas."""

    def partner_id(self) -> int | None:
        """Return the partner of the row: its own, the chosen one, or the only one there is."""
        if self.instance.pk:
            return int(self.instance.partner_id)
        chosen = self.cleaned_data.get("partner")
        return chosen.pk if chosen else self.powers.only_partner_id()

    def clean(self) -> dict[str, Any]:
        """Set the partner and lock it, so that codes and quotas are counted one at a time.

        :raises ValidationError: if the row is stale or has no partner.
        """
        cleaned = super().clean()
        partner_id = self.partner_id()
        if partner_id is None:
            # The missing club or partner has its own message beside its field.
            if not self.errors:
                raise ValidationError(_("Choose the partner."), code="partner")
            return cleaned
        self.partner = Partner.objects.select_for_update(no_key=True).get(pk=partner_id)
        self.instance.partner = self.partner
        return cleaned


def made_code(name: str, used: Collection[str]) -> str:
    """Return a free code made from a name, such as "old-port" or "old-port-2".

    ``used`` holds the codes there are, in small letters.
    """
    stem = slugify(name)[: CODE_LENGTH - 4] or "x"
    number = 1
    while (code := stem if number == 1 else f"{stem}-{number}").lower() in used:
        number += 1
    return code


def clean_code(
    form: forms.ModelForm[Any], taken: models.QuerySet[Any], beside: Collection[str] = ()
) -> None:
    """Give the form's row a free code if none was typed; refuse one that is taken.

    ``taken`` holds the rows beside which the code must be unique, ``beside`` the codes of rows that
    are saved with it; small and capital letters count as the same.
    """
    code = str(form.cleaned_data.get("code") or "")
    if "code" in form.errors:
        return
    others = taken.exclude(pk=form.instance.pk)
    if not code and "code" in form.fields:
        used = {one.lower() for one in others.values_list("code", flat=True)} | set(beside)
        form.cleaned_data["code"] = made_code(str(form.cleaned_data.get("name") or ""), used)
    elif code and (code.lower() in beside or others.filter(code__iexact=code).exists()):
        form.add_error("code", _("This code is taken."))


def loosen_code(form: forms.ModelForm[Any]) -> None:
    """Let the code stay empty on a new row."""
    field = form.fields.get("code")
    if field is not None and not form.instance.pk:
        field.required = False
        field.help_text = _("Leave empty and one is made from the name.")


def check_quota(*, limit: int | None, used: int, message: Any) -> None:
    """Refuse one more than the partner's plan allows (IV1.5, IV1.6).

    :raises ValidationError: naming the limit.
    """
    if limit is not None and used >= limit:
        raise ValidationError(message % {"limit": limit}, code="quota")
