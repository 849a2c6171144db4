"""The form that uploads a task file."""

from typing import cast

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat

from evalapp.models import Kind


class TaskFileForm(forms.Form):
    """A task file with its kind and the name it is to have. What is in the file is checked by the import."""

    file = forms.FileField(
        label="Task file",
        max_length=255,
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".jsonl,.ndjson,.json,.csv,.zip"}),
    )
    kind = forms.ChoiceField(choices=Kind.choices, help_text="All rows of a file are of one kind.")
    name = forms.CharField(
        max_length=200,
        strip=True,
        help_text="For organisers, researchers and the report. Raters never see it.",
    )
    with_outputs = forms.BooleanField(
        required=False,
        label="Outputs in this file become finished runs",
        help_text="For outputs made elsewhere, given in each row under “outputs”.",
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        most = filesizeformat(settings.UPLOAD_MOST_BYTES)
        self.fields[
            "file"
        ].help_text = (
            f"JSON Lines or CSV in UTF-8, or a zip of one of them with its pictures; at most {most}."
        )

    def clean_file(self) -> "UploadedFile[bytes]":
        file = cast("UploadedFile[bytes]", self.cleaned_data["file"])
        if (file.size or 0) > settings.UPLOAD_MOST_BYTES:
            most = filesizeformat(settings.UPLOAD_MOST_BYTES)
            raise forms.ValidationError(
                f"The file is larger than {most}, the most that is taken. Split it, or ask whoever runs this "
                "site to raise UPLOAD_MOST_MB."
            )
        return file
