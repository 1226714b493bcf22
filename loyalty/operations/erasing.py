"""Erase a customer's personal data: the ledger stays and names nobody any more.

Other parts that keep copies of what people told (files to import, saved exports) register here what
takes them away.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef, Q

from cards.models import PrintedCard
from loyalty.audit import record
from loyalty.audit.models import AuditPerson
from loyalty.ledger.drafts import Draft, Fact, VoucherStep
from loyalty.ledger.models import (
    Kind,
    ParkedRefund,
    ReceiptUse,
    Source,
    Transaction,
    TransactionNote,
    WaitingAdjustment,
)
from loyalty.members import codes
from loyalty.members.models import (
    Claim,
    GuestLink,
    Member,
    MemberNote,
    Membership,
    MembershipGroup,
    MembershipStatus,
    MemberTag,
    Voucher,
    VoucherStatus,
)
from loyalty.operations import customers, drafting, forgetting, lot_dates
from loyalty.operations.customers import Customer
from loyalty.operations.deeds import Deed, fingerprint, one_transaction
from loyalty.operations.standing import MembershipNotFoundError, Standing, first_result
from loyalty.outbox.models import EventType

ERASED = "ERASED"  # The step of an erasure, in a transaction's result.


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """By what copies of a person's data are known elsewhere; the words are gone after the deed.

    Without ids nobody is erased: a customer gave up these words alone.
    """

    partner_id: int
    member_ids: frozenset[int]
    membership_ids: frozenset[int]
    user_id: int | None
    words: frozenset[str]
    numbers: frozenset[str]
    at: datetime


Forget = Callable[[Traces], None]
_forgetters: list[Forget] = []


def also(forget: Forget) -> Forget:
    """Register what takes copies away, in the transaction of the erasure."""
    _forgetters.append(forget)
    return forget


@one_transaction
def erase_member(*, deed: Deed, membership_id: int) -> Transaction:
    """Blank everything personal of a customer, for good, and return the transaction.

    By an owner or manager, or by the member themselves in the wallet. All their cards close; what
    is left on them is forfeited, vouchers too. Their sign-in goes as well where nothing else needs
    it. Codes and numbers are replaced, so that nothing a person still holds leads to the record. A
    repeat returns the first transaction. Source: issue of the customers area; GDPR, Article 17.

    :raises customers.CustomerGoneError: if it was erased or merged before.
    :raises customers.SharedAccountError: while a card is in a group.
    :raises NotAllowedError: OwnMembershipError: MembershipNotFoundError: for anybody else.
    """
    customer = customers.lock(deed=deed, membership_ids=[membership_id])[0]

    content = fingerprint("erase", membership=membership_id)
    # Before the rights: an erased record names nobody, so that it is not the member's own any more.
    if own := _own_repeat(customer.asked, content):
        return own
    _check_may_erase(customer.asked)

    if repeat := first_result(customer.asked, content):
        return repeat

    customers.check_there(customer.member)
    customers.check_alone(customer.cards)
    drafts = customers.in_one_list(
        _closing(standing, content)
        for standing in sorted(customer.cards, key=lambda one: one is not customer.asked)
    )

    done = drafting.post(drafts)
    traces = _traces(customer)
    _erase_cards(traces)
    _erase_reasons(traces)
    _erase_record(customer, deed)
    _forget_copies(traces)
    return done


def forget_contacts(*, partner_id: int, contacts: Iterable[str], at: datetime) -> None:
    """Take away what names a customer by an e-mail or phone that their record has no more.

    For whoever gives up a contact without being forgotten: a later erasure knows it no more.
    """
    words = frozenset(word.lower() for word in contacts if word)
    if words:
        _forget_copies(
            Traces(
                partner_id=partner_id,
                member_ids=frozenset(),
                membership_ids=frozenset(),
                user_id=None,
                words=words,
                numbers=frozenset(),
                at=at,
            )
        )


def _forget_copies(traces: Traces) -> None:
    for forget in _forgetters:
        forget(traces)
    forgetting.forget_person(user_id=traces.user_id, words=traces.words)


def find_own(*, actor_id: int | None, member_id: int, request_id: str) -> Transaction | None:
    """Return the erasure of this record that was asked for under this key in the wallet, or None.

    Where the sign-in went with the record nobody is signed in any more, and the key alone, which
    only the form has told, says whose erasure it was. Source: design, a repeat is answered.
    """
    found = Transaction.objects.filter(
        partner__in=Member.objects.filter(pk=member_id).values("partner"),
        request_id=request_id,
        membership__member=member_id,
        source=Source.WALLET,
        kind=Kind.STATUS,
        result__step=ERASED,
    ).select_related("partner")
    theirs = Q(actor__is_active=False) if actor_id is None else Q(actor=actor_id)
    return found.filter(theirs).first()


def _own_repeat(standing: Standing, content: str) -> Transaction | None:
    """Return what the same person did under the same key, if it was this erasure."""
    return Transaction.objects.filter(
        pk=standing.repeat_id or 0, actor=standing.deed.actor_id, fingerprint=content
    ).first()


def _check_may_erase(standing: Standing) -> None:
    """Let the member erase their own record in the wallet, and a manager anybody else's."""
    owner = standing.membership.member.user_id
    if standing.deed.source != Source.WALLET:
        customers.check_may_decide(standing)
    elif owner is None or owner != standing.deed.actor_id:
        raise MembershipNotFoundError


