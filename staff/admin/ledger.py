"""The ledger as managers read it: transactions, entries and lots, never edited by anybody."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from loyalty.ledger.models import Entry, Kind, Lot, ReceiptUse, Transaction
from loyalty.members.models import Membership
from loyalty.operations import receipts
from loyalty.web import words
from loyalty.web.money import money
from staff.admin.by_key import KeyList
from staff.admin.powers import powers_of
from staff.admin.scoping import OwnFilter, ReadOnlyAdmin, own_rows
from staff.admin.site import site
from staff.admin.unfold_parts import NOTHING, ChangeList, badge, column

KIND_COLOURS = {
    **{kind.value: "info" for kind in Kind},
    Kind.PURCHASE.value: "success",
    Kind.POINTS.value: "success",
    Kind.REVERSAL.value: "warning",
    Kind.EXPIRY.value: "warning",
}


# Nobody reads so many deeds of one receipt or card number in a list.
MOST_FOUND = 1000


class LedgerAdmin(ReadOnlyAdmin):
    """What the tables of the ledger have in common: they have as many rows as years bring."""

    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that is read by place, the newest first."""
        return KeyList

    def member(self, row: Any) -> SafeString | str:
        """Return whose account it is, leading there."""
        membership = self.membership(row)
        if membership is None:
            return NOTHING
        address = reverse("admin:members_membership_account", args=[membership.pk])
        return format_html(
            '<a class="row-link" href="{}">{}</a>', address, membership.member.full_name()
        )

    member.short_description = _("member")  # type: ignore[attr-defined]  # how Django is told

    def membership(self, row: Any) -> Any:
        """Return the membership of a row."""
        return row.membership


@admin.register(Transaction, site=site)
class TransactionAdmin(LedgerAdmin):
    """Every deed, newest first."""

    list_display = ("id", "occurred_at", "what", "member", "card", "moved", "amount", "store", "by")
    list_display_links = ("id",)
    list_select_related = ("membership__member", "card", "store", "actor", "note", "reversal")
    list_filter = ("kind", "source", ("card", OwnFilter), ("store", OwnFilter))
    search_fields = ("receipt_number", "membership__number")
    search_help_text = _("Receipt or card number")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "occurred_at",
                    "recorded_at",
                    "what",
                    "member",
                    "card",
                    "store",
                    "by",
                    "source",
                    "moved",
                    "amount",
                    "receipt_number",
                    "why",
                    "internal",
                    "comment",
                    "undoes",
                    "undone_by",
                    "version",
                )
            },
        ),
    )
    readonly_fields = (
        "what",
        "member",
        "by",
        "moved",
        "amount",
        "why",
        "internal",
        "comment",
        "undoes",
        "undone_by",
        "version",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the deeds of a receipt or of a card, each found by its index."""
        typed = search_term.strip()
        if not typed:
            return queryset, False
        powers = powers_of(request)
        used = own_rows(ReceiptUse.objects.filter(number=receipts.tidy(typed)), powers)
        held = own_rows(Membership.objects.filter(number=typed.upper()), powers)
        found = used.values_list("transaction", flat=True).union(
            Transaction.objects.filter(membership__in=held).order_by().values_list("pk", flat=True)
        )
        return queryset.filter(pk__in=list(found[:MOST_FOUND])), False

    @badge(_("what"), KIND_COLOURS, ordering="kind")
    def what(self, row: Transaction) -> tuple[str, Any]:
        """Return the kind as a badge."""
        return row.kind, Kind(row.kind).label

    @column(_("points"), ordering="points")
    def moved(self, row: Transaction) -> str:
        """Return the points with their sign."""
        return words.signed(row.points)

    @column(_("amount"), ordering="amount_minor")
    def amount(self, row: Transaction) -> str:
        """Return the amount in the card's currency."""
        return NOTHING if row.amount_minor is None else money(row.amount_minor, row.card.currency)

    @column(_("by"))
    def by(self, row: Transaction) -> str:
        """Return who did it."""
        return row.actor.get_full_name() if row.actor else str(_("system"))

    @column(_("why"))
    def why(self, row: Transaction) -> str:
        """Return the explanation."""
        return ", ".join(words.explanation(row, row.card)) or NOTHING

    @column(_("internal note"))
    def internal(self, row: Transaction) -> str:
        """Return the words for the team."""
        note = getattr(row, "note", None)
        return (note.internal if note else "") or NOTHING

    @column(_("comment for the customer"))
    def comment(self, row: Transaction) -> str:
        """Return the words for the customer."""
        return words.history_line(row, row.card).detail or NOTHING

    @column(_("undoes"))
    def undoes(self, row: Transaction) -> str:
        """Return the transaction that this one undoes."""
        return str(row.reverses_id or NOTHING)

    @column(_("undone by"))
    def undone_by(self, row: Transaction) -> str:
        """Return the transaction that undid this one."""
        reversal = getattr(row, "reversal", None)
        return str(reversal.pk) if reversal else NOTHING

    @column(_("rules"))
    def version(self, row: Transaction) -> str:
        """Return the version of the rules it was booked by."""
        return str(row.terms.number) if row.terms else NOTHING


@admin.register(Entry, site=site)
class EntryAdmin(LedgerAdmin):
    """Every move of points, with the balance after it."""

    list_display = ("id", "transaction_id", "when", "member", "unit", "moved", "balance_after")
    list_select_related = ("transaction__membership__member",)
    list_filter = ("unit",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "transaction_id",
                    "when",
                    "member",
                    "unit",
                    "moved",
                    "sequence",
                    "balance_after",
                )
            },
        ),
    )
    readonly_fields = ("transaction_id", "when", "member", "moved")

    def membership(self, row: Any) -> Any:
        """Return the membership of the transaction."""
        return row.transaction.membership

    @column(_("when"))
    def when(self, row: Entry) -> Any:
        """Return when it happened."""
        return row.transaction.occurred_at

    @column(_("amount"), ordering="amount")
    def moved(self, row: Entry) -> str:
        """Return the amount with its sign."""
        return words.signed(row.amount)


@admin.register(Lot, site=site)
class LotAdmin(LedgerAdmin):
    """What is left of what was earned, and until when."""

    list_display = ("id", "member", "unit", "earned", "remaining", "expires_at")
    list_select_related = ("entry__transaction__membership__member",)
    list_filter = ("unit",)
    fieldsets = ((None, {"fields": ("member", "unit", "earned", "remaining", "expires_at")}),)
    readonly_fields = ("member",)

    def membership(self, row: Any) -> Any:
        """Return the membership that earned it."""
        return row.entry.transaction.membership
