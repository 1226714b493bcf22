"""Membership groups: the list, the form of a new one, its page, who comes and who goes (IV9)."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cards.access import open_at
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Source
from loyalty.members.models import Membership, MembershipGroup
from loyalty.operations import groups, standing
from loyalty.operations.deeds import Deed
from loyalty.web import words
from loyalty.web.refusals import REFUSALS, refusal_of
from loyalty.web.requests import deed
from staff.admin.account import account_address
from staff.admin.forms_account import DeedForm, NoteForm
from staff.admin.forms_groups import AddMemberForm, FormGroupForm
from staff.admin.powers import EDITORS, powers_of
from staff.admin.scoping import OwnFilter, ReadOnlyAdmin, own_rows
from staff.admin.site import site
from staff.admin.unfold_parts import NOTHING, badge, column

NAME = "members_membershipgroup"
COLOURS = {"open": "success", "closed": "info"}


class StateFilter(admin.SimpleListFilter):
    """Shows the groups there are, unless asked for closed ones."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the states."""
        return [("open", gettext_lazy("open")), ("closed", gettext_lazy("closed"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the groups in the state."""
        match self.value():
            case "open" | "closed" as state:
                return queryset.filter(closed_at__isnull=state == "open")
            case _other:
                return queryset


@admin.register(MembershipGroup, site=site)
class MembershipGroupAdmin(ReadOnlyAdmin):
    """The groups of a business; each row leads to the page of its group."""

    list_words = gettext_lazy("Groups")
    list_display = ("name", "card", "head_name", "size", "balance", "tier", "state")
    list_select_related = ("card__partner", "head__member", "account__tier")
    list_filter = (StateFilter, ("card", OwnFilter))
    search_fields = ("name",)
    search_help_text = gettext_lazy("Name of the group")
    empty_words = gettext_lazy(
        "Form a group of members who collect and spend together, such as a family."
    )
    ordering = ("-pk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the groups with how many members they have."""
        found: QuerySet[Any] = super().get_queryset(request).annotate(count=Count("memberships"))
        return found

    @column(gettext_lazy("head"))
    def head_name(self, row: MembershipGroup) -> str:
        """Return who leads the group."""
        return row.head.member.full_name()

    @column(gettext_lazy("members"), ordering="count")
    def size(self, row: Any) -> int:
        """Return how many members there are."""
        return int(row.count)

    @column(gettext_lazy("balance"), ordering="account__points")
    def balance(self, row: MembershipGroup) -> str:
        """Return what the group has."""
        return words.points(row.account.points, row.card).replace(" ", "\u00a0")

    @column(gettext_lazy("tier"), ordering="account__tier__min_value")
    def tier(self, row: MembershipGroup) -> str:
        """Return the group's tier."""
        return row.account.tier.name if row.account.tier else NOTHING

    @badge(gettext_lazy("state"), COLOURS)
    def state(self, row: MembershipGroup) -> tuple[str, Any]:
        """Return whether the group is open."""
        if row.closed_at is not None:
            return "closed", gettext_lazy("closed")
        return "open", gettext_lazy("open")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return whether the person's role covers forming groups."""
        return powers_of(request).has(EDITORS)

    def get_urls(self) -> list[Any]:
        """Return the pages of a group, besides the standard ones."""
        guard = self.admin_site.admin_view
        member = "<key:object_id>/members/<key:membership_id>"
        return [
            path("<key:object_id>/join/", guard(self.join_view), name=f"{NAME}_join"),
            path(f"{member}/leave/", guard(self.leave_view), name=f"{NAME}_leave"),
            path(f"{member}/head/", guard(self.head_view), name=f"{NAME}_head"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Form a group (IV9.1)."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        cards = own_rows(open_at(timezone.now()), powers_of(request), EDITORS)
        listed = list(cards.order_by("name", "pk"))
        form = FormGroupForm(request.POST if request.method == "POST" else None, cards=listed)

        def act(done: Deed) -> str:
            given = form.cleaned_data
            formed = groups.form_group(
                deed=done,
                head_id=given["head_found"][0].pk,
                member_ids=[row.pk for row in given["numbers_found"]],
                name=given["name"],
                note=Note(internal=given["internal"]),
            )
            return self._address(formed.result["group_id"])

        lead = _(
            "What all of them have becomes one balance, and together they reach one tier. From then"
            " on any of them collects and spends for all."
        )
        words_of = {"title": _("Form a group"), "button": _("Save"), "lead": lead}
        back = reverse(f"admin:{NAME}_changelist")
        told = _("The group is formed.")
        return self._deed_page(request, form, act, words_of | {"back": back, "told": told})

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        """Show the group: its balance, its members, and what can be done."""
        group = self._group(request, object_id)
        members = Membership.objects.filter(group=group).select_related("member")
        held = standing.with_due_points(timezone.now()).filter(account=group.account_id).first()
        context = {
            **self.admin_site.each_context(request),
            "title": group.name,
            "crumbs": self.crumbs(None, group.name),
            "opts": self.opts,
            "group": group,
            "card": group.card,
            "zone": group.card.partner.zone(),
            "available": group.account.points - (held.due_points if held else 0),
            "credit": group.account.credit_minor - (held.due_credit if held else 0),
            "can_edit": self._may_edit(request, group) and group.closed_at is None,
            "members": [
                {
                    "membership": row,
                    "address": account_address(row),
                    "is_head": row.pk == group.head_id,
                }
                for row in members.order_by("joined_at", "pk")
            ],
        }
        return render(request, "admin/group.html", context)

    def join_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take one more member in."""
        group = self._editable(request, object_id)
        form = AddMemberForm(request.POST if request.method == "POST" else None, card=group.card)

        def act(done: Deed) -> str:
            groups.add_to_group(
                deed=done,
                group_id=group.pk,
                membership_id=form.cleaned_data["numbers"].pk,
                note=Note(internal=form.cleaned_data["internal"]),
            )
            return self._address(group.pk)

        lead = _("All that the member has comes into the group's balance.")
        words_of = {"title": _("Add a member"), "button": _("Save"), "lead": lead}
        told = _("The member is in the group now.")
        facts = words_of | {"group": group, "back": self._address(group.pk), "told": told}
        return self._deed_page(request, form, act, facts)

    def leave_view(self, request: HttpRequest, object_id: str, membership_id: int) -> HttpResponse:
        """Let a member leave, after saying what that means."""
        group = self._editable(request, object_id)
        membership = self._member(group, membership_id)
        form = NoteForm(request.POST if request.method == "POST" else None)

        def act(done: Deed) -> str:
            groups.leave_group(
                deed=done,
                membership_id=membership.pk,
                note=Note(internal=form.cleaned_data["internal"]),
            )
            return self._address(group.pk)

        is_last = not Membership.objects.filter(group=group).exclude(pk=membership.pk).exists()
        name = {"name": membership.member.full_name()}
        lead = (
            _("%(name)s is the last member: the group closes, and all it has stays theirs.") % name
            if is_last
            else _(
                "%(name)s leaves all points and credit to the group and begins anew, with nothing,"
                " at the lowest tier."
            )
            % name
        )
        words_of = {"title": _("Leave the group"), "button": _("Leave"), "lead": lead}
        facts = words_of | {"group": group, "back": self._address(group.pk), "is_danger": True}
        told = _("%(name)s has left the group.") % name
        return self._deed_page(request, form, act, facts | {"told": told})

    def head_view(self, request: HttpRequest, object_id: str, membership_id: int) -> HttpResponse:
        """Make another member the head."""
        group = self._editable(request, object_id)
        membership = self._member(group, membership_id)
        form = DeedForm(request.POST if request.method == "POST" else None)

        def act(done: Deed) -> str:
            groups.change_head(deed=done, group_id=group.pk, membership_id=membership.pk)
            return self._address(group.pk)

        name = {"name": membership.member.full_name()}
        lead = _("%(name)s leads the group from now on.") % name
        words_of = {"title": _("Change the head"), "button": _("Save"), "lead": lead}
        told = _("%(name)s leads the group now.") % name
        facts = words_of | {"group": group, "back": self._address(group.pk), "told": told}
        return self._deed_page(request, form, act, facts)

    def _address(self, group_id: int) -> str:
        return reverse(f"admin:{NAME}_change", args=[group_id])

    def _group(self, request: HttpRequest, object_id: str) -> MembershipGroup:
        """Return a group of the own partners with what its pages show.

        :raises Http404: if there is none.
        """
        rows = own_rows(MembershipGroup.objects.all(), powers_of(request))
        rows = rows.select_related("card__partner", "account__tier", "head__member")
        found = rows.filter(pk=object_id).first() if str(object_id).isdecimal() else None
        if found is None:
            raise Http404
        return found

    def _may_edit(self, request: HttpRequest, group: MembershipGroup) -> bool:
        return powers_of(request).has(EDITORS, group.partner_id)

    def _editable(self, request: HttpRequest, object_id: str) -> MembershipGroup:
        group = self._group(request, object_id)
        if not self._may_edit(request, group):
            raise PermissionDenied
        return group

    def _member(self, group: MembershipGroup, membership_id: int) -> Membership:
        found = Membership.objects.filter(pk=membership_id, group=group).select_related("member")
        membership = found.first()
        if membership is None:
            raise Http404
        return membership

    def _deed_page(
        self,
        request: HttpRequest,
        form: DeedForm,
        act: Callable[[Deed], str],
        facts: dict[str, Any],
    ) -> HttpResponse:
        """Do the deed of a valid form once and lead on, or show what is in its way."""
        status = 200
        if form.is_valid():
            key = form.cleaned_data["request_id"]
            try:
                address = act(deed(request, source=Source.ADMIN, request_id=key))
            except standing.MembershipNotFoundError as error:
                raise Http404 from error
            except REFUSALS as error:
                refusal = refusal_of(error)
                field = refusal.field if refusal.field in form.fields else None
                form.add_error(field, refusal.message)
                status = refusal.status
            else:
                messages.success(request, facts["told"])
                return redirect(address)
        context = {
            **self.admin_site.each_context(request),
            "crumbs": self.crumbs(None, facts["title"]),
            "opts": self.opts,
            "form": form,
            **facts,
        }
        return render(request, "admin/group_form.html", context, status=status)
