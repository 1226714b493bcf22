"""Two partners with everything in them; the first one's words are canaries."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from cards.models import (
    CardText,
    CustomerGroup,
    ExpiryRule,
    MilestoneRule,
    Plan,
    PlanLine,
    Product,
    ProductGroup,
    ReferralRule,
    SpecialDay,
    Tag,
    Tender,
)
from clubs.models import Manager, Role, StaffMember
from loyalty.imports.models import Upload
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Source, Unit
from loyalty.members import codes
from loyalty.members.models import ConsentSource, MemberNote, Membership, MembershipGroup
from loyalty.operations import (
    adjustments,
    enrolments,
    groups,
    guests,
    member_notes,
    parked_refunds,
    payments,
    purchases,
    redemptions,
    scans,
    vouchers,
    waiting_adjustments,
)
from loyalty.operations.enrolments import Consent, Person
from loyalty.operations.purchases import Bill
from loyalty.users.models import User
from staff import invitations
from tests import cast

CANARY = "Kanari"


@dataclass
class Side:
    """One partner with its people and rows."""

    partner: Any
    club: Any
    other_club: Any
    store: Any
    card: Any
    tier: Any
    reward: Any
    plan: Any
    owner: User
    support: User
    staff: User
    stranger_staff: User
    member: User
    membership: Membership
    guest: Membership
    purchase: Any
    payment: Any
    parked: Any
    waiting: Any
    scan_id: int
    claim: Any
    claim_token: str
    voucher: Any
    upload: Upload
    link_token: str
    group: MembershipGroup
    note: MemberNote
    invited_token: str
    invited_staff: StaffMember
    invited_manager: Manager


def _upload(card: Any, owner: User, word: str) -> Upload:
    """Return a file of one row with an error, which names somebody by the word."""
    upload = Upload.objects.create(
        partner=card.partner,
        card=card,
        kind="ADJUSTMENT",
        state="CHECKED",
        file_name=f"{word}.csv",
        reason="OTHER",
        uploaded_by=owner,
        uploaded_at=timezone.now(),
        changed_at=timezone.now(),
        row_count=1,
        checked_count=1,
        error_count=1,
    )
    upload.rows.create(number=2, key=f"{word}@example.org", typed="5", error="NOT_FOUND")
    return upload


def make_side(word: str) -> Side:
    """Return a partner whose every name holds the word."""
    at = timezone.now()
    partner = cast.make_partner(f"{word} Group")
    club, other = (
        cast.make_club(partner, f"{word} Harbour"),
        cast.make_club(partner, f"{word} Hill"),
    )
    store = cast.make_store(
        club, f"{word} Quay", allows_check_in=True, check_in_code=f"DOOR{word.upper()}"
    )
    card = cast.make_card(club, f"{word} Coffee", has_referrals=True, base_rate=Decimal("0.01"))
    ReferralRule.objects.create(partner=partner, card=card, event="REGISTRATION", points=5)
    CardText.objects.create(card=card, language="en", title=f"{word} title")
    tier = cast.make_tier(card, f"{word}Gold", 1000)
    _add_rules(card, word)
    reward = cast.make_reward(card, f"{word} Bun", 10)
    plan = Plan.objects.create(
        partner=partner, card=card, code="PLAN", name=f"{word} plan", start_date=date(2026, 1, 1)
    )
    PlanLine.objects.create(plan=plan, value_minor=100, award_points=1)
    names = ("owner", "support", "staff", "stranger", "member")
    owner, support, staff, stranger, member = (_person(f"{word}-{name}") for name in names)
    cast.make_manager(owner, partner)
    cast.make_manager(support, partner, Role.SUPPORT)
    cast.make_staff(staff, club, may_give_points=True)
    cast.make_staff(stranger, other)
    invited_staff = StaffMember(partner=partner, user=owner, club=other)
    invited_manager = Manager(partner=partner, user=staff)
    invited_token = invitations.prepare(invited_staff, at=at)
    invitations.prepare(invited_manager, at=at)
    invited_staff.save()
    invited_manager.save()
    membership = cast.join(member, card, first_name=word, last_name=f"{word}sen")
    guest = enrolments.enrol_at_counter(
        deed=cast.deed(staff, at=at),
        card_id=card.pk,
        person=Person(first_name=f"{word}guest", phone=f"+35191234{ord(word[0]):04d}"),
        consent=Consent(version="1", source=ConsentSource.COUNTER),
    )
    looker = scans.Looker(user=staff, session_hash="s", store=store)
    digits = codes.rotating_code(membership.totp_key, codes.step_at(at))
    shown = scans.show_card(looker=looker, code=membership.code, digits=digits, at=at)
    assert shown.scan_id
    purchase = purchases.award_purchase(
        deed=cast.deed(staff, store=store, at=at - timedelta(seconds=5)),
        membership_id=membership.pk,
        bill=Bill(amount_minor=9900, currency="EUR"),
        scan_id=shown.scan_id,
    )
    payment = payments.pay_with_points(
        deed=cast.deed(staff, store=store, at=at - timedelta(seconds=4)),
        membership_id=membership.pk,
        bill_minor=100,
        money_minor=1,
        scan_id=shown.scan_id,
    )
    parked = parked_refunds.park_refund(
        deed=cast.deed(staff, store=store, at=at), receipt=f"{word}7", amount_minor=100
    )
    adjustments.adjust_points(
        deed=cast.deed(owner, Source.ADMIN, at=at),
        membership_id=membership.pk,
        points=5,
        note=Note(internal=f"{word} internal", comment=f"{word} comment"),
    )
    waiting = waiting_adjustments.ask(
        deed=cast.deed(support, Source.ADMIN, at=at),
        membership_id=membership.pk,
        unit=Unit.POINTS,
        amount=500,
        note=Note(internal=f"{word} asks", comment=f"{word} waits"),
    )
    vouchers.issue_voucher(
        deed=cast.deed(owner, Source.ADMIN, at=at),
        membership_id=membership.pk,
        reward_id=reward.pk,
    )
    started = redemptions.start_claim(
        deed=cast.deed(member, Source.WALLET, at=at),
        membership_id=membership.pk,
        reward_id=reward.pk,
    )
    link = guests.make_link(deed=cast.deed(staff, at=at), membership_id=guest.pk)
    return Side(
        partner=partner,
        club=club,
        other_club=other,
        store=store,
        card=card,
        tier=tier,
        reward=reward,
        plan=plan,
        owner=owner,
        support=support,
        staff=staff,
        stranger_staff=stranger,
        member=member,
        membership=membership,
        guest=guest,
        purchase=purchase,
        payment=payment,
        parked=parked,
        waiting=waiting,
        scan_id=shown.scan_id,
        claim=started.claim,
        claim_token=started.token,
        voucher=membership.vouchers.get(),
        upload=_upload(card, owner, word),
        link_token=link.token,
        group=_family(card, staff, owner, word),
        note=member_notes.write_note(
            deed=cast.deed(owner, Source.ADMIN, at=at),
            membership_id=membership.pk,
            text=f"{word} note",
        ),
        invited_token=invited_token,
        invited_staff=invited_staff,
        invited_manager=invited_manager,
    )


def _family(card: Any, staff: User, owner: User, word: str) -> MembershipGroup:
    """Return a group of two guests of the card."""
    at = timezone.now()
    one, other = (
        enrolments.enrol_at_counter(
            deed=cast.deed(staff, at=at),
            card_id=card.pk,
            person=Person(first_name=f"{word}{name}"),
            consent=Consent(version="1", source=ConsentSource.COUNTER),
        )
        for name in ("aunt", "uncle")
    )
    groups.form_group(
        deed=cast.deed(owner, Source.ADMIN, at=at),
        head_id=one.pk,
        member_ids=[other.pk],
        name=f"{word} family",
    )
    return MembershipGroup.objects.get(card=card)


def _add_rules(card: Any, word: str) -> None:
    """Add a row of each table of master data and of the card's other rules."""
    partner = card.partner
    for model in (CustomerGroup, Product, ProductGroup, Tender):
        model.objects.create(partner=partner, code="ONE", name=f"{word} row")
    Tag.objects.create(partner=partner, name=f"{word} tag")
    of_card = {"partner": partner, "card": card}
    day = cast.NOON.date()
    SpecialDay.objects.create(**of_card, code="ONE", name=f"{word} day", day=day, is_yearly=True)
    ExpiryRule.objects.create(**of_card, days=365)
    ReferralRule.objects.create(**of_card, event="REGISTRATION", points=5)
    MilestoneRule.objects.create(**of_card, kind="VISITS", count=1000, points=5)


def _person(name: str) -> User:
    user = cast.make_user(name)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def client_of(user: User | None) -> Client:
    """Return a browser in which this person is signed in."""
    client = Client()
    if user is not None:
        client.force_login(user)
    return client
