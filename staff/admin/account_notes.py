"""What the team keeps about a member beside the deeds: notes in their own words, and tags (CU9)."""

from typing import Any, ClassVar

from django.http import Http404
from django.utils.translation import gettext as _

from cards.models import Tag
from loyalty.members.models import MemberNote, MemberTag
from loyalty.operations import member_notes, tags
from loyalty.operations.deeds import Deed
from staff.admin.account_actions import ActionPage
from staff.admin.forms_account import DeedForm, PutTagForm, WriteNoteForm
from staff.admin.powers import EVERYONE


class NotePage(ActionPage):
    """Write a note about the member."""

    roles = EVERYONE
    form_class: ClassVar[type[DeedForm]] = WriteNoteForm
    section = "notes"

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        return {"title": _("Write a note"), "button": _("Save")}

    def act(self, deed: Deed, form: Any) -> str:
        """Write it."""
        member_notes.write_note(
            deed=deed, membership_id=self.membership.pk, text=form.cleaned_data["text"]
        )
        return _("The note is saved.")


class RemoveNotePage(ActionPage):
    """Remove a note for good."""

    roles = EVERYONE
    form_class = DeedForm
    section = "notes"
    is_danger = True

    def words(self) -> dict[str, Any]:
        """Return the words of the page, with the note.

        :raises Http404: if it is about somebody else, or gone.
        """
        found = MemberNote.objects.filter(
            pk=self.kwargs["note_id"], member=self.membership.member_id
        ).first()
        if found is None:
            raise Http404
        return {"title": _("Remove the note"), "button": _("Remove"), "lead": found.text}

    def act(self, deed: Deed, form: Any) -> str:
        """Remove it."""
        member_notes.remove_note(
            deed=deed, membership_id=self.membership.pk, note_id=self.kwargs["note_id"]
        )
        return _("The note is gone.")


class TagPage(ActionPage):
    """Put a tag on the member by hand."""

    roles = EVERYONE
    form_class = PutTagForm
    section = "tags"

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        lead = _("It stays until somebody takes it off, whatever is bought or undone.")
        return {"title": _("Add a tag"), "button": _("Add"), "lead": lead}

    def form_options(self) -> dict[str, Any]:
        """Return the tags that are not worn yet; a repeated submit names one that is by now."""
        rows = Tag.objects.filter(partner=self.membership.partner_id, archived_at=None)
        if self.request.method != "POST":
            worn = MemberTag.objects.filter(member=self.membership.member_id, is_set=True)
            rows = rows.exclude(pk__in=worn.values("tag"))
        return {"tags": list(rows.order_by("name", "pk"))}

    def act(self, deed: Deed, form: Any) -> str:
        """Put it on."""
        put = tags.put_on(
            deed=deed, membership_id=self.membership.pk, tag_id=form.cleaned_data["tag"]
        )
        return _("%(tag)s is on the customer now.") % {"tag": put.name}


class RemoveTagPage(ActionPage):
    """Take a tag off the member by hand."""

    roles = EVERYONE
    form_class = DeedForm
    section = "tags"

    def tag(self) -> Tag:
        """Return the tag of the address.

        :raises Http404: if the business has none such.
        """
        rows = Tag.objects.filter(pk=self.kwargs["tag_id"], partner=self.membership.partner_id)
        found = rows.first()
        if found is None:
            raise Http404
        return found

    def words(self) -> dict[str, Any]:
        """Return the words of the page."""
        name = {"tag": self.tag().name}
        title = _("Take off the tag %(tag)s") % name
        lead = _("The next purchase or sale that calls for it puts it on again.")
        return {"title": title, "button": _("Take off"), "lead": lead}

    def act(self, deed: Deed, form: Any) -> str:
        """Take it off."""
        tag = self.tag()
        tags.take_off(deed=deed, membership_id=self.membership.pk, tag_id=tag.pk)
        return _("%(tag)s is off the customer now.") % {"tag": tag.name}
