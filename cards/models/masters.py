"""Master data that a partner shares with its tills, each with the code used outside (IV9)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from cards.models.limits import colour_is_hex
from clubs.models import CODE_LENGTH, Partner, Versioned, code_is_plain


class MasterData(Versioned):
    """A code, unique per partner and the same outside, with its description (IV1.4)."""

    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="+", verbose_name=_("partner")
    )
    code = models.CharField(_("code"), max_length=CODE_LENGTH, validators=[code_is_plain])
    name = models.CharField(_("description"), max_length=50)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ProductGroup(MasterData):
    """A group of products that rules can name (IV9.9)."""

    class Meta:
        verbose_name = _("product group")
        verbose_name_plural = _("product groups")
        constraints = [
            models.UniqueConstraint(fields=["partner", "code"], name="product_group_code_is_unique")
        ]


class Product(MasterData):
    """A product that rules can name (IV9.10)."""

    group = models.ForeignKey(
        ProductGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="products",
        verbose_name=_("product group"),
    )

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.UniqueConstraint(fields=["partner", "code"], name="product_code_is_unique")
        ]


class CustomerGroup(MasterData):
    """A group of customers that rules can name (IV9.11)."""

    class Meta:
        verbose_name = _("customer group")
        verbose_name_plural = _("customer groups")
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "code"], name="customer_group_code_is_unique"
            )
        ]


class Tender(MasterData):
    """A way to pay (IV9.12)."""

    is_loyalty_tender = models.BooleanField(
        _("paid with points or credit"), default=False, help_text=_("Of this programme.")
    )

    class Meta:
        verbose_name = _("tender")
        verbose_name_plural = _("tenders")
        constraints = [
            models.UniqueConstraint(fields=["partner", "code"], name="tender_code_is_unique")
        ]


class TagSide(models.TextChoices):
    """Which deeds put a tag on a member (FA4)."""

    SALE = "SALE", _("when they purchased")
    BUY = "BUY", _("when they sold to us")
    BOTH = "BOTH", _("on either")
    EACH = "EACH", _("after one of each")


class Tag(Versioned):
    """A word that purchases put on a member (FA3, FA4)."""

    partner = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="tags", verbose_name=_("partner")
    )
    name = models.CharField(_("name"), max_length=30)
    colour = models.CharField(
        _("colour"), max_length=7, default="#0f6e4f", validators=[colour_is_hex]
    )
    applies_on = models.CharField(_("is set"), max_length=4, choices=TagSide, default=TagSide.SALE)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        constraints = [
            models.UniqueConstraint(fields=["partner", "name"], name="tag_name_is_unique")
        ]

    def __str__(self) -> str:
        return self.name
