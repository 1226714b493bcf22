"""What all pages of a member's account share: whose it is, who may look, what can be done."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views import View

from clubs.models import Role
from loyalty.ledger.models import Transaction
from loyalty.members.models import Membership, MembershipStatus
from loyalty.operations import rollbacks, standing
from loyalty.rules.terms import ExpiryOverride
from loyalty.web import stamp_cards
from staff.admin.powers import EDITORS, EVERYONE, powers_of
from staff.admin.scoping import own_rows

SECTION = "show"
# A script asks for the part of a page that it shows in a dialog by this header.
PART_HEADER, DIALOG = "X-Part", "dialog"
PAGE_LAYOUT, PART_LAYOUT = "admin/base_site.html", "admin/part.html"


def membership_of(request: HttpRequest, membership_id: int, at: datetime) -> Any:
    """Return a membership of the own partners, with what every page of it shows.

    :raises Http404: if there is none.
    """
    rows = own_rows(standing.with_due_points(at), powers_of(request))
    found = (
        rows.filter(pk=membership_id)
        .select_related("member__user", "member__customer_group", "account__tier", "partner")
        .select_related("card__club", "card__partner", "group")
        .first()
    )
    if found is None:
        raise Http404
    return found


def state_of(membership: Membership) -> tuple[str, Any]:
    """Return who this is: member, guest, removed or blocked (CU2)."""
    if membership.status != MembershipStatus.ACTIVE:
        return membership.status, MembershipStatus(membership.status).label
    return ("member", _("member")) if membership.member.user_id else ("guest", _("guest"))


class AccountPage(View):
    """A page about one membership, behind the wall and the role it needs."""

    model_admin: Any = None
    roles = EVERYONE
    http_method_names = ["get", "head", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Fetch the membership; a foreign one is missing, a small role is refused."""
        self.at = timezone.now()
        self.membership = membership_of(request, kwargs["membership_id"], self.at)
        if not powers_of(request).has(self.roles, self.membership.partner_id):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @property
    def is_part(self) -> bool:
        """Return whether a dialog asks: it is answered with the part of the page it shows."""
        return self.request.headers.get(PART_HEADER) == DIALOG

    @cached_property
    def latest(self) -> Transaction | None:
        """Return the latest deed that can be undone, or None."""
        return rollbacks.latest_reversible(self.membership.account_id)

    @property
    def available(self) -> int:
        """Return the points that can be spent now."""
        return int(self.membership.account.points - self.membership.due_points)

    @property
    def available_credit(self) -> int:
        """Return the credit that can be spent now, in minor units."""
        return int(self.membership.account.credit_minor - self.membership.due_credit)

    def crumbs(self, title: str) -> list[tuple[Any, str]]:
        """Return the way to this page: the list, the person, what is done."""
        found = self.model_admin.crumbs()
        found.append((self.membership.member.full_name(), account_address(self.membership)))
        return [*found, (title, "")]

    def page(
        self, template: str, extra: dict[str, Any], *, title: str, status: int = 200
    ) -> HttpResponse:
        """Return a page of the dashboard about this membership."""
        card = self.membership.card
        context = {
            **self.model_admin.admin_site.each_context(self.request),
            "title": title,
            "crumbs": self.crumbs(title),
            "opts": self.model_admin.opts,
            "membership": self.membership,
            "member": self.membership.member,
            "card": card,
            "account": self.membership.account,
            "available": self.available,
            "available_credit": self.available_credit,
            "stamps": stamp_cards.in_force(card, self.available, at=self.at),
            "zone": card.partner.zone(),
            "state": state_of(self.membership),
            "account_address": account_address(self.membership),
            "layout": PART_LAYOUT if self.is_part else PAGE_LAYOUT,
            **extra,
        }
        response = render(self.request, template, context, status=status)
        patch_vary_headers(response, [PART_HEADER])
        if self.is_part:
            response.headers[PART_HEADER] = DIALOG
        return response


def account_address(membership: Membership, section: str = "") -> str:
    """Return the address of the account page, or of a section of it."""
    page = reverse("admin:members_membership_account", args=[membership.pk])
    return f"{page}?{urlencode({SECTION: section})}" if section else page


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button on the account page: the ``is_main`` ones stand open, the others under "More"."""

    name: str
    words: str
    icon: str
    roles: frozenset[Role] = EDITORS
    is_danger: bool = False
    is_main: bool = False
    is_dialog: bool = False


def actions_for(
    membership: Membership, role: Role | None, *, can_undo: bool, can_pay: bool = False
) -> list[Action]:
    """Return what somebody with this role can do with this membership now."""
    if membership.member.merged_into_id or membership.member.erased_at:
        return []
    is_active = membership.status == MembershipStatus.ACTIVE
    found: list[Action] = []
    if is_active:
        found += [
            _main("adjust", _("Adjust balance"), "exposure", EVERYONE),
            *_credit_actions(membership),
            _main("spend", _("Spend balance"), "redeem", EVERYONE),
            _main("tier", _("Change tier"), "military_tech", EDITORS),
        ]
    if is_active and membership.card.expiry_override == ExpiryOverride.BY_HAND:
        found.append(Action(name="extend", words=_("Extend"), icon="event_upcoming"))
    if is_active and can_pay:
        found.append(
            Action(
                name="pay", words=_("Pay with points or credit"), icon="payments", roles=EVERYONE
            )
        )
    if can_undo:
        found.append(
            Action(name="roll_back", words=_("Roll back latest"), icon="undo", is_dialog=True)
        )
    found.append(
        Action(name="replace_code", words=_("Replace code"), icon="qr_code", roles=EVERYONE)
    )
    found.append(Action(name="facts", words=_("Personal facts"), icon="cake"))
    found.append(Action(name="data", words=_("Personal data as a file"), icon="folder_zip"))
    if membership.member.user_id is None and is_active:
        found.append(
            Action(name="guest_link", words=_("Link to a phone"), icon="link", roles=EVERYONE)
        )
    if is_active:
        found += [
            Action(name="block", words=_("Block"), icon="block", is_danger=True),
            Action(
                name="remove",
                words=_("Remove from programme"),
                icon="person_remove",
                is_danger=True,
            ),
        ]
    else:
        found.append(Action(name="restore", words=_("Restore"), icon="restore"))
    found.append(Action(name="merge", words=_("Merge with another customer"), icon="merge"))
    found.append(
        Action(name="erase", words=_("Erase personal data"), icon="delete_forever", is_danger=True)
    )
    return [one for one in found if role in one.roles]


def _credit_actions(membership: Membership) -> list[Action]:
    """Return the correction of credit, where the card gives any or the member has some."""
    card = membership.card
    if not (
        card.uses_plans
        or card.credit_per_step_minor
        or card.welcome_credit_minor
        or membership.account.credit_minor
    ):
        return []
    return [_main("adjust_credit", _("Adjust credit"), "exposure", EVERYONE)]


def _main(name: str, label: str, icon: str, roles: frozenset[Role]) -> Action:
    """Return a deed that is done every day; each opens as a dialog (CU14, CU21, CU27)."""
    return Action(name=name, words=label, icon=icon, roles=roles, is_main=True, is_dialog=True)
