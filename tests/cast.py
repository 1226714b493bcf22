"""The fixed cast: Petra owns, Sam serves at Harbour, Tess at Hill, Mia holds a card, Noor none."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from cards import terms
from cards.models import Card, CardStatus, Reward, Tier
from clubs.models import Club, Manager, Partner, Role, StaffMember, Store
from loyalty.ledger.models import Source
from loyalty.members import codes
from loyalty.members.models import ConsentSource, Membership
from loyalty.operations import enrolments, scans
from loyalty.operations.deeds import Deed
from loyalty.operations.enrolments import Consent, Person
from loyalty.operations.scans import Looker
from loyalty.users.models import User

NOON = datetime(2026, 5, 14, 12, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"


def make_user(name: str, **extra: Any) -> User:
    return User.objects.create_user(
        f"{name.lower()}@example.org", PASSWORD, name=name.title(), **extra
    )


def make_partner(name: str = "Harbour Group", **extra: Any) -> Partner:
    slug = name.lower().replace(" ", "-")
    return Partner.objects.create(name=name, slug=slug, code=slug[:20], **extra)


def make_club(partner: Partner, name: str) -> Club:
    return Club.objects.create(partner=partner, code=name.lower().replace(" ", "-"), name=name)


def make_store(club: Club, name: str, **extra: Any) -> Store:
    return Store.objects.create(
        partner=club.partner, club=club, code=name.lower().replace(" ", "-"), name=name, **extra
    )


def make_card(club: Club, name: str = "Harbour Coffee", **extra: Any) -> Card:
    """Return an active card: 1 point per 1.00 spent unless told otherwise."""
    fields: dict[str, Any] = {
        "earns_per_hour": 100,
        "earns_per_day": 1000,
        "redeems_per_day": 100,
        "status": CardStatus.ACTIVE,
        "activated_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    card = Card.objects.create(
        partner=club.partner,
        club=club,
        code=name.lower().replace(" ", "-"),
        name=name,
        **(fields | extra),
    )
    publish(card)
    return card


def publish(card: Card, at: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
    """Freeze the card's rules as they stand now, as of a time before all deeds."""
    terms.publish(card=card, at=at, by_id=None)


def make_reward(card: Card, name: str = "Croissant", cost: int = 200, **extra: Any) -> Reward:
    return Reward.objects.create(
        partner=card.partner,
        card=card,
        code=name.lower().replace(" ", "-"),
        name=name,
        cost=cost,
        **extra,
    )


def make_tier(card: Card, name: str, min_value: int, **extra: Any) -> Tier:
    tier = Tier.objects.create(
        partner=card.partner,
        card=card,
        code=name.lower(),
        name=name,
        min_value=min_value,
        **extra,
    )
    publish(card)
    return tier


def make_staff(user: User, club: Club, **extra: Any) -> StaffMember:
    return StaffMember.objects.create(partner=club.partner, user=user, club=club, **extra)


def make_manager(user: User, partner: Partner, role: Role = Role.OWNER) -> Manager:
    User.objects.filter(pk=user.pk).update(is_staff=True)
    user.is_staff = True
    return Manager.objects.create(partner=partner, user=user, role=role)


def deed(
    actor: User | None,
    source: Source = Source.SCAN,
    *,
    store: Store | None = None,
    at: datetime = NOON,
    key: str = "",
) -> Deed:
    return Deed(
        actor=actor,
        source=source,
        store=store,
        request_id=key or uuid4().hex,
        occurred_at=at,
    )


def join(
    user: User, card: Card, at: datetime = datetime(2026, 2, 1, tzinfo=UTC), **person: Any
) -> Membership:
    """Let a person take a card themselves."""
    return enrolments.join_card(
        deed=deed(user, Source.WALLET, at=at),
        card_id=card.pk,
        person=Person(**({"first_name": user.name, "email": user.email} | person)),
        consent=Consent(version="2026-11", source=ConsentSource.SELF),
    )


@dataclass(frozen=True)
class Cast:
    """Petra's partner with two clubs; Mia holds the card of Harbour."""

    petra: User
    sam: User
    tess: User
    mia: User
    noor: User
    partner: Partner
    harbour: Club
    hill: Club
    old_port: Store
    hilltop: Store
    card: Card
    hill_card: Card
    reward: Reward
    membership: Membership

    def scan(
        self,
        staff: User | None = None,
        *,
        at: datetime = NOON,
        session: str = "session",
        membership: Membership | None = None,
    ) -> int:
        """Let Sam (or another) scan the rotating code on Mia's phone; return the scan."""

        held = membership or self.membership
        shown = scans.show_card(
            looker=Looker(user=staff or self.sam, session_hash=session, store=self.old_port),
            code=held.code,
            digits=codes.rotating_code(held.totp_key, codes.step_at(at)),
            at=at,
        )
        assert shown.scan_id is not None
        return shown.scan_id


def make_cast(**card: Any) -> Cast:
    partner = make_partner()
    harbour, hill = make_club(partner, "Harbour"), make_club(partner, "Hill")
    petra, sam, tess = make_user("petra"), make_user("sam"), make_user("tess")
    mia, noor = make_user("mia"), make_user("noor")
    make_manager(petra, partner)
    make_staff(sam, harbour)
    make_staff(tess, hill)
    harbour_card = make_card(harbour, **card)
    hill_card = make_card(hill, "Hill Gym")
    reward = make_reward(harbour_card)
    make_reward(hill_card, "Towel")
    return Cast(
        petra=petra,
        sam=sam,
        tess=tess,
        mia=mia,
        noor=noor,
        partner=partner,
        harbour=harbour,
        hill=hill,
        old_port=make_store(harbour, "Old Port"),
        hilltop=make_store(hill, "Hilltop"),
        card=harbour_card,
        hill_card=hill_card,
        reward=reward,
        membership=join(mia, harbour_card),
    )
