"""The form that takes in a file of adjustments or opening balances."""

import tempfile
from pathlib import Path
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cards.models import Card
from loyalty.imports import intake
from loyalty.imports.intake import Choices
from loyalty.imports.models import Upload, UploadKind
from loyalty.operations.adjustments import AdjustmentReason
from loyalty.users.models import User
from staff.admin.forms_account import MOST_COMMENT, internal_note
from staff.admin.import_words import FILE_REFUSED, file_refused
from staff.admin.unfold_parts import dress


class UploadForm(forms.Form):
    """Which card, what the file holds, the file, and the words for all its rows (CU7)."""

    card = forms.ModelChoiceField(label=_("card"), queryset=Card.objects.none(), empty_label=None)
    kind = forms.ChoiceField(
        label=_("what it holds"),
        choices=[
            (
                UploadKind.ADJUSTMENT,
                _("Adjustments: points or credit to add, or with a minus to take"),
            ),
            (
                UploadKind.OPENING,
                _("Opening balances from another system: what members bring along"),
            ),
        ],
        initial=UploadKind.ADJUSTMENT,
        widget=forms.RadioSelect,
    )
    file = forms.FileField(
        label=_("file"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx", "class": "d-file"}),
        help_text=_("CSV or Excel (.xlsx), at most 100,000 rows and 10 MB."),
    )
    reason = forms.ChoiceField(
        label=_("reason"),
        choices=AdjustmentReason.choices,
        initial=AdjustmentReason.CORRECTION,
        help_text=_("For the rows that give none themselves."),
    )
    comment = forms.CharField(
        label=_("comment for the customer"),
        max_length=MOST_COMMENT,
        required=False,
        help_text=_("Shown in each customer's history where the row has no comment of its own."),
    )
    internal = internal_note()
    is_counted = forms.BooleanField(
        label=_("counts towards the tier"), required=False, initial=True
    )
    is_whole = forms.BooleanField(
        label=_("all or nothing"),
        required=False,
        initial=True,
        help_text=_(
            "Nothing is booked unless every row is. Up to 5,000 rows; without it rows with errors"
            " are left out and all others are booked."
        ),
    )

    def __init__(self, *args: Any, cards: QuerySet[Card], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        card = self.fields["card"]
        assert isinstance(card, forms.ModelChoiceField)  # noqa: S101 - declared above
        card.queryset = cards
        dress(self, *(name for name in self.fields if name != "file"))
        self.fields["file"].label = _("File")

    def clean_file(self) -> UploadedFile:
        """Return the file; its name may be anything but empty."""
        file: UploadedFile = self.cleaned_data["file"]
        if not file.name:
            raise ValidationError(_("The file has no name."), code="name")
        return file

    def take_in(self, by: User) -> Upload | None:
        """Take the file in, or note beside it why that cannot be; then there is no upload."""
        given = self.cleaned_data
        file: UploadedFile = given["file"]
        choices = Choices(
            kind=UploadKind(given["kind"]),
            reason=AdjustmentReason(given["reason"]),
            internal=given["internal"],
            comment=given["comment"],
            is_whole=given["is_whole"],
            is_counted=given["is_counted"],
        )
        with tempfile.NamedTemporaryFile() as kept:
            for chunk in file.chunks():
                kept.write(chunk)
            kept.flush()
            try:
                return intake.take_in(
                    path=Path(kept.name),
                    name=str(file.name),
                    card=given["card"],
                    choices=choices,
                    by=by,
                    at=timezone.now(),
                )
            except FILE_REFUSED as error:
                self.add_error("file", file_refused(error))
                return None
