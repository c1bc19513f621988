"""The place where an analyst works: what it is told, and what a browser finds there."""

import json
import os
import stat
from pathlib import Path

import jsonschema
import nbformat
import pytest
import yaml
from click.testing import CliRunner

from analysis import lab
from analysis.__main__ import cli
from analysis.errors import InputError
from tests import laboratory as kit
from tests.laboratory import (
    IGNORED,
    cell_errors,
    keep_screenshot,
    menu,
    restart_and_run_all,
    save,
    wait_for_kernel,
)

ROOT = Path(__file__).parent.parent
OVERRIDES = json.loads((lab.SHIPPED / "labconfig" / "default_setting_overrides.json").read_text(encoding="utf-8"))
CELLS = [(plugin, name) for plugin, settings in OVERRIDES.items() for name in settings]


# The place, without JupyterLab.


def test_in_a_clone_the_place_is_the_clone():
    place = lab.place_of()
    assert (place.root, place.registers, place.checkout) == (ROOT, "analysis/data", True)
    assert place.state == ROOT / ".lab"


def test_a_folder_is_furnished_and_what_an_analyst_wrote_stays(tmp_path):
    place = lab.place_of(tmp_path / "desk")
    report, register = place.root / "notebooks" / "report.ipynb", place.root / "registers" / "seed.csv"
    assert report.read_bytes() == (ROOT / "notebooks" / "report.ipynb").read_bytes()
    assert register.read_bytes() == (ROOT / "analysis" / "data" / "seed.csv").read_bytes()
    assert not register.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    report.write_text("mine", encoding="utf-8")
    register.chmod(0o600)
    register.write_text("another", encoding="utf-8")
    assert lab.place_of(tmp_path / "desk") == place
    assert report.read_text(encoding="utf-8") == "mine"
    assert register.read_bytes() == (ROOT / "analysis" / "data" / "seed.csv").read_bytes()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="which is a file, expected a folder like casualty-report"):
        lab.place_of(tmp_path / "file")


def test_the_workspace_names_files_that_are_there(tmp_path):
    for place in (lab.place_of(), lab.place_of(tmp_path)):
        shown = json.loads(place.workspace())
        assert shown["metadata"]["id"] == lab.WORKSPACE
        paths = [part["data"]["path"] for part in shown["data"].values() if "factory" in part.get("data", {})]
        assert paths == ["notebooks/explore.ipynb", f"{place.registers}/seed.csv"]
        assert (place.root / paths[1]).is_file()


def test_variables_that_name_folders_keep_what_was_in_them():
    place = lab.Place(Path("root"), "analysis/data", checkout=True)
    before = {"JUPYTER_CONFIG_PATH": "theirs", "PYTHONPATH": f"one{os.pathsep}{ROOT}", "HOME": "home"}
    given = place.environment(before)
    assert given["JUPYTER_CONFIG_PATH"] == f"{lab.SHIPPED}{os.pathsep}theirs"
    assert given["PYTHONPATH"] == f"{ROOT}{os.pathsep}one"
    own = {name: value for name, value in given.items() if name not in before}
    state = Path("root") / ".lab"
    assert own == {
        "JUPYTER_CONFIG_DIR": str(state),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTERLAB_SETTINGS_DIR": str(state / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(state / "workspaces"),
    }
    assert "PYTHONPATH" not in lab.Place(Path("root"), "registers", checkout=False).environment(before)


def test_options_of_jupyterlab_are_passed_on(monkeypatch, tmp_path):
    started = []
    monkeypatch.setattr(lab, "start", lambda place, options: started.append((place.root, options)))
    command = ["lab", "--folder", str(tmp_path), "--no-browser", "--port=8890", "--", "--help"]
    assert CliRunner().invoke(cli, command).exit_code == 0
    assert started == [(tmp_path.resolve(), ("--no-browser", "--port=8890", "--help"))]


