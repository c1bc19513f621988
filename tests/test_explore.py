"""The notebook of the controls in a browser: what a hand does there, and what is then on the page."""

import re
import time

import pytest
from playwright.sync_api import Locator, Page, expect

from analysis.glimpse import glimpse
from analysis.settings import Settings
from tests.laboratory import (
    PATIENCE,
    Laboratory,
    cell_errors,
    keep_screenshot,
    menu,
    restart_and_run_all,
    save,
    wait_for_kernel,
)

expect.set_options(timeout=1000 * PATIENCE)


@pytest.fixture(scope="module")
def opened(laboratory):
    """The workspace with `explore.ipynb` run from the menu, as `make lab` shows it on a small screen."""
    with laboratory.page() as page:
        page.set_viewport_size({"width": 1366, "height": 768})
        laboratory.open(page)
        wait_for_kernel(page)
        restart_and_run_all(page)
        expect(titles(page)).to_have_count(2)
        yield page


@pytest.fixture
def page(opened, laboratory):
    """That page with its controls at the start; afterwards it has complained of nothing and asked no other server."""
    opened.get_by_role("button", name="Back to the start").click()
    expect(titles(opened).first).to_have_text(title(Settings()))
    wait_for_kernel(opened)
    yield opened
    assert laboratory.complaints == []
    assert laboratory.strangers == []


def titles(page: Page) -> Locator:
    """The titles of the two charts: of the answer, and of the sources."""
    return page.locator(".casualty-panel .js-plotly-plot .gtitle")


def title(settings: Settings) -> str:
    return f"Killed and wounded: {numbers(settings, signed=False)} of every 100 soldiers (90 %)"


def numbers(settings: Settings, *, signed: bool) -> str:
    ratio = glimpse(settings).estimate("casualties_ratio")
    return ratio.range(settings.level, digits=settings.digits, signed=signed)


def field(page: Page, label: str) -> Locator:
    """The control with this name above it."""
    return page.locator(".casualty-panel .widget-vbox", has_text=label).last


def row(page: Page) -> Locator:
    return page.locator(".casualty-panel tr", has_text="casualties, of the force").first


def shows(page: Page, settings: Settings) -> None:
    """Chart and table say what the package computes for these settings."""
    expect(titles(page).first).to_have_text(title(settings))
    expect(row(page)).to_contain_text(numbers(settings, signed=True))


def centre(one: Locator) -> tuple[float, float]:
    one.scroll_into_view_if_needed()
    box = one.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def point_at(page: Page, mark: Locator) -> None:
    """Move the mouse onto a mark until the chart shows its label: before that it takes no click."""
    until = time.monotonic() + PATIENCE
    while True:
        x, y = centre(mark)
        page.mouse.move(x - 30, y - 30)
        page.mouse.move(x, y, steps=5)
        try:
            expect(page.locator(".casualty-panel .hoverlayer .hovertext")).to_have_count(1, timeout=2000)
        except AssertionError:
            if time.monotonic() > until:
                raise
        else:
            return


def test_it_runs_from_the_menu_without_an_error_and_says_the_answer(page):
    assert cell_errors(page) == []
    shows(page, Settings())
    assert titles(page).first.text_content() == "Killed and wounded: 2.8 to 15.8 of every 100 soldiers (90 %)"
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_selector(f"body[data-jp-theme-light={str(scheme == 'light').lower()}]", state="attached")
        page.locator(".casualty-panel").first.evaluate("panel => panel.scrollIntoView()")
        keep_screenshot(page, f"explore-{scheme}")


def test_charts_are_as_wide_as_their_column(page):
    for chart in page.locator(".casualty-panel .js-plotly-plot").all():
        width = chart.evaluate("chart => chart.clientWidth")
        expect(chart.locator("svg.main-svg").first).to_have_attribute("width", str(width))


