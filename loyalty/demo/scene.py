"""What everybody in the demo's story shares: the street, its clock, keys, and who has gone."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from clubs.models import Store
from loyalty.demo.chance import Chance
from loyalty.demo.people import Holder
from loyalty.demo.shops import Street
from loyalty.ledger.models import Source
from loyalty.members import codes
from loyalty.members.models import Membership, Scan, ScanMeans, ScanOutcome
from loyalty.operations import offers, standing
from loyalty.operations.deeds import Deed
from loyalty.users.models import User


class Scene:
    """The street while its year is told; its clock never runs back."""

    def __init__(self, street: Street, *, now: datetime, chance: Chance) -> None:
        self.street = street
        self.now = now
        self.chance = chance
        self.gone: set[int] = set()
        self._keys = count(1)
        self._receipts = count(1041)
        self._codes: set[tuple[int, int]] = set()
        self._clock: datetime | None = None

    def receipt(self) -> str:
        """Return the next receipt number of the street."""
        return f"{next(self._receipts):06d}"

    def at(self, at: datetime) -> datetime:
        """Return this moment, or the clock's where somebody else's deed was later."""
        self._clock = max(at, self._clock or at)
        return self._clock

    def deed(
        self,
        at: datetime,
        actor: User,
        source: Source = Source.SCAN,
        store: Store | None = None,
    ) -> Deed:
        """Return a deed with a key of its own."""
        return Deed(
            actor=actor,
            source=source,
            store=store,
            request_id=f"demo-{next(self._keys)}",
            occurred_at=self.at(at),
        )

    def office(self, at: datetime, actor: User | None = None) -> Deed:
        """Return a deed of the dashboard, by the owner unless told otherwise."""
        return self.deed(at, actor or self.street.owner, Source.ADMIN)

    def is_gone(self, who: Holder) -> bool:
        """Return whether somebody has not come yet, or comes no more."""
        return who.membership is None or who.membership.pk in self.gone

    def membership(self, who: Holder) -> Membership:
        """Return a holder's membership."""
        assert who.membership  # noqa: S101 - events of a holder come after their joining
        return who.membership

    def store(self, who: Holder) -> Store:
        """Return the store that a member mostly goes to."""
        return who.desk.stores[who.key % len(who.desk.stores)]

    def server(self, who: Holder) -> User:
        """Return who serves: most meet the same person; only the first serves without a phone."""
        staff = who.desk.staff
        return staff[0] if who.user is None or self.chance.happens(60) else staff[1]

    def scan(self, who: Holder, server: User, at: datetime, store: Store | None = None) -> int:
        """Note that somebody at the counter scanned a phone, or searched for a guest."""
        at = self.at(at)
        # A code works once; a second scan waits for the phone's next one.
        while (self.membership(who).pk, codes.step_at(at)) in self._codes:
            at = self.at(at + timedelta(seconds=codes.STEP_SECONDS))
        self._codes.add((self.membership(who).pk, codes.step_at(at)))
        scan = Scan.objects.create(
            partner=self.street.partner,
            card=who.desk.card,
            store=store or self.store(who),
            membership=self.membership(who),
            staff=server,
            session_hash=f"demo-{server.pk}",
            means=ScanMeans.PHONE if who.user else ScanMeans.SEARCH,
            outcome=ScanOutcome.OK,
            step=codes.step_at(at) if who.user else None,
            is_phone_confirmed=who.user is None,
            scanned_at=at,
        )
        return scan.pk

    def look(self, who: Holder, at: datetime) -> Any:
        """Return a membership with its account, and with what of that is past its date."""
        rows = standing.with_due_points(self.at(at)).select_related("account__tier")
        return rows.get(pk=self.membership(who).pk)

    def ready(self, who: Holder, at: datetime) -> list[int]:
        """Return the rewards that a member can have now."""
        found = self.look(who, at)
        available = found.account.points - found.due_points
        listed = offers.listed(account=found.account, available=available, at=self.at(at))
        return [offer.reward.pk for offer in listed if offer.is_ready]
