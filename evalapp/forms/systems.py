"""The form that takes a models file, uploaded or pasted."""

from typing import Any, cast

from django import forms
from django.core.files.uploadedfile import UploadedFile

#: A models file is written by people; one larger than this, in bytes, is something else.
MOST_BYTES = 1024 * 1024


def _amount(label: str, *, required: bool = True, help_text: str = "") -> forms.DecimalField:
    """An amount of money, exact to six decimals."""
    return forms.DecimalField(
        required=required, min_value=0, max_digits=14, decimal_places=6, label=label, help_text=help_text
    )


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class PriceForm(forms.Form):
    """A price of a model, in USD per million tokens."""

    input_usd_per_mtok = _amount("Input, USD per million tokens")
    cached_input_usd_per_mtok = _amount(
        "Cached input", required=False, help_text="Left empty, it costs what other input costs."
    )
    output_usd_per_mtok = _amount("Output")
    batch_discount = forms.DecimalField(
        required=False,
        min_value=0,
        max_value=1,
        max_digits=5,
        decimal_places=4,
        label="Batch discount",
        help_text="The share taken off where answers come in batches, such as 0.5; for simulations.",
    )
    valid_from = forms.DateField(
        label="In force from", widget=_day(), help_text="UTC; until the model's next price begins."
    )
    source_url = forms.URLField(label="Where it is published", max_length=500, assume_scheme="https")
    checked_on = forms.DateField(label="Checked on", widget=_day())


class ModelsFileForm(forms.Form):
    """A models file: either a file or its text."""

    file = forms.FileField(
        required=False,
        label="Models file",
        max_length=255,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".toml"}),
    )
    text = forms.CharField(
        required=False,
        strip=False,
        label="Or its text",
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "class": "mono"}),
        help_text="TOML with endpoints, models with their prices, and systems.",
    )

    def clean_file(self) -> "UploadedFile[bytes] | None":
        file = cast("UploadedFile[bytes] | None", self.cleaned_data["file"])
        if file is not None and (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 1 MB; that is no models file.")
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        file, text = cleaned["file"], cleaned["text"]
        if file is None and not text.strip():
            raise forms.ValidationError("Choose a file or paste its text.")
        if file is not None and text.strip():
            raise forms.ValidationError("Choose a file or paste its text, not both.")
        if file is not None:
            try:
                cleaned["text"] = file.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                self.add_error("file", "The file is not UTF-8 text. Save it as UTF-8 and try again.")
        return cleaned
