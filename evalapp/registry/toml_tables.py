"""One table of a TOML file, read field by field; every fault is noted with the table and field it is in."""

import dataclasses
import difflib
import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

import msgspec

from evalapp.problems import Problem
from evalapp.providers.fallback import Rule

SIMULATION_OPTIONS = {"seed": int, "latency_ms": float, "verbosity": int, "quality": float}


class Table:
    """A table under the name by which messages call it. A field with a fault reads as empty."""

    def __init__(self, where: str, data: Mapping[str, object], problems: list[Problem]) -> None:
        self._where = where
        self._data = data
        self._problems = problems
        self._known: list[str] = []

    def problem(self, field: str, message: str) -> None:
        """Note a fault of one field."""
        self._problems.append(Problem(f"{self._where}: {message}", field=field))

    def refuse_unknown(self) -> None:
        """Note every field that was never asked for; the last call on a table."""
        for name in self._data:
            if name not in self._known:
                near = difflib.get_close_matches(name, self._known, n=1)
                remedy = f"did you mean {near[0]}?" if near else f"known are {', '.join(self._known)}"
                self.problem(name, f"this field is not known; {remedy}")

    def tables(self, name: str, *, single: bool = False) -> list["Table"]:
        """The tables of a list of tables, or a single table as a list of one."""
        value = self._take(name)
        if value is None:
            return []
        entries = [value] if single else value
        if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
            self.problem(name, f"write it as [{name}]" if single else f"write each one as [[{name}]]")
            return []
        prefix = "" if self._where == "the file" else f"{self._where}, "
        return [
            Table(f"{prefix}{name} {each.get('name') or number}", each, self._problems)
            for number, each in enumerate(entries, start=1)
        ]

    def name(self, name: str, *, most: int = 100) -> str:
        """A name that has to be given: one printable line."""
        value = self.text(name, required=True, most=most)
        if value != value.strip() or not value.isprintable():
            self.problem(name, "must be one line of printable characters, without spaces around it")
            return ""
        return value

    def text(self, name: str, *, required: bool = False, most: int = 500) -> str:
        """A text of up to ``most`` characters; empty when it is left out."""
        value = self._take(name)
        if value is None or value == "":
            if required:
                self.problem(name, "is missing")
            return ""
        if not isinstance(value, str):
            self.problem(name, "must be a text in quotes")
            return ""
        if len(value) > most:
            self.problem(name, f"has {len(value):,} characters; at most {most:,} are taken")
            return ""
        return value

    def web_address(self, name: str) -> str:
        """An address that people can open; it has to be given."""
        value = self.text(name, required=True)
        if value and not value.startswith(("https://", "http://")):
            self.problem(name, "must be the address of a page, beginning with https://")
        return value

    def choice(self, name: str, choices: Sequence[str]) -> str:
        """One of a few words."""
        value = self.text(name, required=True)
        if value and value not in choices:
            self.problem(name, f"{value!r} is not one of {', '.join(choices)}")
        return value

    def variable(self, name: str) -> str:
        """The name of an environment variable, never a key itself."""
        value = self.text(name)
        # Whoever may load a file must not be able to send any other variable of this machine somewhere.
        if value and not re.fullmatch(r"([A-Z][A-Z0-9_]*_)?API_KEY", value):
            message = (
                "give the NAME of the variable that holds the key, one that ends in API_KEY; never the key"
            )
            self.problem(name, message)
            return ""
        return value

    def number(self, name: str, *, least: float, most: float) -> float | None:
        """A number within bounds, both included."""
        value = self._take(name)
        if value is None:
            return None
        known = isinstance(value, int | Decimal) and not isinstance(value, bool)
        number = Decimal(str(value)) if known else Decimal("NaN")
        if not number.is_finite() or not least <= number <= most:
            self.problem(name, f"must be a number from {least:g} to {most:g}")
            return None
        return float(number)

    def whole(self, name: str, *, least: int, most: int = 2**31 - 1) -> int | None:
        """A whole number within bounds, both included."""
        value = self._take(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.problem(name, f"must be a whole number from {least} to {most}")
            return None
        return value

    def amount(self, name: str, *, required: bool = False) -> Decimal | None:
        """An amount of money, as a number or, to be exact to the last digit, as a text."""
        value = self._take(name)
        if value is None:
            if required:
                self.problem(name, "is missing")
            return None
        try:
            amount = Decimal(value) if isinstance(value, str | int | Decimal) else None
        except InvalidOperation:
            amount = None
        if amount is None or isinstance(value, bool) or not amount.is_finite() or not 0 <= amount < 10**8:
            self.problem(name, 'must be an amount of at least 0, such as "0.15"')
            return None
        if amount != amount.quantize(Decimal("0.000001")):
            self.problem(name, "has more than six decimals")
            return None
        return amount

    def share(self, name: str) -> Decimal | None:
        """A share from 0 to 1 with up to four decimals."""
        share = self.amount(name)
        if share is not None and (share > 1 or share != share.quantize(Decimal("0.0001"))):
            self.problem(name, 'must be a share from 0 to 1, such as "0.5" for half')
            return None
        return share

    def day(self, name: str) -> date:
        """A day, written as 2026-01-31."""
        value = self._take(name)
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                value = None
        if not isinstance(value, date) or isinstance(value, datetime):
            self.problem(name, "must be a day such as 2026-01-31")
            return date.min
        return value

    def texts(self, name: str, *, most: int) -> tuple[str, ...]:
        """A list of up to ``most`` texts."""
        value = self._take(name)
        if value is None:
            return ()
        if (
            not isinstance(value, list)
            or len(value) > most
            or not all(isinstance(each, str) for each in value)
        ):
            self.problem(name, f"must be a list of at most {most} texts")
            return ()
        return tuple(value)

    def simulation(self, name: str) -> dict[str, object]:
        """How simulated models behave."""
        (table, *_) = self.tables(name, single=True) or [Table(name, {}, [])]
        found: dict[str, object] = {}
        for option, kind in SIMULATION_OPTIONS.items():
            least, most = (0, 2**31) if kind is int else (0, 600_000)
            value = (
                table.whole(option, least=least, most=most)
                if kind is int
                else table.number(option, least=least, most=most)
            )
            if value is not None:
                found[option] = value
        table.refuse_unknown()
        return found

    def fallback_rule(self, name: str) -> dict[str, object]:
        """When the next model is asked, as ``Rule`` takes it."""
        value = self._take(name)
        if not isinstance(value, dict) or not value:
            self.problem(name, "say when the next model is asked, such as rule = { refusal = true }")
            return {}
        rule = {key: float(each) if isinstance(each, Decimal) else each for key, each in value.items()}
        if any(isinstance(each, float) and not math.isfinite(each) for each in rule.values()):
            self.problem(name, "a number in it is not finite")
            return {}
        unknown = sorted(set(rule) - {field.name for field in dataclasses.fields(Rule)})
        if unknown:
            self.problem(name, f"the rule knows nothing of {', '.join(unknown)}")
            return {}
        try:
            msgspec.convert(rule, Rule)
        except (msgspec.ValidationError, ValueError) as error:
            self.problem(name, str(error))
        return rule

    def _take(self, name: str) -> object:
        self._known.append(name)
        value = self._data.get(name)
        if _holds_nul(value):
            self.problem(name, "holds a NUL character; remove it")
            return value.replace("\x00", "") if isinstance(value, str) else value
        return value


def _holds_nul(value: object) -> bool:
    """Whether a text, or one anywhere within, holds what no database stores; tables look for themselves."""
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, list):
        return any(_holds_nul(each) for each in value if not isinstance(each, dict))
    return isinstance(value, dict) and any(_holds_nul(each) for pair in value.items() for each in pair)