def test_a_slider_is_dragged_and_chart_and_table_agree(page):
    slider = field(page, "width of the readings")
    x, y = centre(slider.locator(".noUi-handle"))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 45, y, steps=5)
    page.mouse.up()
    expect(slider.locator(".widget-readout")).not_to_have_text("1")
    shows(page, Settings(width=float(slider.locator(".widget-readout").inner_text())))
    keep_screenshot(page, "explore-dragged")


def test_a_slider_is_moved_by_a_key(page):
    slider = field(page, "width of the readings")
    slider.locator(".noUi-handle").press("ArrowRight")
    expect(slider.locator(".widget-readout")).to_have_text("1.4")
    shows(page, Settings(width=1.4))


def test_a_mark_in_the_chart_tells_its_claim(page):
    mark = page.locator(".casualty-panel .js-plotly-plot").nth(1).locator("path.point").first
    point_at(page, mark)
    page.mouse.down()
    page.mouse.up()
    told = page.locator(".casualty-picked").first
    expect(told).to_contain_text("“at least 100” killed")
    tells_all(told)
    keep_screenshot(page, "explore-mark")


def test_a_row_of_the_register_tells_its_claim(page):
    panel = page.locator(".casualty-panel", has=page.locator("table.dataTable"))
    panel.locator("tbody tr", has_text="several hundred").first.locator("td").nth(2).click()
    expect(panel).to_contain_text("“several hundred” casualties")
    tells_all(panel)
    keep_screenshot(page, "explore-row")


def tells_all(told: Locator) -> None:
    """The reading's quantiles, its evidence and the link."""
    expect(told).to_contain_text("50 % quantile")
    expect(told).to_contain_text("judgement")
    expect(told.locator("a").first).to_have_attribute("href", re.compile("^https://"))


def test_a_wrong_claim_is_told_beside_its_field_and_the_answer_stays(page):
    form = page.locator(".casualty-panel", has=page.get_by_role("button", name="Try this claim"))
    words = form.locator("input[type=text]").first
    words.fill("a great many")
    form.get_by_role("button", name="Try this claim").click()
    expect(form.locator(".widget-vbox", has_text="the words").last.get_by_role("alert")).to_contain_text("a great many")
    shows(page, Settings())
    keep_screenshot(page, "explore-wrong")
    words.fill("at least 500")
    form.get_by_role("button", name="Try this claim").click()
    expect(form.get_by_role("alert")).to_have_count(0)
    expect(form).to_contain_text("without the what-if claim")
    expect(titles(page).first).not_to_have_text(title(Settings()))


def test_a_setting_that_cannot_be_is_told_beside_its_control(page):
    control = field(page, "wounded per killed:")
    control.locator("input").fill("none")
    control.locator("input").press("Enter")
    expect(control.get_by_role("alert")).to_contain_text("wounded_per_killed is 'none'")
    expect(page.locator(".casualty-panel").first).to_contain_text("this is the last good answer")
    shows(page, Settings())


# The last one: it ends the kernel of the page.
def test_a_restarted_kernel_leaves_no_number_on_the_panels(page, laboratory: Laboratory):
    assert re.search(r"\d", page.locator(".casualty-panel").first.inner_text())
    menu(page, "Kernel", "Restart Kernel…")
    page.locator(".jp-Dialog .jp-mod-accept").click()
    panels = page.locator(".casualty-panel")
    expect(page.locator(".casualty-panel.jupyter-widgets-disconnected")).to_have_count(panels.count())
    assert [one.inner_text() for one in panels.all()] == [""] * panels.count()
    notice = "getComputedStyle(document.querySelector('.casualty-panel'), '::after').content"
    assert page.evaluate(notice) == '"The kernel that gave these numbers is gone. Run the notebook again."'
    # One that never held a number says nothing at all.
    assert [one.is_visible() for one in panels.all()].count(True) == page.locator(".casualty-panel:has(> *)").count()
    panels.first.scroll_into_view_if_needed()
    keep_screenshot(page, "explore-restarted")
    restart_and_run_all(page)
    shows(page, Settings())
    # Saved, it holds what stands for the widgets, as it is committed.
    save(page)
    assert laboratory.changes() == ""
    assert not (laboratory.home / ".jupyter").exists()
