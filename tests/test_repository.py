"""What is committed: pictures that are current, no address of a registry, no path of a machine, nothing large."""

import re
import subprocess
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from analysis.figures import FIGURES, publish
from analysis.pipeline import run
from analysis.settings import Settings

ROOT = Path(__file__).parent.parent

# Pictures drawn with the locked matplotlib are the same to the byte; another processor may round an edge pixel.
# Root mean square difference in grey levels; a moved dot of the answer gives more than 2.
PICTURE_TOLERANCE = 0.5


def difference(one: bytes, other: bytes) -> float:
    """Root mean square difference of two pictures in grey levels, infinite if their sizes differ."""
    first, second = (np.asarray(Image.open(BytesIO(png)).convert("RGB"), dtype=float) for png in (one, other))
    return float(np.sqrt(np.mean((first - second) ** 2))) if first.shape == second.shape else float("inf")


@pytest.fixture(scope="module")
def results():
    return run(Settings())


@pytest.mark.parametrize("name", FIGURES)
def test_committed_picture_is_current(name, results):
    committed = (ROOT / "figures" / f"{name}.png").read_bytes()
    assert difference(committed, publish(name, results).png) <= PICTURE_TOLERANCE, "run `make figures`"


def test_the_comparison_sees_another_answer(results):
    other = run(Settings(max_draws=16384, wounded_per_killed="modern-us", weights="NIS=3"))
    for name in ("answer", "sources", "plane"):
        ours, theirs = publish(name, results).png, publish(name, other).png
        assert difference(ours, theirs) > 2 * PICTURE_TOLERANCE, name


def test_pictures_are_the_same_bytes_twice(results, tmp_path):
    for name in FIGURES:
        one, two = publish(name, results, tmp_path), publish(name, results)
        assert one.png == two.png == (tmp_path / "figures" / f"{name}.png").read_bytes()
        assert one.svg == two.svg == (tmp_path / "figures" / f"{name}.svg").read_bytes()


def test_svg_asks_nothing_of_a_network(results):
    for name in FIGURES:
        svg = publish(name, results).svg.decode()
        assert not re.findall(r"(?:href|src)=\"(?!#|data:)[^\"]*\"|@import|url\((?!#)", svg), name


@pytest.mark.parametrize("name", FIGURES)
def test_figure_says_its_finding_and_its_units(name, results):
    from matplotlib.figure import Figure

    axes = FIGURES[name].draw(Figure().add_subplot(), results)
    title = axes.get_title(loc="left") + axes.get_title()
    assert re.search(r"\d", title), "a finding has a number"
    assert re.search(r"soldiers|times the middle", axes.get_xlabel())
    assert len(FIGURES[name].alt(results)) > 100


def tracked() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_no_registry_address_and_no_path_of_a_machine():
    # The hosts of registries are spelt in parts, so that this file does not name them.
    hosts = ["py" + "pi.org", "files.python" + "hosted.org", "registry.npm" + "js.org", "conda.ana" + "conda.org"]
    paths = [str(ROOT) + "/", str(Path.home()) + "/"]
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        for word in [*hosts, *(one for one in paths if len(one) > 2)]:
            assert word not in text, f"{path.relative_to(ROOT)} names {word}"
        assert path.stat().st_size < 1_048_576, f"{path.relative_to(ROOT)} is larger than 1 MiB"


def test_no_lock_that_names_an_index_is_committed():
    assert not {"uv.lock", "pylock.toml"} & {path.name for path in tracked()}
