"""A member's account page: who, what is left and until when, what happened, what can be done."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F, Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.defaultfilters import date as date_filter
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views import View

from cards.models import Tag
from clubs.models import Role
from loyalty.ledger.access import seen_by
from loyalty.ledger.models import (
    REVERSIBLE_KINDS,
    Kind,
    Lot,
    Source,
    Transaction,
    Unit,
    VoucherMove,
)
from loyalty.members.models import (
    Member,
    Membership,
    MembershipStatus,
    Scan,
    Voucher,
    VoucherStatus,
    pooled,
)
from loyalty.operations import birthdays, offers, payments, rollbacks, sales, standing
from loyalty.operations.deeds import Deed
from loyalty.rules.terms import ExpiryOverride
from loyalty.web import stamp_cards, words
from staff.admin import waiting_words
from staff.admin.merged_cards import merged_cards
from staff.admin.powers import EDITORS, EVERYONE, powers_of
from staff.admin.scoping import own_rows

PER_PAGE = 50
MOST_LOTS = 100
MOST_VOUCHERS = 100
MOST_SCANS = 20


def membership_of(request: HttpRequest, membership_id: int, at: datetime) -> Any:
    """Return a membership of the own partners, with what every page of it shows.

    :raises Http404: if there is none.
    """
    rows = own_rows(standing.with_due_points(at), powers_of(request))
    found = (
        rows.filter(pk=membership_id)
        .select_related("member__user", "member__customer_group", "account__tier", "partner")
        .select_related("card__club", "card__partner")
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


def birthday_words(member: Member) -> str:
    """Return the birthday as people say it, with its year where it is known; "" if none is."""
    if member.birth_day is None or member.birth_month is None:
        return ""
    day = date(member.birth_year or birthdays.NO_YEAR, member.birth_month, member.birth_day)
    shape = (
        pgettext("date format", "j F Y") if member.birth_year else pgettext("date format", "j F")
    )
    return date_filter(day, shape)


def next_lots(account_id: int) -> QuerySet[Lot]:
    """Return the open lots of an account, in the order in which they are spent."""
    return Lot.objects.filter(account_id=account_id, unit=Unit.POINTS, remaining__gt=0).order_by(
        F("expires_at").asc(nulls_last=True), "pk"
    )


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
        return found if isinstance(self, OverviewPage) else [*found, (title, "")]

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
            **extra,
        }
        return render(self.request, template, context, status=status)


def account_address(membership: Membership) -> str:
    """Return the address of the account page."""
    return reverse("admin:members_membership_account", args=[membership.pk])


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """A button on the account page."""

    name: str
    words: str
    icon: str
    roles: frozenset[Role] = EDITORS
    is_danger: bool = False


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
            Action(name="adjust", words=_("Adjust balance"), icon="exposure", roles=EVERYONE),
            Action(name="spend", words=_("Spend balance"), icon="redeem", roles=EVERYONE),
            *_credit_actions(membership),
            Action(name="tier", words=_("Change tier"), icon="military_tech"),
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
        found.append(Action(name="roll_back", words=_("Roll back latest"), icon="undo"))
    found.append(
        Action(name="replace_code", words=_("Replace code"), icon="qr_code", roles=EVERYONE)
    )
    found.append(Action(name="facts", words=_("Personal facts"), icon="cake"))
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
    return [Action(name="adjust_credit", words=_("Adjust credit"), icon="exposure", roles=EVERYONE)]


class OverviewPage(AccountPage):
    """The account page itself."""

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Show everything about the membership."""
        membership = self.membership
        role = powers_of(request).role(membership.partner_id)
        latest = rollbacks.latest_reversible(membership.account_id)
        lots = list(next_lots(membership.account_id)[:MOST_LOTS])
        vouchers = self._vouchers()
        history = self._history(request)
        extra = {
            "actions": [
                {
                    "action": action,
                    "address": reverse(
                        f"admin:members_membership_{action.name}", args=[membership.pk]
                    ),
                }
                for action in actions_for(
                    membership, role, can_undo=latest is not None, can_pay=self._can_pay()
                )
            ],
            "lots": lots,
            "next_lot": next((lot for lot in lots if self._is_ahead(lot.expires_at)), None),
            "offers": [
                {"offer": offer, "words": words.offer_words(offer, membership.card)}
                for offer in offers.listed(
                    account=membership.account, available=self.available, at=self.at
                )
            ],
            "outstanding": [row for row in vouchers if row.status == VoucherStatus.ISSUED],
            "past": [row for row in vouchers if row.status != VoucherStatus.ISSUED],
            "handed_out": self._handed_out(),
            "can_remove_voucher": role in EDITORS,
            "can_reverse": powers_of(request).is_all,
            "history": history,
            "lines": [self._line(deed, latest) for deed in history.object_list],
            "refundable": {sale.booked.pk for sale in sales.still_open(history.object_list)},
            "scans": Scan.objects.filter(membership=membership)
            .select_related("staff", "store")
            .order_by("-pk")[:MOST_SCANS],
            "waiting": waiting_words.of_membership(membership, powers_of(request), self.at),
            "next_tier": self._next_tier(),
            **merged_cards(membership),
            "birthday": birthday_words(membership.member),
            "tags": Tag.objects.filter(
                archived_at=None, member_rows__member=membership.member, member_rows__is_set=True
            ).order_by("name", "pk"),
        }
        return self.page("admin/account.html", extra, title=_("Member"))

    def _can_pay(self) -> bool:
        """Return whether what is there could pay a part of a bill now."""
        asked = Deed(
            actor=None, source=Source.ADMIN, store=None, request_id="", occurred_at=self.at
        )
        found = standing.look(deed=asked, membership_id=self.membership.pk)
        return bool(payments.units_offered(found))

    def _is_ahead(self, expires_at: datetime | None) -> bool:
        return expires_at is not None and expires_at > self.at

    def _vouchers(self) -> list[Voucher]:
        moves = VoucherMove.objects.select_related("transaction__actor").order_by("pk")
        return list(
            Voucher.objects.filter(pooled(self.membership.account_id))
            .select_related("reward", "tier")
            .prefetch_related(Prefetch("moves", queryset=moves))
            .order_by("-pk")[:MOST_VOUCHERS]
        )

    def _handed_out(self) -> list[Transaction]:
        """Return the rewards handed out at the counter and not undone (CU12)."""
        return list(
            Transaction.objects.filter(
                Q(kind=Kind.REDEMPTION),
                account=self.membership.account_id,
                reversal__isnull=True,
            )
            .select_related("reward", "actor", "store")
            .order_by("-pk")[:MOST_VOUCHERS]
        )

    def _history(self, request: HttpRequest) -> Any:
        deeds = (
            Transaction.objects.filter(seen_by(self.membership))
            .select_related("store", "note", "reversal", "actor", "reward", "membership__member")
            .order_by("-pk")
        )
        return Paginator(deeds, PER_PAGE).get_page(request.GET.get("p"))

    def _line(self, deed: Transaction, latest: Transaction | None) -> dict[str, Any]:
        """Return one deed in words, with what only the team sees."""
        note = getattr(deed, "note", None)
        return {
            "deed": deed,
            "line": words.history_line(deed, self.membership.card),
            "internal": note.internal if note else "",
            "person": deed.actor.get_full_name() if deed.actor else "",
            "whose": self._whose(deed),
            "is_latest": latest is not None and latest.pk == deed.pk,
            "can_reverse": deed.kind in REVERSIBLE_KINDS
            and deed.caused_by_id is None
            and not hasattr(deed, "reversal"),
        }

    def _whose(self, deed: Transaction) -> str:
        """Return which other member of the group did it."""
        is_other = deed.membership_id not in {None, self.membership.pk}
        return deed.membership.member.full_name() if deed.membership and is_other else ""

    def _next_tier(self) -> dict[str, Any] | None:
        """Return the tier ahead and what is missing to it, by the stored thresholds."""
        awarded = self.membership.account.lifetime_points
        ahead = (
            self.membership.card.tiers.filter(archived_at=None, min_value__gt=awarded)
            .order_by("min_value")
            .first()
        )
        return {"tier": ahead, "missing": ahead.min_value - awarded} if ahead else None
