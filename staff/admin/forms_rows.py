"""What the grids on the page of a card have in common: rows with codes of their own."""

from typing import Any

from django import forms

from staff.admin.forms import clean_code, loosen_code
from staff.admin.unfold_parts import InlineFormSet, name_cells


class RowForm(forms.ModelForm[Any]):
    """A row of a grid on the card's page: its code is made from its name if left empty."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        loosen_code(self)
        name_cells(self)


class CodedRows(InlineFormSet):  # type: ignore[type-arg]  # of the theme
    """Rows whose codes are unique on their card."""

    def clean(self) -> None:
        """Give each new row a code, and refuse one that is taken."""
        super().clean()
        codes: set[str] = set()
        taken = self.model._default_manager.filter(card_id=self.instance.pk)
        for form in self.forms:
            if not form.is_valid() or not (form.has_changed() or form.instance.pk):
                continue
            clean_code(form, taken, codes)
            code = str(form.cleaned_data.get("code") or form.instance.code)
            codes.add(code.lower())
            form.instance.code = code
