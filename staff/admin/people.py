"""Lists of the people who serve in clubs and who run the dashboard."""

from functools import partial
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clubs.models import Club, Manager, StaffMember
from loyalty.operations import practice
from loyalty.users.models import User
from loyalty.web.requests import signed_in
from loyalty.web.templatetags.loyalty import day
from staff import invitations, people
from staff.admin import quotas
from staff.admin.forms_people import ManagerForm, StaffForm
from staff.admin.powers import EDITORS, NOBODY, OWNERS, powers_of
from staff.admin.scoping import OwnFilter, PartnerAdmin
from staff.admin.site import site
from staff.admin.unfold_parts import NOTHING, badge, column

STATE_COLOURS = {"on": "success", "invited": "info", "over": "danger", "off": "warning"}


class StateFilter(admin.SimpleListFilter):
    """Shows those at work, those who have yet to accept, or those who were switched off."""

    title = _("status")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the states."""
        return [("on", _("active")), ("invited", _("invited")), ("off", _("switched off"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the state."""
        wanted: dict[str | None, dict[str, Any]] = {
            "on": {"is_active": True},
            "invited": {"invited_until__isnull": False},
            "off": {"is_active": False, "invited_until": None},
        }
        return queryset.filter(**wanted.get(self.value(), {}))


class PersonAdmin(PartnerAdmin):
    """What staff and managers have in common: a person, a place, an invitation."""

    add_fields: tuple[str, ...] = ()
    change_fields: tuple[str, ...] = ()
    list_select_related: ClassVar[tuple[str, ...]] = ("user", "partner")
    search_fields = ("user__name", "user__email")
    search_help_text = _("Name or e-mail")
    list_filter: ClassVar[tuple[Any, ...]] = (StateFilter,)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields: the person is chosen once."""
        if obj is None:
            fields = self.add_fields
            if powers_of(request).only_partner_id() is not None:
                fields = tuple(name for name in fields if name != "partner")
        else:
            fields = ("person", "mail", *self.change_fields)
        if obj is not None and obj.is_invited:
            # Only the person themselves makes it active.
            left_out = {"is_active", "forgets_pin"}
            fields = (*(name for name in fields if name not in left_out), "invitation")
        return ((None, {"fields": fields}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return the person of a stored row."""
        return ("person", "mail", "invitation") if obj else ()

    @column(_("name"), ordering="user__name")
    def person(self, row: Any) -> str:
        """Return the person's name."""
        return str(row.user.get_full_name())

    @column(_("e-mail"), ordering="user__email")
    def mail(self, row: Any) -> str:
        """Return the person's e-mail."""
        return str(row.user.email)

    @badge(_("status"), STATE_COLOURS)
    def state(self, row: Any) -> tuple[str, Any]:
        """Return whether the row is in force, or until when the person can accept."""
        if not row.is_invited:
            return ("on", _("active")) if row.is_active else ("off", _("switched off"))
        if row.invited_until <= timezone.now():
            return "over", _("invitation ran out")
        facts = {"day": day(row.invited_until, row.partner.zone())}
        return "invited", gettext("invited, until %(day)s") % facts

    @column(_("invitation"))
    def invitation(self, row: Any) -> SafeString:
        """Return until when it can be accepted, leading to where it is sent again."""
        return format_html(
            '{} <a class="row-link" href="{}">{}</a>',
            self.state(row)[1],
            reverse(f"admin:clubs_{self.opts.model_name}_invitation", args=[row.pk]),
            gettext("Send again or withdraw"),
        )

    def crumbs(self, row: Any = None, *more: Any) -> list[tuple[Any, str]]:
        """Return the way to a page, with the person in place of the row's number."""
        found = super().crumbs(row, *more)
        return [found[0], (row.user.get_full_name(), found[1][1]), *found[2:]] if row else found

    def place(self, row: Any) -> str:
        """Return where the person works, for the invitation."""
        return str(row.partner.name)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Save the row, let the person in, and send the invitation once all is committed."""
        token = "" if change else invitations.prepare(obj, at=timezone.now())
        super().save_model(request, obj, form, change)
        people.follow_manager_rows(obj.user_id)
        if token:
            transaction.on_commit(partial(self._invite, request, obj, token))

    def _invite(self, request: HttpRequest, row: Any, token: str) -> None:
        address = invitations.address(token)
        was_sent = people.send_invitation(
            user=row.user,
            partner=row.partner,
            letter=people.Letter(
                place=self.place(row),
                inviter=signed_in(request).get_full_name(),
                address=address,
                until=row.invited_until,
            ),
        )
        if was_sent:
            words = _("An invitation is on its way to %(email)s.")
            self.message_user(request, words % {"email": row.user.email}, messages.SUCCESS)
        else:
            words = _("Saved, but no mail could be sent. Give %(email)s this link: %(address)s")
            facts = {"email": row.user.email, "address": address}
            self.message_user(request, words % facts, messages.WARNING)

    def get_urls(self) -> list[Any]:
        """Return the standard pages and the one of an invitation."""
        view = self.admin_site.admin_view(self.invitation_view)
        name = f"clubs_{self.opts.model_name}_invitation"
        return [path("<key:object_id>/invitation/", view, name=name), *super().get_urls()]

    def invitation_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Send an invitation again, or withdraw it."""
        row = self.get_object(request, str(object_id))
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        back = reverse(f"admin:clubs_{self.opts.model_name}_changelist")
        if not row.is_invited:
            messages.info(request, gettext("This person accepted already."))
            return redirect(back)
        error = self._answered(request, row) if request.method == "POST" else ""
        if request.method == "POST" and not error:
            return redirect(back)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Invitation"),
            "crumbs": self.crumbs(row, gettext("Invitation")),
            "opts": self.opts,
            "row": row,
            "place": self.place(row),
            "is_over": row.invited_until <= timezone.now(),
            "zone": row.partner.zone(),
            "back": back,
            "error": error,
        }
        return render(request, "admin/invitation.html", context)

    def _answered(self, request: HttpRequest, row: Any) -> str:
        """Do what the button says and return what is in its way."""
        user = signed_in(request)
        try:
            if request.POST.get("do") == "withdraw":
                invitations.withdraw(place=row, by=user)
                messages.success(request, gettext("The invitation was withdrawn."))
                return ""
            with transaction.atomic():
                token = invitations.send_again(place=row, by=user, at=timezone.now())
                row.refresh_from_db()
                transaction.on_commit(partial(self._invite, request, row, token))
        except invitations.AcceptedError:
            return gettext("This person accepted already.")
        except invitations.NoSeatError:
            return gettext("Your plan has no seat left. Switch a manager off first.")
        return ""


