"""The record's pictures: hollow is what is copied, arrows point to the side of the bound, titles say the finding."""

import re
from io import BytesIO

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from PIL import Image

from analysis.record import read_record
from analysis.record_figures import FIGURES, LABELS, publish
from tests.test_record import small

KILLED = ("public-record", "2026-02-14", "killed")
# Every kind of register: one claim, no number, shares, few days, all quantities, nothing copied, many claims.
RECORDS = [
    KILLED,
    ("public-record", "2026-02-14", "all"),
    ("public-record", "2026-02-14", "casualty_ratio"),
    ("public-record", "2026-02-14", "missing"),
    ("public-record", "2026-02-14", "deployed"),
    ("public-record", "2024-10-17", "all"),
    ("public-record", "2024-11-10", "casualties"),
    ("seed", "2024-12-19", "all"),
]


def axes(name: str, record):
    """A figure's axes, drawn in its size."""
    plan = FIGURES[name]
    figure = Figure(figsize=plan.size(record), layout="constrained")
    return plan.draw(figure.add_subplot(), record)


def marks(ax) -> dict:
    """The mark of each claim, by id."""
    return {line.get_label()[1:]: line for line in ax.lines if re.match(r"_[a-z0-9-]+-", line.get_label())}


@pytest.fixture(scope="module")
def killed():
    register, as_of, quantity = KILLED
    return read_record(register, as_of=as_of, quantity=quantity)


@pytest.fixture(scope="module")
def timeline(killed):
    return axes("timeline", killed)


def test_hollow_is_what_is_no_origin_s_own(killed, timeline):
    drawn = marks(timeline)
    for entry in killed.entries:
        if entry.one.claim.id in drawn:
            white = to_rgba(drawn[entry.one.claim.id].get_markerfacecolor()) == to_rgba("white")
            assert white == (entry.standing != "original"), entry.one.claim.id
    assert to_rgba(drawn["mut-6000-killed-20260106"].get_markerfacecolor()) == to_rgba("white")
    assert to_rgba(drawn["nis-killed-20250902"].get_markerfacecolor()) != to_rgba("white")


def test_marks_stand_on_the_day_of_print_at_the_number(killed, timeline):
    drawn = marks(timeline)
    for name, number in (("nis-killed-20250902", 2000), ("sso-killed-20241223", 77), ("dprk-sappers-20251212", 9)):
        claim = next(e.one.claim for e in killed.entries if e.one.claim.id == name)
        (x,), (y,) = drawn[name].get_data()
        assert (x, y) == (date2num(claim.published), number)
    # 33 claims less those that give no number of soldiers: two with words alone, two with shares.
    assert len(drawn) == 29
    assert sum(line.get_label() == "_none" for line in timeline.lines) == 4


def test_colour_and_shape_both_say_the_stream(killed, timeline):
    drawn, looks = marks(timeline), {}
    for entry in killed.entries:
        if line := drawn.get(entry.one.claim.id):
            stream = killed.register.sources[entry.one.claim.origin].stream
            looks.setdefault(stream, set()).add((line.get_markeredgecolor(), line.get_marker()))
    assert all(len(one) == 1 for one in looks.values())
    assert len({colour for (one,) in looks.values() for colour, _ in (one,)}) == len(looks) == 4
    assert len({marker for (one,) in looks.values() for _, marker in (one,)}) == len(looks)


def arrows(ax) -> dict[tuple[float, float], float]:
    """For each mark with an arrow, how far up (points) it points."""
    return {one.xy: one.xyann[1] for one in ax.texts if one.arrow_patch is not None}


def test_arrows_point_to_the_side_of_the_bound(tmp_path):
    rows = [
        {"id": "at-least", "wording": "at least 100"},
        {"id": "up-to", "wording": "up to 500", "published": "2025-01-09"},
        {"id": "nearly", "wording": "nearly 900", "published": "2025-01-16"},
        {"id": "plain", "wording": "700", "published": "2025-01-23"},
    ]
    found = {y: up for (_, y), up in arrows(axes("timeline", small(tmp_path, *rows, as_of="2025-02-01"))).items()}
    assert set(found) == {100, 500, 900}
    assert found[100] > 0 > max(found[500], found[900])


def test_a_range_is_a_bar_and_a_vague_word_dashes(tmp_path):
    rows = [
        {"id": "range", "wording": "3,000 to 4,000"},
        {"id": "vague", "wording": "several hundred", "published": "2025-01-09"},
    ]
    record = small(tmp_path, *rows, as_of="2025-02-01")
    solid, dashed = (line for line in axes("timeline", record).lines if line.get_label() == "_bar")
    assert tuple(solid.get_ydata()) == (3000, 4000)
    low, *_, high = record.entries[1].one.wording.quantiles()
    assert tuple(dashed.get_ydata()) == (low, high)
    assert dashed.is_dashed()
    assert not solid.is_dashed()