def test_minimal_leaves_out_times_and_marks_and_nothing_else():
    cells = [
        {"cell_type": "code", "source": "1", "execution_count": 3, "outputs": [], "metadata": {"tags": ["a"]}},
        {"cell_type": "markdown", "source": "# t", "metadata": {"collapsed": True, "jupyter": {"source_hidden": True}}},
    ]
    noisy = [{**cell, "metadata": {**cell["metadata"], "execution": {"x": "y"}, "scrolled": True}} for cell in cells]
    metadata = {"kernelspec": {"name": "python3"}, "widgets": {"state": {}}, "toc": 1}
    kept = lab.minimal({"cells": noisy, "metadata": metadata, "nbformat": 4})
    del cells[1]["metadata"]["collapsed"]
    assert kept == {"cells": cells, "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4}


def test_minimal_leaves_what_stands_for_a_widget_without_its_view():
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "7"}, "text/html": "<b>2.8</b>"}
    outputs = [{"output_type": "display_data", "data": view, "metadata": {}}, {"output_type": "stream", "text": "x"}]
    cell = {"cell_type": "code", "source": "1", "execution_count": 1, "outputs": outputs, "metadata": {}}
    (kept,) = lab.minimal({"cells": [cell], "metadata": {}})["cells"]
    assert kept["outputs"] == [{**outputs[0], "data": {"text/html": "<b>2.8</b>"}}, outputs[1]]
    assert len(view) == 2  # what was given stays as it is


def test_a_register_that_is_a_link_is_replaced_and_not_written_through(tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("mine", encoding="utf-8")
    (tmp_path / "desk" / "registers").mkdir(parents=True)
    (tmp_path / "desk" / "registers" / "seed.csv").symlink_to(other)
    lab.place_of(tmp_path / "desk")
    assert other.read_text(encoding="utf-8") == "mine"
    assert other.stat().st_mode & stat.S_IWUSR
    assert not (tmp_path / "desk" / "registers" / "seed.csv").is_symlink()


def test_a_layout_that_the_user_has_changed_stays(monkeypatch, tmp_path):
    monkeypatch.setattr("jupyterlab.labapp.LabApp.launch_instance", lambda **_: None)
    for name in lab.place_of(tmp_path).environment(os.environ):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.setenv("MPLBACKEND", "agg")
    place = lab.place_of(tmp_path)
    lab.start(place)
    (kept,) = (tmp_path / ".lab" / "workspaces").iterdir()
    changed = kept.read_text(encoding="utf-8").replace("0.68", "0.11")
    assert "0.11" in changed
    kept.write_text(changed, encoding="utf-8")
    lab.start(place)
    assert kept.read_text(encoding="utf-8") == changed


@pytest.mark.parametrize("kind", ["file", "directory"])
def test_the_hook_leaves_other_files_alone(kind):
    model = {"type": kind, "content": "text"}
    lab.keep_minimal(model=model, path="x", contents_manager=None)
    assert model == {"type": kind, "content": "text"}


# In a browser.


def test_the_workspace_opens_the_notebook_beside_the_register(laboratory):
    with laboratory.page() as page:
        laboratory.open(page)
        assert page.url == f"{laboratory.url}lab/workspaces/explore"
        wait_for_kernel(page)
        notebook = page.locator(".jp-NotebookPanel:visible").bounding_box()
        register = page.locator(".jp-CSVViewer:visible").bounding_box()
        assert notebook["x"] + notebook["width"] <= register["x"]
        assert page.locator("#jp-main-dock-panel .lm-TabBar-tabLabel").all_inner_texts() == [
            "explore.ipynb",
            "seed.csv",
        ]
        stored = nbformat.read(laboratory.root / "notebooks" / "explore.ipynb", as_version=4)
        titles = [cell.source.splitlines()[0].lstrip("# ") for cell in stored.cells if cell.source.startswith("#")]
        contents = page.locator(".jp-TableOfContents:visible .jp-tocItem-content")
        contents.nth(len(titles) - 1).wait_for()
        assert [one for one in contents.all_inner_texts() if one in titles] == titles
        # A question about news would be a notification; the bell counts them.
        assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0
        keep_screenshot(page, "lab-workspace")
    assert laboratory.complaints == []
    assert laboratory.strangers == []


@pytest.mark.parametrize(("plugin", "name"), CELLS, ids=[f"{plugin}.{name}" for plugin, name in CELLS])
def test_the_settings_are_in_force_and_of_the_kind_that_jupyterlab_expects(laboratory, plugin, name):
    told = laboratory.setting(plugin)
    wanted = OVERRIDES[plugin][name]
    found = told["schema"]["properties"][name]
    assert "title" in found or "description" in found, "JupyterLab knows no such setting"
    assert found["default"] == wanted
    jsonschema.validate({name: wanted}, told["schema"])
    assert told["settings"] == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system(laboratory, scheme):
    with laboratory.page(color_scheme=scheme) as page:
        laboratory.open_notebook(page, "notebooks/claims.ipynb")
        # The body has no height of its own, so Playwright calls it invisible.
        theme = f"body[data-jp-theme-light={'true' if scheme == 'light' else 'false'}]"
        page.wait_for_selector(theme, state="attached")
        keep_screenshot(page, f"lab-{scheme}")


def test_the_report_runs_from_the_menu_and_a_session_changes_nothing_that_is_committed(laboratory):
    with laboratory.page() as page:
        laboratory.open_notebook(page, "notebooks/report.ipynb")
        restart_and_run_all(page)
        assert cell_errors(page) == []
        answer = page.locator(".jp-NotebookPanel:visible .jp-OutputArea-output", has_text="2.8 to 15.8 of every 100")
        answer.first.scroll_into_view_if_needed()
        assert "2.8 to 15.8 of every 100 soldiers" in answer.first.inner_text()
        keep_screenshot(page, "lab-report")
    assert laboratory.complaints == []
    assert laboratory.strangers == []
    assert laboratory.changes() == ""


def test_a_saved_notebook_holds_its_outputs_and_no_times(laboratory):
    with laboratory.page() as page:
        laboratory.open_notebook(page, "notebooks/wording.ipynb")
        restart_and_run_all(page)
        save(page)
    stored = json.loads((laboratory.root / "notebooks" / "wording.ipynb").read_text(encoding="utf-8"))
    assert stored == lab.minimal(stored)
    counts = [cell["execution_count"] for cell in stored["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))
    # The same environment gives the same file, so that a saved run is a change only where a result has changed.
    assert laboratory.changes() == ""


def test_a_setting_of_the_user_is_kept_apart(laboratory):
    plugin = "@jupyterlab/docmanager-extension:plugin"
    laboratory.change_setting(plugin, '{"autosave": true}')
    try:
        assert laboratory.setting(plugin)["settings"] == {"autosave": True}
    finally:
        laboratory.change_setting(plugin, "{}")
    assert laboratory.changes() == ""
    assert (laboratory.root / ".lab" / "settings" / "@jupyterlab" / "docmanager-extension").is_dir()
    assert not (laboratory.home / ".jupyter").exists()


def test_what_goes_wrong_is_seen(laboratory):
    """The notebook's errors and warnings, and what the console says, so that their absence means something."""
    cells = [nbformat.v4.new_code_cell(one) for one in ("import sys; print('w', file=sys.stderr)", "1 / 0")]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "x"}})
    broken = laboratory.root / "notebooks" / "broken.ipynb"
    nbformat.write(notebook, broken)
    try:
        with laboratory.page() as page:
            laboratory.open_notebook(page, "notebooks/broken.ipynb")
            restart_and_run_all(page)
            warned, failed = cell_errors(page)
            assert warned.strip() == "w"
            assert "ZeroDivisionError" in failed
            page.evaluate("console.error('wrong')")
            page.evaluate("fetch('http://192.0.2.1/').catch(() => {})")  # an address kept for documentation, RFC 5737
            menu(page, "Kernel", "Shut Down Kernel")
            assert "wrong" in laboratory.complaints
            assert laboratory.strangers == ["http://192.0.2.1/"]
    finally:
        broken.unlink()


