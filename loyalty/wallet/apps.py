"""Register loyalty.wallet with Django."""

from django.apps import AppConfig
from django.urls import register_converter

from loyalty.wallet.keys import KeyConverter


class WalletConfig(AppConfig):
    """Name this part of the product, and teach addresses what the key of a row is."""

    name = "loyalty.wallet"

    def ready(self) -> None:
        """Register the kind of number that stands in this part's addresses."""
        register_converter(KeyConverter, "key")
