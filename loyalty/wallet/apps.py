"""Register loyalty.wallet with Django."""

from django.apps import AppConfig


class WalletConfig(AppConfig):
    """Name this part of the product."""

    name = "loyalty.wallet"