@admin.register(StaffMember, site=site)
class StaffAdmin(PersonAdmin):
    """Who works in which club (R4.1)."""

    form = StaffForm
    viewers = EDITORS
    list_display = (
        "person",
        "mail",
        "club",
        "may_give_points",
        "may_redeem_by_search",
        "training",
        "state",
    )
    list_select_related = ("user", "club", "partner")
    list_filter = (StateFilter, ("club", OwnFilter))
    ordering = ("user__name", "pk")
    add_fields = ("email", "name", "club", "may_give_points", "may_redeem_by_search")
    change_fields = ("club", "may_give_points", "may_redeem_by_search", "is_active", "forgets_pin")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Return the person and the club of a stored row: another club is another row."""
        names = super().get_readonly_fields(request, obj)
        return (*names, "club") if obj else names

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list with who has practised, read in one statement when it is drawn."""
        response = super().changelist_view(request, extra_context)
        changelist = getattr(response, "context_data", {}).get("cl")
        if changelist is not None:
            rows = list(changelist.result_list)
            done = practice.steps_by_person(
                clubs=Club.objects.filter(pk__in={row.club_id for row in rows}),
                users={row.user_id for row in rows},
            )
            for row in rows:
                row.practised = done.get(row.user_id, frozenset())
            changelist.result_list = rows
        return response

    @column(_("training"))
    def training(self, row: Any) -> str:
        """Return how far the person is with the guide for new staff (FA16)."""
        if practice.is_finished(row.practised):
            return str(_("finished"))
        facts = {"done": len(row.practised), "all": len(practice.ALL_STEPS)}
        return str(_("%(done)s of %(all)s") % facts) if row.practised else NOTHING

    def place(self, row: Any) -> str:
        """Return the club."""
        club: Club = row.club
        return club.name


@admin.register(Manager, site=site)
class ManagerAdmin(quotas.Limited, PersonAdmin):
    """Who runs the dashboard, and as what; the owners' list."""

    form = ManagerForm
    quota_field = "max_admin_seats"
    viewers = OWNERS
    editors = OWNERS
    adders = OWNERS
    list_display = ("person", "mail", "role", "adjust_cap", "state")
    list_filter = (StateFilter, "role")
    ordering = ("user__name", "pk")
    add_fields = ("partner", "email", "name", "role", "adjust_cap")
    change_fields = ("role", "adjust_cap", "is_active")


@admin.register(User, site=site)
class UserAdmin(PartnerAdmin):
    """Everybody who signs in; for superusers."""

    viewers = NOBODY
    editors = NOBODY
    adders = NOBODY
    unaudited = frozenset({"email", "name", "password", "last_login"})
    list_display = ("email", "name", "is_active", "is_staff", "is_superuser", "joined_at")
    list_filter = ("is_active", "is_staff", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    fieldsets = ((None, {"fields": ("email", "name", "language", "is_active", "joined_at")}),)
    readonly_fields = ("email", "joined_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return everybody to a superuser, nobody to others."""
        rows = User.objects.all()
        return rows if powers_of(request).is_all else rows.none()

    def get_object(
        self,
        request: HttpRequest,
        object_id: str,
        from_field: str | None = None,
    ) -> Any:
        """Return a user to a superuser; else 404."""
        return self.found(request, object_id, self.get_queryset(request))

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False: people are added where they work."""
        return False
