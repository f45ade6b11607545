"""The plan for a large run: what the simulation must obey, and the table in docs/scale.md."""

import re
import subprocess
import sys
from pathlib import Path

import plan_batch
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[1]
PLAN = plan_batch.Plan(seconds=plan_batch.spread(0.3), slices=20_000, volumes=60)


@settings(max_examples=20)
@given(st.integers(1, 40), st.integers(0, 5))
def test_more_cores_are_never_much_slower_and_never_better_than_ideal(cores: int, seed: int) -> None:
    one, many = (plan_batch.simulate(PLAN, count, seed) for count in (1, cores))
    assert many.hours >= 0.999 * one.hours / cores
    assert many.hours <= one.hours + 0.01
    assert many.core_hours == pytest.approx(cores * many.hours)
    assert 0 <= many.idle < 1


def test_work_is_what_was_recorded() -> None:
    found = plan_batch.simulate(
        plan_batch.Plan(seconds=(0.5,), slices=36_000, volumes=100, losses_a_day=0), 1
    )
    assert found.hours == pytest.approx((36_000 * 0.5 + 100 * 8 + 5) / 3600, rel=0.01)
    assert found.price == pytest.approx(0.04 * found.core_hours)


def test_the_page_shows_what_the_commands_print() -> None:
    page = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
    commands = re.findall(r"^python (scripts/studies/plan_batch\.py .*)$", page, flags=re.MULTILINE)
    assert commands
    for command in commands:
        done = subprocess.run(
            [sys.executable, *command.split()], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() in page, command
