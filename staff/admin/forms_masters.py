"""Forms of the master data that rules name: products, groups, tenders, tags."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cards.models import (
    CustomerGroup,
    ExpiryRule,
    PlanLine,
    Product,
    ProductGroup,
    Tag,
    Tender,
)
from staff.admin.forms import PartnersForm, clean_code
from staff.admin.unfold_parts import dress

CODE_STAYS = _("Rules name this code, so it stays. Archive this one and add another.")


class ArchivedForm(PartnersForm):
    """A row that is archived when it is no longer wanted, and taken back when it is."""

    is_archived = forms.BooleanField(
        label=_("archived"),
        required=False,
        help_text=_("No longer offered in forms. Rules that name it go on."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.fields.pop("is_archived", None)
        elif "is_archived" in self.fields:
            self.initial["is_archived"] = self.instance.archived_at is not None
            dress(self, "is_archived")

    def clean(self) -> dict[str, Any]:
        """Set when the row was archived, or that it is not."""
        cleaned = super().clean()
        if not cleaned.get("is_archived"):
            self.instance.archived_at = None
        elif self.instance.archived_at is None:
            self.instance.archived_at = timezone.now()
        return cleaned

    @property
    def changed_data(self) -> list[str]:
        """Return the names of the changed fields of the row, as the audit log knows them."""
        names = super().changed_data
        return ["archived_at" if name == "is_archived" else name for name in names]


class MasterForm(ArchivedForm):
    """A code, unique in its table and the same at the tills, with its description (IV1.4)."""

    # Which columns of which rules may point at the row.
    named_by: ClassVar[tuple[tuple[type[models.Model], str], ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "code" in self.fields:
            self.fields["code"].help_text = _("The same as at the till.")
            self.fields["code"].widget.attrs["dir"] = "ltr"

    def clean(self) -> dict[str, Any]:
        """Refuse a code that is taken, and another one for a row that rules name."""
        cleaned = super().clean()
        partner = getattr(self, "partner", None)
        if partner is None:
            return cleaned
        clean_code(self, type(self.instance)._default_manager.filter(partner=partner))
        if self.instance.pk and "code" in self.changed_data and self._is_named():
            self.add_error("code", ValidationError(CODE_STAYS, code="named"))
        return cleaned

    def _is_named(self) -> bool:
        """Return whether a rule points at the row; what is published holds its code."""
        return any(
            model._default_manager.filter(**{column: self.instance.pk}).exists()
            for model, column in self.named_by
        )


class ProductGroupForm(MasterForm):
    """A product group (IV9.9)."""

    named_by = ((PlanLine, "product_group"),)

    class Meta:
        model = ProductGroup
        fields = ("partner", "code", "name")


class ProductForm(MasterForm):
    """A product, which may be in one group (IV9.10)."""

    named_by = ((PlanLine, "product"),)

    class Meta:
        model = Product
        fields = ("partner", "code", "name", "group")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("group")
        if isinstance(field, forms.ModelChoiceField) and field.queryset is not None:
            offered = models.Q(archived_at=None) | models.Q(pk=self.instance.group_id)
            field.queryset = field.queryset.filter(offered).order_by("code", "pk")

    def clean(self) -> dict[str, Any]:
        """Refuse a group of another business."""
        cleaned = super().clean()
        group, partner = cleaned.get("group"), getattr(self, "partner", None)
        if group is not None and partner is not None and group.partner_id != partner.pk:
            self.add_error("group", _("The group belongs to another business."))
        return cleaned


class CustomerGroupForm(MasterForm):
    """A customer group (IV9.11)."""

    named_by = ((PlanLine, "customer_group"), (ExpiryRule, "customer_group"))

    class Meta:
        model = CustomerGroup
        fields = ("partner", "code", "name")


class TenderForm(MasterForm):
    """A way to pay (IV9.12)."""

    named_by = ((PlanLine, "tender"),)

    class Meta:
        model = Tender
        fields = ("partner", "code", "name", "is_loyalty_tender")


class TagForm(ArchivedForm):
    """A tag and which deeds put it on a member (FA3, FA4)."""

    is_archived = forms.BooleanField(
        label=_("archived"),
        required=False,
        help_text=_("No longer put on members, nor shown on them."),
    )

    class Meta:
        model = Tag
        fields = ("partner", "name", "colour", "applies_on")
        widgets = {"colour": forms.TextInput(attrs={"type": "color", "class": "colour-input"})}

    def clean(self) -> dict[str, Any]:
        """Refuse a name that another tag has; small and capital letters count as the same."""
        cleaned = super().clean()
        partner, name = getattr(self, "partner", None), cleaned.get("name")
        if partner is not None and name:
            others = Tag.objects.filter(partner=partner, name__iexact=name)
            if others.exclude(pk=self.instance.pk).exists():
                self.add_error("name", _("This name is taken."))
        return cleaned