def _closing(standing: Standing, content: str) -> list[Draft]:
    """Return the end of a card: out of the programme, with what was left on it forfeited."""
    account, vouchers = standing.account, _open_vouchers(standing)
    lots = lot_dates.open_lots(account.pk)
    main = drafting.draft(
        standing,
        Kind.STATUS,
        content=content,
        status=MembershipStatus.REMOVED,
        voucher_steps=tuple(
            VoucherStep(
                voucher_id=voucher.pk,
                from_status=VoucherStatus.ISSUED,
                to_status=VoucherStatus.REMOVED,
            )
            for voucher in vouchers
        ),
        reward_counts=_put_back(vouchers),
        result={
            "step": ERASED,
            "from": standing.membership.status,
            "to": MembershipStatus.REMOVED,
        },
        events=(
            Fact(type=EventType.MEMBER_ERASED),
            *(
                Fact(type=EventType.REWARD_CANCELLED, data={"reward_id": voucher.reward_id})
                for voucher in vouchers
            ),
        ),
    )
    if not (lots or account.shortfall_points or account.shortfall_credit_minor):
        return [main]
    # Like all expiry it judges no tier, cannot be undone, and is what the business no longer owes.
    forfeit = drafting.companion(
        main,
        Kind.EXPIRY,
        "forfeit",
        moves=lot_dates.taken(lots),
        shortfall_points=-account.shortfall_points,
        shortfall_credit_minor=-account.shortfall_credit_minor,
        result={
            "step": ERASED,
            "points": -account.points,
            "balance_before": standing.available,
            "balance_after": 0,
        },
        events=(Fact(type=EventType.POINTS_EXPIRED),) if lots else (),
    )
    return [main, forfeit]


def _open_vouchers(standing: Standing) -> list[Voucher]:
    """Return the vouchers that are still good, locked after the counters of their rewards."""
    rows = Voucher.objects.filter(
        Q(account=standing.account) | Q(account__absorbed_by=standing.account),
        status=VoucherStatus.ISSUED,
    )
    for reward_id in sorted(set(rows.values_list("reward_id", flat=True))):
        drafting.lock_counter(reward_id)
    return list(rows.select_for_update(no_key=True, of=("self",)).order_by("pk"))


def _put_back(vouchers: Sequence[Voucher]) -> dict[int, int]:
    rewards = [voucher.reward_id for voucher in vouchers]
    return {reward_id: -rewards.count(reward_id) for reward_id in sorted(set(rewards))}


