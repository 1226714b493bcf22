"""Uploaded pictures are drawn anew, the right way up, and without what the phone noted in them."""

from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from loyalty.web.images import tidy_image

ORIENTATION = 0x0112
HELD_UPRIGHT = 6  # The sensor lies on its side.


def uploaded(content: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def test_a_photo_taken_upright_stays_upright_and_forgets_where_it_was_taken():
    target, noted = BytesIO(), Image.Exif()
    noted[ORIENTATION] = HELD_UPRIGHT
    Image.new("RGB", (40, 20), "red").save(target, "JPEG", exif=noted)

    tidy = Image.open(tidy_image(uploaded(target.getvalue())))

    assert (tidy.size, dict(tidy.getexif())) == ((20, 40), {})


@pytest.mark.parametrize(
    "content", [b"", b"<svg/>", b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, b"GIF89a" + b"\xff" * 20]
)
def test_what_is_no_picture_is_refused(content):
    with pytest.raises(ValidationError):
        tidy_image(uploaded(content))
