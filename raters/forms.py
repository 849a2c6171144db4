"""Forms of organisers' pages about studies."""

from typing import Any, cast

from django import forms

from evalapp.models import Run, TaskSet
from raters.models import Study
from raters.people.inviting import MOST_AT_ONCE, VALID_DAYS
from raters.studies.errors import ProtocolRefused
from raters.studies.protocol import (
    DEFAULT_SCALE,
    MOST_RATERS_PER_SAMPLE,
    MOST_SEED,
    OVERALL,
    Criterion,
    read_criteria,
    read_scale,
)


class RunChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """A run, shown by its system."""

    def label_from_instance(self, obj: Any) -> str:
        return run_label(cast("Run", obj))


class RunChoices(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # likewise
    """Several runs, shown by their systems."""

    def label_from_instance(self, obj: Any) -> str:
        return run_label(cast("Run", obj))


def run_label(run: Run) -> str:
    """The system, with what tells two of its runs apart."""
    source = "imported with the task file" if run.imported else run.get_state_display().lower()
    return f"{run.system.name} ({source}, {run.created_at:%d %b %Y %H:%M})"


class StudyForm(forms.Form):
    """Everything that is frozen when a study opens."""

    name = forms.CharField(max_length=200, help_text="For organisers and in the report. Raters never see it.")
    candidate = RunChoice(
        queryset=Run.objects.none(),
        label="System in question",
        help_text="The system whose sufficiency you want to know, usually the smaller one.",
        empty_label=None,
        widget=forms.RadioSelect,
    )
    others = RunChoices(
        queryset=Run.objects.none(), label="Compared with", widget=forms.CheckboxSelectMultiple
    )
    raters_per_sample = forms.IntegerField(
        min_value=1,
        max_value=MOST_RATERS_PER_SAMPLE,
        initial=3,
        help_text="Each comparison is judged by this many different people.",
    )
    margin = forms.FloatField(
        initial=0.1,
        min_value=0.001,
        max_value=0.499,
        label="Non-inferiority margin",
        help_text="On the win-rate scale, where 0.5 is even and a tie counts half. 0.1: the system is good "
        "enough when its win rate is surely above 0.4.",
    )
    criteria = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        initial=f"{OVERALL.key}: {OVERALL.question}",
        help_text="One a line, as key: question. Raters answer each.",
    )
    graded = forms.BooleanField(
        required=False,
        label="Ask how much better",
        help_text="Left and right are graded: slightly, clearly or much better. It is still one key.",
    )
    scale = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        label="Scores",
        help_text="To ask a score for each output, write its labels from lowest to highest, for instance "
        + ", ".join(f"{number}: {label}" for number, label in enumerate(DEFAULT_SCALE, start=1))
        + ". Left empty, none is asked.",
    )
    both_bad_as_tie = forms.BooleanField(
        required=False, label="Count “both bad” as a tie before votes are counted"
    )
    allow_missing = forms.BooleanField(required=False, label="Leave out samples that a system did not answer")
    seed = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=MOST_SEED,
        help_text="Draws sides and order. Left empty, one is drawn; the report prints it.",
    )

    def __init__(self, *args: Any, task_set: TaskSet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        runs = Run.objects.filter(task_set=task_set).select_related("system__model", "system__fallback_model")
        for name in ("candidate", "others"):
            cast("forms.ModelChoiceField[Run]", self.fields[name]).queryset = runs

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"]).strip()
        if Study.objects.filter(name=name).exists():
            raise forms.ValidationError("There is already a study of this name. Choose another name.")
        return name

    def clean_criteria(self) -> tuple[Criterion, ...]:
        try:
            return read_criteria(str(self.cleaned_data["criteria"]).splitlines())
        except ProtocolRefused as refusal:
            raise forms.ValidationError([problem.message for problem in refusal.settings]) from None

    def clean_scale(self) -> tuple[str, ...]:
        try:
            return read_scale(str(self.cleaned_data["scale"]))
        except ProtocolRefused as refusal:
            raise forms.ValidationError([problem.message for problem in refusal.settings]) from None

    def runs(self) -> list[Run]:
        """The chosen runs in declared order: the system in question first."""
        candidate = cast("Run", self.cleaned_data["candidate"])
        others = [run for run in self.cleaned_data["others"] if run.pk != candidate.pk]
        return [candidate, *sorted(others, key=lambda run: run.system.name)]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("candidate") and cleaned.get("others") and len(self.runs()) < 2:
            self.add_error("others", "Choose at least one system other than the one in question.")
        return cleaned


class InviteForm(forms.Form):
    """How many links to make."""

    count = forms.IntegerField(
        min_value=1,
        max_value=MOST_AT_ONCE,
        initial=3,
        label="Number of links",
        help_text="One for each person.",
    )
    days = forms.IntegerField(min_value=1, max_value=365, initial=VALID_DAYS, label="Days until they expire")