def _traces(customer: Customer) -> Traces:
    """Return by what the person is known, while it is still there to be read."""
    member = customer.member
    members = Member.objects.filter(Q(pk=member.pk) | Q(merged_into=member))
    cards = Membership.objects.filter(member__in=members)
    words = {member.email, member.phone, member.user.email if member.user else ""}
    held = list(cards.values_list("pk", "number", "code"))
    return Traces(
        partner_id=member.partner_id,
        member_ids=frozenset(members.values_list("pk", flat=True)),
        membership_ids=frozenset(pk for pk, _number, _code in held),
        user_id=member.user_id,
        words=frozenset(word.lower() for word in words if word),
        numbers=frozenset({member.code} | {text for _pk, *both in held for text in both}),
        at=customer.asked.deed.occurred_at,
    )


def _erase_cards(traces: Traces) -> None:
    """Replace every code of the cards, and blank what anybody wrote about them."""
    cards = Membership.objects.filter(pk__in=traces.membership_ids)
    for membership in cards.order_by("pk"):
        # Whoever still holds the printed card has nothing, and nobody else gets its number.
        PrintedCard.objects.filter(card=membership.card_id, number=membership.number).update(
            is_void=True
        )
        membership.number = f"ERASED-{membership.pk}"
        membership.code = codes.new_card_code()
        membership.totp_key = codes.new_key()
        membership.referral_code = codes.new_referral_code()
        membership.save(update_fields=["number", "code", "totp_key", "referral_code"])
    TransactionNote.objects.filter(transaction__membership__in=traces.membership_ids).update(
        internal="", comment=""
    )
    WaitingAdjustment.objects.filter(membership__in=traces.membership_ids).update(
        internal="", comment="", answer_note=""
    )
    MembershipGroup.objects.filter(head__in=traces.membership_ids, closed_at__isnull=False).update(
        name=""
    )
    Claim.objects.filter(membership__in=traces.membership_ids, used_at=None).update(
        expires_at=traces.at
    )


def _erase_reasons(traces: Traces) -> None:
    """Empty the reasons that anybody typed for what they did with the record or its cards."""
    deeds = Transaction.objects.filter(membership__in=traces.membership_ids)
    asked = WaitingAdjustment.objects.filter(membership__in=traces.membership_ids)
    # One that was given up has no transaction; its receipt says whose it was.
    receipts = ReceiptUse.objects.filter(
        store=OuterRef("store"),
        number=OuterRef("receipt_number"),
        period=OuterRef("period"),
        transaction__membership__in=traces.membership_ids,
    )
    parked = ParkedRefund.objects.filter(Exists(receipts), partner=traces.partner_id)
    for model, keys in (
        (Member, traces.member_ids),
        (Membership, traces.membership_ids),
        (Transaction, deeds.values("pk")),
        (WaitingAdjustment, asked.values("pk")),
        (ParkedRefund, parked.values("pk")),
    ):
        AuditPerson.objects.filter(
            event__kind=model._meta.label_lower, event__object_id__in=keys
        ).update(reason="")


def _erase_record(customer: Customer, deed: Deed) -> None:
    """Blank the record itself and what hangs on it; the audit log names it by its key alone."""
    member = customer.member
    GuestLink.objects.filter(member=member, used_at=None).update(used_at=deed.occurred_at)
    MemberTag.objects.filter(member=member).delete()
    MemberNote.objects.filter(member=member).delete()
    member.code = codes.new_card_code()[:10]
    member.erased_at = deed.occurred_at
    customers.blank(member)
    for merged in Member.objects.filter(merged_into=member):
        merged.code = codes.new_card_code()[:10]
        merged.erased_at = deed.occurred_at
        merged.save()
    subjects = {Member: [member.pk], Membership: [one.membership.pk for one in customer.cards]}
    for model, keys in subjects.items():
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(model),
            object_id__in=[str(key) for key in keys],
        ).delete()
    record.record(
        action="erase member",
        subject=member,
        partner_id=member.partner_id,
        actor_id=deed.actor_id,
    )