def test_every_ignored_line_has_its_reason():
    assert len(IGNORED) <= 3
    assert all(len(reason) > 40 for reason in IGNORED.values())


def test_in_a_folder_of_its_own_it_opens_the_same(laboratory, tmp_path):
    (tmp_path / "clone").mkdir()
    (tmp_path / "home").mkdir()
    root = kit.clone(tmp_path / "clone")
    with kit.served(root, tmp_path / "home", "--folder", str(tmp_path / "desk")) as (url, token):
        made = kit.Laboratory(root, tmp_path / "home", url, token, laboratory.browser)
        with made.page() as page:
            made.open(page)
            wait_for_kernel(page)
            tabs = page.locator("#jp-main-dock-panel .lm-TabBar-tabLabel").all_inner_texts()
            assert tabs == ["explore.ipynb", "seed.csv"]
            page.locator(".jp-CSVViewer:visible").wait_for()
        assert made.complaints == []
        assert made.changes() == ""
    assert not (root / ".lab").exists()
    assert (tmp_path / "desk" / ".lab" / "workspaces").is_dir()


def test_the_workflow_of_the_tests_holds_the_pictures():
    flow = yaml.safe_load((ROOT / ".github" / "workflows" / "tests.yml").read_text(encoding="utf-8"))
    *_, test, hold = flow["jobs"]["test"]["steps"]
    assert test["run"].splitlines()[-1] == "bash .ci/run"
    assert (hold["if"], hold["with"]["path"]) == ("always()", kit.SCREENSHOTS.relative_to(ROOT).as_posix())
