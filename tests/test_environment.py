"""The locked, the conda and the declared environment are one."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions, version
from pathlib import Path

import pytest
import rattler
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.regenerate import CONDA_NAMES, NOT_ON_CONDA, environment

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DECLARED = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
*SPECIFICATIONS, PIP, BY_PIP = CONDA["dependencies"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINS = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", LOCK, flags=re.MULTILINE))


def test_environment_yml_is_what_pyproject_gives():
    assert (ROOT / "environment.yml").read_text(encoding="utf-8") == environment()


def test_names_and_bounds_agree():
    ours = {CONDA_NAMES.get(one.name, one.name): str(one.specifier) for one in map(Requirement, DECLARED)}
    ours["python"] = PROJECT["requires-python"]
    theirs = dict(one.split(" ", 1) for one in SPECIFICATIONS)
    theirs |= {one.name: str(one.specifier) for one in map(Requirement, BY_PIP["pip"])}
    assert (PIP, set(BY_PIP)) == ("pip", {"pip"})
    assert {name: set(bounds.split(",")) for name, bounds in theirs.items()} == {
        name: set(bounds.split(",")) for name, bounds in ours.items()
    }


def test_pip_brings_only_what_conda_forge_does_not():
    assert [Requirement(one).name for one in BY_PIP["pip"]] == list(NOT_ON_CONDA)


@pytest.mark.parametrize("specification", SPECIFICATIONS)
def test_specification_has_the_form_and_parses_and_matches_what_is_installed(specification):
    assert re.fullmatch(r"[a-z0-9-]+ >=[0-9.]+,<[0-9.]+", specification)
    name = specification.split(" ")[0]
    ours = {conda: ours for ours, conda in CONDA_NAMES.items()}.get(name, name)
    installed = ".".join(map(str, sys.version_info[:3])) if name == "python" else version(ours)
    record = rattler.PackageRecord(name, installed, rattler.BuildString("0"), 0, "noarch")
    assert rattler.MatchSpec(specification, strict=True).matches(record)
    none = rattler.PackageRecord(name, "0.0.0", rattler.BuildString("0"), 0, "noarch")
    assert not rattler.MatchSpec(specification, strict=True).matches(none)


def test_a_wrong_specification_does_not_parse():
    with pytest.raises(Exception, match="version") as caught:
        rattler.MatchSpec("numpy >=2.4,<", strict=True)
    # The library does not export the type.
    assert type(caught.value).__name__ == "InvalidMatchSpecError"


def test_lock_pins_every_declared_package_with_hashes():
    assert {canonicalize_name(one.name) for one in map(Requirement, DECLARED)} <= set(PINS)
    for block in re.split(r"\n(?=\S)", LOCK.strip()):
        assert re.match(r"\S+==\S+", block), block
        assert "--hash=sha256:" in block, block


def test_lock_names_no_address():
    assert "://" not in LOCK
    assert not re.search(r"^\s*(-i|--index|--extra-index|--find-links)", LOCK, flags=re.MULTILINE)


def test_what_is_installed_is_what_is_locked():
    if not (ROOT / ".venv" / "ready").is_file():
        pytest.skip("not the environment that make sets up")
    found = {canonicalize_name(one.metadata["Name"]): one.version for one in distributions()}
    locked = {name: number for name, number in PINS.items() if name in found}
    assert {name: found[name] for name in locked} == locked


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_lock_holds_for_every_python_we_name(python):
    """Every requirement of every locked package is met, offline: what is not locked would have to be fetched."""
    environment = {"python_version": python, "python_full_version": f"{python}.0", "extra": ""}
    by_name = {canonicalize_name(one.metadata["Name"]): one for one in distributions()}
    for name in PINS:
        for wanted in map(Requirement, (by_name[name].requires or []) if name in by_name else []):
            if wanted.marker is not None and not wanted.marker.evaluate(environment):
                continue
            pinned = PINS.get(canonicalize_name(wanted.name))
            assert pinned is not None, f"{name} needs {wanted} on {python}"
            assert wanted.specifier.contains(pinned, prereleases=True), f"{name} needs {wanted}, locked {pinned}"


def test_ruff_finds_nothing():
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
