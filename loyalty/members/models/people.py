"""Members: a partner's customer records, the tags on them, and how a guest takes theirs over."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from cards.models import CustomerGroup, Tag
from clubs.models import Partner
from loyalty.members import searching
from loyalty.members.word_lookup import WordsBegin


class ConsentSource(models.TextChoices):
    """Where a member agreed to the privacy text."""

    SELF = "SELF", _("by themselves")
    COUNTER = "COUNTER", _("at the counter")
    IMPORT = "IMPORT", _("import")


class SearchTextField(models.TextField):  # type: ignore[type-arg]  # of text, as its base
    """Everything by which a member is searched, made anew whenever the row is saved."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:  # noqa: ARG002, FBT001 - as Django calls it
        """Return the words of the row as it is saved."""
        assert isinstance(model_instance, Member)  # noqa: S101 - a field of this table alone
        text = searching.text_of(
            names=(model_instance.first_name, model_instance.last_name),
            email=model_instance.email,
            phone=model_instance.phone,
            code=model_instance.code,
        )
        setattr(model_instance, self.attname, text)
        return text


SearchTextField.register_lookup(WordsBegin)


class MemberQuerySet(models.QuerySet["Member"]):
    """Customer records, read by what they stand for."""

    def known(self) -> "MemberQuerySet":
        """Return the records that stand for a customer: neither merged away nor erased."""
        return self.filter(merged_into=None, erased_at=None)


class Member(models.Model):
    """One partner's record of one customer; without a user it is a guest.

    All personal data of a customer lives here and can be erased; the ledger carries ids only.
    """

    # Begins the indexes below.
    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="members", db_index=False
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="member_rows",
    )
    code = models.CharField(_("code"), max_length=20)
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=16, blank=True)
    phone_confirmed_at = models.DateTimeField(_("phone confirmed"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=10, blank=True)
    birth_day = models.PositiveSmallIntegerField(_("day of birth"), null=True, blank=True)
    birth_month = models.PositiveSmallIntegerField(_("month of birth"), null=True, blank=True)
    birth_year = models.PositiveSmallIntegerField(_("year of birth"), null=True, blank=True)
    # For rewards a changed birthday waits; until then the former one counts.
    former_birthday = models.DateField(_("former birthday"), null=True, blank=True)
    birthday_changed_at = models.DateTimeField(_("birthday changed"), null=True, blank=True)
    anniversary = models.DateField(_("anniversary"), null=True, blank=True)
    customer_group = models.ForeignKey(
        CustomerGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="members",
        verbose_name=_("customer group"),
    )
    privacy_version = models.CharField(_("privacy text"), max_length=20, blank=True)
    privacy_accepted_at = models.DateTimeField(_("privacy accepted"), null=True, blank=True)
    consent_source = models.CharField(
        _("agreed"), max_length=10, choices=ConsentSource, default=ConsentSource.SELF
    )
    marketing_accepted_at = models.DateTimeField(_("wants news"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged_from"
    )
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True)
    joined_at = models.DateTimeField(_("joined"))
    search_text = SearchTextField(editable=False)

    objects: ClassVar[MemberQuerySet] = MemberQuerySet.as_manager()  # type: ignore[assignment] # as_manager returns a manager that quacks like the queryset

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        constraints = [
            models.UniqueConstraint(fields=["partner", "code"], name="member_code_is_unique"),
            models.UniqueConstraint(
                fields=["partner", "user"],
                name="user_is_member_once",
                condition=Q(user__isnull=False),
            ),
            models.UniqueConstraint(
                "partner",
                Lower("email"),
                name="member_email_is_unique",
                condition=~Q(email=""),
            ),
            models.UniqueConstraint(
                fields=["partner", "phone"],
                name="confirmed_phone_is_unique",
                condition=Q(phone_confirmed_at__isnull=False) & ~Q(phone=""),
            ),
            models.CheckConstraint(
                name="birthday_is_a_day",
                condition=Q(birth_day__isnull=True, birth_month__isnull=True, birth_year=None)
                | Q(birth_day__range=(1, 31), birth_month__range=(1, 12)),
            ),
        ]
        indexes = [
            models.Index(fields=["partner", "phone"], name="member_by_phone"),
            models.Index(fields=["partner", "-id"], name="member_by_newest"),
            models.Index(
                fields=["partner"],
                name="known_member",
                condition=Q(merged_into__isnull=True, erased_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def full_name(self) -> str:
        """Return first and last name, or the code of a member without a name."""
        return f"{self.first_name} {self.last_name}".strip() or self.code

    def short_name(self) -> str:
        """Return the first name and the initial of the last, as shown at the counter."""
        initial = f" {self.last_name[0]}." if self.last_name else ""
        return f"{self.first_name}{initial}".strip() or self.code


class MemberTag(models.Model):
    """A tag's standing on a member: when a sale and when a buy last spoke for it (FA4)."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="tag_rows")
    tag = models.ForeignKey(Tag, on_delete=models.PROTECT, related_name="member_rows")
    sold_at = models.DateTimeField(_("purchased"), null=True)
    bought_at = models.DateTimeField(_("sold to us"), null=True)
    # Put on by a person: no deed takes it off again.
    is_by_hand = models.BooleanField(_("by hand"), default=False)
    is_set = models.BooleanField(_("set"), default=False)

    class Meta:
        verbose_name = _("tag of a member")
        verbose_name_plural = _("tags of members")
        constraints = [
            models.UniqueConstraint(fields=["member", "tag"], name="member_wears_tag_once")
        ]

    def __str__(self) -> str:
        return f"tag {self.tag_id} of member {self.member_id}"


class MemberNote(models.Model):
    """What the team wrote down about a member, apart from any deed; no member ever sees it (CU9).

    Personal data like the member's record, so it goes when the member is erased.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(_("note"))
    request_id = models.CharField(max_length=64)
    written_at = models.DateTimeField(_("written"))

    class Meta:
        verbose_name = _("note about a member")
        verbose_name_plural = _("notes about members")
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "request_id"], name="member_note_is_written_once"
            )
        ]
        indexes = [models.Index(fields=["member", "-id"], name="member_note_by_newest")]

    def __str__(self) -> str:
        return f"note {self.pk} about member {self.member_id}"


class GuestLink(models.Model):
    """A one-time link by which a guest takes over their own record; stored hashed."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="+")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="links")
    token_hash = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("used"), null=True)

    class Meta:
        verbose_name = _("guest link")
        verbose_name_plural = _("guest links")
        constraints = [
            models.CheckConstraint(
                name="guest_link_expires", condition=Q(expires_at__gt=F("made_at"))
            )
        ]

    def __str__(self) -> str:
        return f"link {self.pk}"
