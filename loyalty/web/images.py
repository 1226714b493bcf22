"""Pictures that people upload: read by Pillow, drawn anew, never passed on as they came."""

from io import BytesIO
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

MOST_BYTES = 5_000_000
MOST_PIXELS = 25_000_000
FORMATS = ["JPEG", "PNG", "WEBP", "GIF"]


def tidy_image(
    upload: UploadedFile, *, most_pixels: int = MOST_PIXELS, size: tuple[int, int] = (1200, 1200)
) -> ContentFile[bytes]:
    """Return the picture drawn anew as PNG or JPEG, no larger than ``size``, without its metadata.

    :raises ValidationError: if it is too large or no picture that can be read.
    """
    if (upload.size or 0) > MOST_BYTES:
        raise ValidationError(_("A picture of at most 5 MB."), code="bytes")
    try:
        picture = Image.open(upload, formats=FORMATS)
        if picture.width * picture.height > most_pixels:
            raise ValidationError(_("A picture of at most 25 megapixels."), code="pixels")
        picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValidationError(_("A JPEG, PNG, WebP or GIF picture."), code="picture") from error
    # A phone notes which way up it was held in the metadata, which is left out below.
    upright = ImageOps.exif_transpose(picture)
    has_alpha = upright.mode in {"RGBA", "LA", "P", "PA"}
    clean = upright.convert("RGBA" if has_alpha else "RGB")
    clean.thumbnail(size)
    target = BytesIO()
    if has_alpha:
        clean.save(target, "PNG", optimize=True)
    else:
        clean.save(target, "JPEG", quality=88, optimize=True)
    name = f"picture.{'png' if has_alpha else 'jpg'}"
    return ContentFile(target.getvalue(), name=name)


class PictureField(forms.FileField):
    """An upload that cleans to a picture drawn anew."""

    widget = forms.ClearableFileInput

    def __init__(self, *, size: tuple[int, int] = (1200, 1200), **options: Any) -> None:
        self.size = size
        super().__init__(**options)

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Return the new picture, False to clear it, or the picture there was."""
        found = super().clean(data, initial)
        return tidy_image(found, size=self.size) if isinstance(found, UploadedFile) else found