def test_names_are_few_and_touch_nothing(timeline):
    names = [text for text in timeline.texts if text.get_text() and text.arrow_patch is None]
    assert 6 <= len(names) <= LABELS + 1  # and the words of the row without numbers
    boxes = [text.get_window_extent() for text in names]
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:place])
        assert timeline.figure.bbox.x0 <= box.x0 < box.x1 <= timeline.figure.bbox.x1
    assert min(text.get_fontsize() for text in names) >= 8


def test_titles_hold_the_numbers(killed, timeline):
    assert (timeline.get_title() or timeline.get_title(loc="left")).replace("\n", " ") == (
        "The highest number, 6,000, is a copy; origins' own run from 6 to 2,000"
    )
    ax = axes("provenance", killed)
    outlets = {entry.one.claim.outlet for entry in killed.entries}
    title = ax.get_title(loc="left").replace("\n", " ")
    assert title == f"33 claims about the killed, {len(outlets)} outlets, 6 origins: worth 3.8 independent ones"
    ax = axes("drift", killed)
    title = (ax.get_title() or ax.get_title(loc="left")).replace("\n", " ")
    # Of NIS's at least 100: only EFE changed its bound; both copies of UK's 6,000; both of Zelensky's 4,000.
    assert title == "5 of 9 copies of the 3 most copied utterances changed number, bound or quantity"


def test_bands_are_as_wide_as_the_claims(killed):
    ax = axes("provenance", killed)
    widths = [patch.get_linewidth() for patch in ax.patches if patch.get_alpha() == 0.45]
    claim = min(widths)
    total = sum(width / claim for width in widths)
    assert total == pytest.approx(2 * len(killed.entries))  # in each gap every claim once; floats
    words = [text.get_text() for text in ax.texts]
    assert {"NIS (8)", "DPRK/KCNA (8)", "KBS World (3)"} <= set(words)


def test_drift_puts_the_original_on_top_and_copies_in_order(killed):
    ax = axes("drift", killed)
    drawn = marks(ax)
    group = ["seed-nis-killed-20241219", "mut-efe-killed-20241219", "seed-headline-over-100"]
    assert [drawn[name].get_ydata()[0] for name in group] == [0, 1, 2]
    assert [to_rgba(drawn[name].get_markerfacecolor()) == to_rgba("white") for name in group] == [False, True, True]
    # Every copy that keeps the number lies on the line of the original's figure.
    assert all(line.get_xdata()[0] == 1 for line in drawn.values())


def test_drift_shows_another_number_as_a_multiple(tmp_path):
    rows = [{"id": "a-first"}, {"id": "b-copy", "wording": "about 150", "relation": "relay", "rests_on": "a-first"}]
    drawn = marks(axes("drift", small(tmp_path, *rows)))
    assert (drawn["a-first"].get_xdata()[0], drawn["b-copy"].get_xdata()[0]) == (1, 1.5)


@pytest.mark.parametrize(("register", "as_of", "quantity"), RECORDS)
def test_every_register_can_be_drawn_and_told(register, as_of, quantity):
    record = read_record(register, as_of=as_of, quantity=quantity)
    for name, plan in FIGURES.items():
        picture = publish(name, record)
        grey = np.asarray(Image.open(BytesIO(picture.png)).convert("L"))
        assert grey[:, 0].min() == grey[:, -1].min() == 255, f"{name} is cut at a side"
        assert grey[0].min() == grey[-1].min() == 255, f"{name} is cut above or below"
        assert picture.alt == plan.alt(record)
    told = FIGURES["timeline"].alt(record)
    for entry in record.entries:
        assert f'{entry.one.claim.origin}: "{entry.one.claim.wording}"' in told
    told = FIGURES["provenance"].alt(record)
    assert all(outlet in told for origin in record.origins for outlet in origin.outlets)


def test_pictures_are_the_same_bytes_twice(killed, tmp_path):
    for name in FIGURES:
        one, two = publish(name, killed, tmp_path), publish(name, killed)
        assert one.png == two.png == (tmp_path / "figures" / f"{name}.png").read_bytes()
        assert one.svg == two.svg == (tmp_path / "figures" / f"{name}.svg").read_bytes()
        assert not re.findall(r"(?:href|src)=\"(?!#|data:)[^\"]*\"|@import|url\((?!#)", one.svg.decode())


def test_text_of_a_register_is_letters(tmp_path):
    attack = "<script>alert(1)</script> $x^2$"
    rows = [
        {"id": "a", "outlet": attack, "wording": "about 100"},
        {"id": "b", "outlet": attack, "wording": "100", "relation": "relay", "rests_on": "a"},
    ]
    record = small(tmp_path, *rows)
    for name in FIGURES:
        assert b"<script" not in publish(name, record).svg
