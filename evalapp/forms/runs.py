"""The form that starts runs."""

from typing import Any, cast

from django import forms

from evalapp.models import System, TaskSet
from evalapp.registry.queries import systems_to_ask

#: A measured run repeats samples up to this many requests; a limit beyond it is a slip of the pen.
MOST_SAMPLES = 1_000_000


class TaskSetChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """A task set with its size."""

    def label_from_instance(self, obj: Any) -> str:
        task_set = cast("TaskSet", obj)
        return f"{task_set.name} ({task_set.get_kind_display()}, {task_set.sample_count:,} samples)"


class SystemChoices(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # likewise
    """Systems with the models they ask."""

    def label_from_instance(self, obj: Any) -> str:
        system = cast("System", obj)
        if system.model is None or system.model.name == system.name:
            return system.name
        return f"{system.name} ({system.model.name})"


class RunForm(forms.Form):
    """One task set through one or more systems."""

    task_set = TaskSetChoice(queryset=TaskSet.objects.all(), label="Task set", empty_label="Choose one")
    systems = SystemChoices(
        queryset=System.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="Each becomes a run of its own.",
    )
    limit = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_SAMPLES,
        label="Samples at most",
        help_text="Left empty, all of them; in a measured run 100 requests.",
    )
    budget_usd = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=6,
        label="Budget per run in USD",
        help_text="Nothing is sent whose worst case would go beyond it.",
    )
    measured = forms.BooleanField(
        required=False,
        label="Measure speed",
        help_text="One request at a time after a warm-up, nothing from the cache, so that the times count.",
    )
    streamed = forms.BooleanField(
        required=False, label="Stream the answers", help_text="Notes the time to the first token as well."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelMultipleChoiceField[System]", self.fields["systems"]).queryset = systems_to_ask()

    def clean_budget_usd(self) -> object:
        budget = self.cleaned_data["budget_usd"]
        if budget is not None and budget == 0:
            raise forms.ValidationError("A budget is more than 0 USD; leave it empty for none.")
        return budget
