"""The rule tester: what the rules make of a purchase that is typed in, and why. Books nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from cards import terms
from cards.models import Card, Product
from clubs.models import Store
from loyalty.ledger.models import Source
from loyalty.members.models import Membership
from loyalty.operations import histories
from loyalty.operations.deeds import Deed
from loyalty.operations.standing import Standing, look
from loyalty.rules import awards
from loyalty.rules.awards import Award
from loyalty.rules.baskets import Basket, BasketLine, Facts, Payment
from loyalty.rules.plans import Outcome
from loyalty.rules.terms import Terms
from loyalty.rules.tried import Tried, tried
from loyalty.web.explaining import explanation, given
from loyalty.web.refusals import REFUSALS, refusal_of
from loyalty.web.requests import new_request_id, signed_in
from staff.admin import publishing, rule_words
from staff.admin.forms_tester import (
    DRAFT,
    MOST_ROWS,
    PUBLISHED,
    ROWS,
    Items,
    Payments,
    TesterForm,
)

MOST_OFFERED = 500  # Products in the list under a field; any other code can be typed.


@dataclass(slots=True, kw_only=True)
class Trial(Standing):
    """How a member stands under rules that need not be published."""

    rules: Terms

    @property
    def terms(self) -> Terms:
        """Return the rules to try."""
        return self.rules


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRow:
    """A plan, or one of its lines, and how it fared."""

    words: str
    outcome: str
    is_plan: bool
    has_part: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the rules give, why, and how each plan and line fared."""

    award: Award
    gives: str
    why: Sequence[str]
    rows: Sequence[TriedRow]


class Typed:
    """The three forms of the page, bound or not."""

    def __init__(self, data: Any, card: Card, *, has_published: bool, rules: Terms) -> None:
        now = timezone.localtime(timezone.now(), card.partner.zone())
        initial = {"rules": DRAFT, "day": now.date(), "time": now.time()}
        self.card = card
        self.form = TesterForm(
            data,
            card=card,
            has_published=has_published,
            is_points_only=rules.is_points_only,
            initial=initial,
        )
        kwargs = {"currency": card.currency}
        self.items = Items(data, prefix="items", form_kwargs=kwargs)
        self.payments = Payments(
            data, prefix="payments", form_kwargs={**kwargs, "partner_id": card.partner_id}
        )

    def is_valid(self) -> bool:
        """Return whether all three can be read; the amount is that of the lines where there are."""
        if "points" in self.form.fields:
            self.form.fields["points"].required = True
            return self.form.is_valid()
        parts = [self.form.is_valid(), self.items.is_valid(), self.payments.is_valid()]
        if all(parts) and self.form.cleaned_data["amount"] is None and not self.lines():
            self.form.add_error("amount", _("Type an amount, or the lines of a bill."))
        return all(parts) and not self.form.errors

    def lines(self) -> tuple[BasketLine, ...]:
        """Return the lines that were typed, each with its product's group."""
        typed = [form.cleaned_data for form in self.items if form.cleaned_data.get("amount")]
        codes = {row["product"] for row in typed if row["product"]}
        products = Product.objects.filter(partner_id=self.card.partner_id, code__in=codes)
        groups = dict(products.values_list("code", "group__code")) if codes else {}
        return tuple(
            BasketLine(
                product=row["product"],
                group=groups.get(row["product"]) or "",
                quantity=row["quantity"] if row["quantity"] is not None else Decimal(1),
                amount_minor=row["amount"],
            )
            for row in typed
        )

    def basket(self) -> Basket:
        """Return the bill."""
        lines = self.lines()
        amount = sum(line.amount_minor for line in lines)
        return Basket(
            amount_minor=amount if lines else self.form.cleaned_data["amount"],
            direction=self.form.cleaned_data["direction"],
            lines=lines,
            payments=tuple(
                Payment(
                    tender=row["tender"].code,
                    amount_minor=row["amount"],
                    is_loyalty=row["tender"].is_loyalty_tender,
                )
                for row in (form.cleaned_data for form in self.payments)
                if row.get("tender")
            ),
        )


def tester_page(model_admin: Any, request: HttpRequest, card: Card) -> HttpResponse:
    """Show the tester; a POST tries the rules and shows the award, each plan and each line."""
    if not model_admin.has_view_permission(request, card):
        raise PermissionDenied
    last = publishing.latest(card)
    data = request.POST.copy() if request.method == "POST" else None
    is_published = last is not None and data is not None and data.get("rules") == PUBLISHED
    rules = terms.of_version(last.pk) if last and is_published else terms.draft(card)
    if data is not None and "more" in data:
        _add_rows(data)
    typed = Typed(data, card, has_published=last is not None, rules=rules)
    result, refusal = None, ""
    if data is not None and "more" not in data and typed.is_valid():
        try:
            result = _tried(request, typed, rules)
        except REFUSALS as error:
            refusal = refusal_of(error).message
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Try the rules"),
        "crumbs": model_admin.crumbs(card, _("Try the rules")),
        "opts": model_admin.opts,
        "original": card,
        "form": typed.form,
        "items": typed.items,
        "payments": typed.payments,
        "products": Product.objects.filter(partner_id=card.partner_id, archived_at=None).order_by(
            "code"
        )[:MOST_OFFERED],
        "result": result,
        "refusal": refusal,
    }
    return render(request, "admin/cards/tester.html", context)


def _add_rows(data: Any) -> None:
    """Offer more lines of the bill; what is no number is left for the form to refuse."""
    count = str(data.get("items-TOTAL_FORMS", ""))
    if count.isascii() and count.isdecimal():
        data["items-TOTAL_FORMS"] = str(min(int(count[:4]) + ROWS, MOST_ROWS))


def _tried(request: HttpRequest, typed: Typed, rules: Terms) -> Result:
    """Return what the rules give.

    :raises awards.AmountTooLargeError: awards.TooManyPointsError: if no such deed can be.
    """
    card, cleaned = typed.card, typed.form.cleaned_data
    if rules.is_points_only:
        award = awards.entered(points=cleaned["points"], terms=rules)
        return _result(card, award, ())
    basket, facts = typed.basket(), _facts(request, card, cleaned, rules)
    award = awards.award(basket=basket, terms=rules, facts=facts)
    return _result(card, award, _rows(card, rules, tried(basket=basket, terms=rules, facts=facts)))


def _result(card: Card, award: Award, rows: Sequence[TriedRow]) -> Result:
    return Result(
        award=award,
        gives=given(award.points, award.credit_minor, card),
        why=explanation(award, card),
        rows=rows,
    )


def _facts(request: HttpRequest, card: Card, cleaned: Mapping[str, Any], rules: Terms) -> Facts:
    """Return what the rules must know: read from the member, or as described by hand."""
    store: Store | None = cleaned["store"]
    membership: Membership | None = cleaned["member_code"]
    zone = ZoneInfo(store.timezone) if store and store.timezone else card.partner.zone()
    at = datetime.combine(cleaned["day"], cleaned["time"], tzinfo=zone)
    if membership is not None:
        return histories.facts_for(_trial(request, membership, store, at, rules))
    tier, group = cleaned["tier"], cleaned["customer_group"]
    earlier = cleaned["earlier"] or 0
    return Facts(
        at=at,
        store=store.code if store else "",
        customer_groups=frozenset({group.code} if group else ()),
        tier_id=tier.pk if tier else None,
        is_customer_day=cleaned["is_customer_day"],
        ordinals={line.key: earlier for plan in rules.plans for line in plan.lines},
    )


def _trial(
    request: HttpRequest, membership: Membership, store: Store | None, at: datetime, rules: Terms
) -> Trial:
    """Return how the member stands at that time, under these rules."""
    deed = Deed(
        actor=signed_in(request),
        source=Source.ADMIN,
        store=store,
        request_id=new_request_id(),
        occurred_at=at,
    )
    found = look(deed=deed, membership_id=membership.pk)
    return Trial(**{one.name: getattr(found, one.name) for one in fields(Standing)}, rules=rules)


def _rows(card: Card, rules: Terms, found: Sequence[Tried]) -> list[TriedRow]:
    """Return each plan, then its lines, with why it took part or not."""
    return list(_told(card, rules, found))


def _told(card: Card, rules: Terms, found: Sequence[Tried]) -> Iterator[TriedRow]:
    tiers = rule_words.tier_names(card)
    plans = {plan.code: plan for plan in rules.plans}
    lines = {line.key: line for plan in rules.plans for line in plan.lines}
    for row in found:
        plan = plans[row.plan_code]
        words = (
            rule_words.plan_title(plan)
            if row.key is None
            else rule_words.line_words(lines[row.key], card, tiers)
        )
        yield TriedRow(
            words=words,
            outcome=rule_words.outcome_words(row, card),
            is_plan=row.key is None,
            has_part=row.outcome is Outcome.TOOK_PART,
        )
