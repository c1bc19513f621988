"""What publishes an edition every morning: the README's blocks and the workflow, read as their readers do, and run."""

import configparser
import json
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import types
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import jinja2
import nbformat
import psutil
import pytest
import yaml

from analysis.paper import find_browser

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"```(cron|ini|json|python)\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), flags=re.DOTALL)
CRONTAB, SERVICE, TIMER, JOB, DAG = (block for _, block in BLOCKS)
WORKFLOW = ROOT / ".github" / "workflows" / "edition.yml"
SRV = "/srv/casualty-report"  # where the blocks say that the clone is

# Days of the public record: one with a claim of that day, and one 36 days after the newest claim, of 30 April. In Seoul
# it is 05:30 of the next morning.
FRESH, STALE = datetime(2025, 3, 1, 20, 30, tzinfo=UTC), datetime(2025, 6, 5, 20, 30, tzinfo=UTC)
PUBLISHED, DRAFT = "public-record-2025-03-01", "public-record-2025-06-05"
MORNING = "30 5 * * *"
FEW = 16384  # draws: enough for an answer, too few for its digits to be stable

# The keys of systemd.unit(5), systemd.exec(5), systemd.service(5), systemd.kill(5) and systemd.timer(5) in use here.
KEYS = {
    "service": {
        "Unit": {"Description"},
        "Service": {
            *("Type", "User", "WorkingDirectory", "ExecStart", "SuccessExitStatus", "KillMode", "TimeoutStopSec"),
        },
    },
    "timer": {"Unit": {"Description"}, "Timer": {"OnCalendar", "Persistent"}, "Install": {"WantedBy"}},
}


def need(present: object, reason: str) -> None:
    """Skip where a piece is missing on somebody's machine; in CI, that is a failure."""
    if not present:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)


def environment(home: Path, moment: datetime) -> dict[str, str]:
    """What cron gives a command in Seoul, and the moment; PYTHONPATH only where a developer has set it."""
    kept = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    given = {"HOME": str(home), "LOGNAME": "desk", "SHELL": "/bin/sh", "PATH": "/usr/bin:/bin", "TZ": "KST-9"}
    return given | kept | {"SOURCE_DATE_EPOCH": str(int(moment.timestamp()))}


def run(command: list[str], folder: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess:
    return subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False)


def unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, delimiters=("=",), comment_prefixes=("#", ";"))
    parser.optionxform = str
    parser.read_string(text)
    return parser


def cron_line() -> tuple[str, str]:
    """The schedule and the command; what crontab(5) reads otherwise than a shell does would show here."""
    *variables, line = (line for line in CRONTAB.splitlines() if line and not line.startswith("#"))
    assert all(re.fullmatch(r"[A-Z_]+=\S+", one) for one in variables)
    *fields, command = line.split(maxsplit=5)
    return " ".join(fields), command


def edition(folder: Path, name: str) -> dict:
    return json.loads((folder / "reports" / name / "edition.json").read_text(encoding="utf-8"))


def told(notebook: Path) -> str:
    """All text that the cells of an executed notebook gave."""
    cells = nbformat.read(notebook, as_version=4).cells
    return "\n".join(
        text
        for cell in cells
        for output in cell.get("outputs", ())
        for text in output.get("data", {}).values()
        if isinstance(text, str)
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder as the blocks expect it, with this environment in the place of the one that make sets up."""
    need((Path(sys.prefix) / "bin" / "casualty-report").is_file(), "casualty-report is not installed")
    need(find_browser(), "no Chromium, Chrome or Edge is installed")
    folder = tmp_path_factory.mktemp("srv") / "casualty-report"
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


@pytest.fixture(scope="module")
def published(place, tmp_path_factory):
    """The folder after the crontab's command has run as cron runs it."""
    home = tmp_path_factory.mktemp("home")
    command = cron_line()[1].replace(SRV, str(place))
    return place, run(["/bin/sh", "-c", command], home, environment(home, FRESH))


@pytest.fixture(scope="module")
def draft(published, tmp_path_factory):
    """The same folder after the service's command has run, months later, as systemd runs it: without a shell."""
    place = published[0]
    service = unit(SERVICE.replace(SRV, str(place)))["Service"]
    variables = environment(tmp_path_factory.mktemp("home"), STALE)
    return place, run(shlex.split(service["ExecStart"]), Path(service["WorkingDirectory"]), variables)


def test_every_block_is_known():
    assert [kind for kind, _ in BLOCKS] == ["cron", "ini", "ini", "json", "python"]


def test_every_schedule_is_the_same_morning():
    """30 5 * * * is minute and hour of every day, so that five ways to write it can be compared as text."""
    assert cron_line()[0] == MORNING
    assert unit(TIMER)["Timer"]["OnCalendar"] == "*-*-* 05:30:00 UTC"
    assert workflow()[True]["schedule"] == [{"cron": MORNING}]
    assert (json.loads(JOB)["schedule"], json.loads(JOB)["timezone"]) == (MORNING, "UTC")
    assert f'schedule="{MORNING}"' in DAG


def test_cron_makes_the_edition_of_the_day_and_mails_nothing(published):
    place, done = published
    assert "%" not in cron_line()[1], "a line break in a crontab"
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    made = edition(place, PUBLISHED)
    assert (made["status"], made["as_of"], made["previous"]) == ("published", "2025-03-01", None)
    assert {"report.html", "report.pdf", "results.json"} <= made["files"].keys()


def test_systemd_takes_a_draft_for_a_success_and_logs_why(draft):
    place, done = draft
    service = unit(SERVICE)["Service"]
    assert not re.search(r"[%$\\;|<>&]", service["ExecStart"]), "systemd or a shell would read it otherwise"
    assert str(done.returncode) in service["SuccessExitStatus"].split(), done.stderr
    assert "DRAFT: the newest claim is 36 days old" in done.stderr
    made = edition(place, DRAFT)
    assert (made["status"], made["previous"]["edition"]) == ("draft", PUBLISHED)


@pytest.mark.parametrize(("kind", "text"), [("service", SERVICE), ("timer", TIMER)])
def test_unit_has_keys_that_systemd_knows(kind, text):
    assert text.startswith(f"# /etc/systemd/system/casualty-report.{kind}\n")
    parsed = unit(text)
    assert {name: set(parsed[name]) for name in parsed.sections()} == KEYS[kind]


def test_systemd_finds_no_fault(place, tmp_path):
    need(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    for kind, text in (("service", SERVICE), ("timer", TIMER)):
        (tmp_path / f"casualty-report.{kind}").write_text(text.replace(SRV, str(place)), encoding="utf-8")
    check = ["systemd-analyze", "verify", "--man=no", "./casualty-report.service", "./casualty-report.timer"]
    done = run(check, tmp_path, os.environ)
    assert (done.returncode, done.stderr) == (0, "")  # an unknown key is only a warning
    (tmp_path / "casualty-report.timer").write_text(TIMER.replace("Persistent", "Persist"), encoding="utf-8")
    assert "Persist" in run(check, tmp_path, os.environ).stderr
    elapses = run(["systemd-analyze", "calendar", unit(TIMER)["Timer"]["OnCalendar"]], tmp_path, os.environ)
    assert re.search(r"Next elapse: .* 05:30:00 UTC", elapses.stdout), elapses.stderr


# --- GitHub ----------------------------------------------------------------------------------------------------------


def workflow() -> dict:
    return yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))


def steps() -> list[dict]:
    return [step for job in workflow()["jobs"].values() for step in job["steps"]]


def test_workflow_keeps_to_the_schema_of_github(tmp_path):
    need(find_spec("check_jsonschema"), "check-jsonschema is not installed")
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WORKFLOW.read_text(encoding="utf-8").replace("runs-on:", "runs_on:"), encoding="utf-8")
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    flows = map(str, sorted(WORKFLOW.parent.glob("*.yml")))
    done = run([*check, *flows, str(wrong)], tmp_path, os.environ)
    assert done.returncode == 1, done.stderr
    assert set(re.findall(r"^\s*(\S+\.yml)::", done.stdout, flags=re.MULTILINE)) == {str(wrong)}


def test_workflow_asks_for_no_more_than_it_needs():
    flow = workflow()
    assert flow["permissions"] == {}
    assert {name: job["permissions"] for name, job in flow["jobs"].items()} == {
        "render": {"contents": "write"},
        "show": {"pages": "write", "id-token": "write"},
    }
    for step in steps():
        assert re.fullmatch(r"actions/[a-z-]+@v\d+", step.get("uses", "actions/none@v0")), "pinned by a version tag"
        assert "${{" not in step.get("run", ""), "what somebody types would be run"


def test_only_a_published_edition_is_kept_and_shown():
    ifs = {step.get("name"): step.get("if") for step in steps()}
    assert ifs["Keep the edition"] == ifs["Hand the site over"] == "steps.render.outputs.status == 'published'"
    assert ifs["Hold the draft"] == "steps.render.outputs.status == 'draft'"
    assert workflow()["jobs"]["show"]["if"] == "needs.render.outputs.status == 'published'"
    outputs = set(re.findall(r"steps\.(\w+)\.outputs\.(\w+)", WORKFLOW.read_text(encoding="utf-8")))
    assert outputs == {("render", "status"), ("render", "folder"), ("pages", "page_url")}
    assert {step["id"] for step in steps() if "id" in step} == {"render", "pages"}


def test_workflow_sets_up_with_a_target_of_make():
    need(shutil.which("make"), "make is not installed")
    line = next(step["run"] for step in steps() if step.get("name") == "Set up")
    assert run([*line.split(), "--dry-run"], ROOT, os.environ).returncode == 0


@dataclass
class Runner:
    """A machine of GitHub's for one run: a fresh clone, the variables it sets, and the steps that are scripts."""

    folder: Path
    home: Path
    outputs: dict[str, str] = field(default_factory=dict)

    def git(self, *words: str) -> str:
        done = run(["git", *words], self.folder, self.variables())
        assert done.returncode == 0, done.stderr
        return done.stdout

    def variables(self) -> dict[str, str]:
        return (
            environment(self.home, FRESH)
            | workflow()["env"]
            | {
                "GIT_CONFIG_NOSYSTEM": "1",
                "GITHUB_OUTPUT": str(self.home / "outputs"),
                "GITHUB_REPOSITORY": "desk/casualty-report",
                "GITHUB_STEP_SUMMARY": str(self.home / "summary"),
                "RUNNER_TEMP": str(self.home),
            }
        )

    def step(self, name: str, **values: str) -> subprocess.CompletedProcess:
        """Run a step; values are those of its own variables, which are expressions in the file."""
        step = next(step for step in steps() if step.get("name") == name)
        assert step.get("env", {}).keys() == values.keys()
        (self.home / "outputs").write_text("")
        script = self.home / "script.sh"
        script.write_text(step["run"], encoding="utf-8")
        done = run(["bash", "-e", str(script)], self.folder, self.variables() | values)
        self.outputs = dict(line.split("=", 1) for line in (self.home / "outputs").read_text("utf-8").splitlines())
        return done


@pytest.fixture
def runner(place, tmp_path):
    need(shutil.which("git"), "git is not installed")

    def fresh(name: str) -> Runner:
        (tmp_path / name / "clone").mkdir(parents=True)
        one = Runner(tmp_path / name / "clone", tmp_path / name)
        if not (tmp_path / "origin").exists():
            one.git("init", "--quiet", "--bare", str(tmp_path / "origin"))
        one.git("init", "--quiet")
        one.git("remote", "add", "origin", str(tmp_path / "origin"))
        (one.folder / ".gitignore").write_text(".venv\nreports/\n", encoding="utf-8")
        one.git("add", ".gitignore")
        one.git("commit", "--quiet", "-m", "As checked out")
        (one.folder / ".venv").symlink_to(place / ".venv")
        return one

    return fresh


def test_workflow_carries_editions_from_one_machine_to_the_next(runner, published, draft):
    """A first edition, a draft, and the draft approved by hand; the first two are those made above, unchanged."""
    reports = published[0] / "reports"
    first = runner("first")
    assert first.step("Bring back the earlier editions").returncode == 0
    shutil.copytree(reports / PUBLISHED, first.folder / "reports" / PUBLISHED)
    done = first.step("Render", AS_OF="2025-03-01", APPROVE="")
    assert "nothing has changed" in done.stdout, done.stderr
    assert first.outputs == {"status": "published", "folder": f"reports/{PUBLISHED}"}
    assert "of every 100 soldiers" in (first.home / "summary").read_text(encoding="utf-8")
    done = first.step("Keep the edition", FOLDER=f"reports/{PUBLISHED}")
    assert done.returncode == 0, done.stderr

    second = runner("second")
    assert second.step("Bring back the earlier editions").returncode == 0
    shutil.copytree(reports / DRAFT, second.folder / "reports" / DRAFT)
    done = second.step("Render", AS_OF="2025-06-05", APPROVE="")
    assert done.returncode == 0, done.stdout
    assert second.outputs == {"status": "draft", "folder": f"reports/{DRAFT}"}
    assert re.search(r"^::warning title=Draft::.*the newest claim is 36 days old", done.stdout, flags=re.MULTILINE)
    done = second.step("Render", AS_OF="2025-13-01", APPROVE="")
    assert (done.returncode, second.outputs) == (2, {}), "a run that fails is red"
    assert "2025-13-01" in done.stdout

    third = runner("third")
    assert third.step("Bring back the earlier editions").returncode == 0
    assert edition(third.folder, PUBLISHED) == edition(published[0], PUBLISHED)
    done = third.step("Render", AS_OF="2025-06-05", APPROVE="A. Desk: no claim has been made since")
    assert done.returncode == 0, done.stdout
    assert third.outputs == {"status": "published", "folder": f"reports/{DRAFT}"}
    made = edition(third.folder, DRAFT)
    assert (made["approved"], made["previous"]["edition"]) == ("A. Desk: no claim has been made since", PUBLISHED)
    for _ in range(2):  # the second time there is nothing to do
        done = third.step("Keep the edition", FOLDER=f"reports/{DRAFT}")
        assert done.returncode == 0, done.stderr
    third.git("fetch", "--quiet", "--unshallow", "origin", "editions")
    messages = third.git("log", "--format=%s", "FETCH_HEAD").splitlines()
    assert messages == [f"reports/{DRAFT}", f"reports/{PUBLISHED}", "No editions yet"]
    kept = set(third.git("ls-tree", "--name-only", "FETCH_HEAD").split())
    assert {PUBLISHED, DRAFT} <= kept
    assert not {".locks", "failed"} & kept


# --- Airflow ---------------------------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class BashOperator:
    """Stands in for Airflow's: it takes what that one takes, and does nothing."""

    task_id: str
    bash_command: str
    env: dict[str, str] | None = None
    append_env: bool = False
    skip_on_exit_code: int | None = 99
    cwd: str | None = None


@dataclass(kw_only=True)
class PapermillOperator:
    """Stands in for Airflow's, whose `template_fields` are these."""

    task_id: str
    input_nb: str
    output_nb: str
    parameters: dict[str, object] | None = None
    kernel_name: str | None = None
    language_name: str | None = None
    log_output: bool = False
    templates = ("input_nb", "output_nb", "parameters", "kernel_name", "language_name")

    def call(self, *, ds: str) -> dict[str, object]:
        """What its `execute` gives papermill.execute_notebook, once Airflow has filled in the day."""
        filled = {name: rendered(getattr(self, name), ds=ds) for name in self.templates}
        return {
            "input_path": filled["input_nb"],
            "output_path": filled["output_nb"],
            "parameters": filled["parameters"],
            "progress_bar": False,
            "report_mode": True,
            "log_output": self.log_output,
            "kernel_name": filled["kernel_name"],
            "language": filled["language_name"],
            "engine_name": None,
        }


def rendered(value: object, *, ds: str) -> object:
    if isinstance(value, dict):
        return {name: rendered(one, ds=ds) for name, one in value.items()}
    return jinja2.Template(value).render(ds=ds) if isinstance(value, str) else value


class Dag:
    """Stands in for airflow.sdk.DAG."""

    def __init__(self, dag_id, *, schedule, start_date, catchup, max_active_runs, dagrun_timeout):
        assert start_date.tzinfo is not None, "Airflow would take it for another zone"
        assert not catchup

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None


@pytest.fixture
def tasks(monkeypatch, place):
    """The tasks of the README's file, run in Airflow's stead: Airflow itself is 214 packages."""
    made = []

    def noted(kind: type):
        def make(**given):
            made.append(kind(**given))

        return make

    for name, thing in (
        ("airflow.sdk.DAG", Dag),
        ("airflow.providers.standard.operators.bash.BashOperator", noted(BashOperator)),
        ("airflow.providers.papermill.operators.papermill.PapermillOperator", noted(PapermillOperator)),
    ):
        module, _, attribute = name.rpartition(".")
        parts = module.split(".")
        for end in range(1, len(parts)):
            monkeypatch.setitem(sys.modules, ".".join(parts[:end]), types.ModuleType(parts[end - 1]))
        monkeypatch.setitem(sys.modules, module, types.SimpleNamespace(**{attribute: thing}))
    exec(compile(DAG.replace(SRV, str(place)), "README.md", "exec"), {})
    return made


def test_airflow_runs_the_command_and_skips_what_follows_a_draft(tasks, published, draft, tmp_path):
    """The same folder as cron's and the timer's, so both editions are there and nothing has changed."""
    task = tasks[0]
    for moment, name, code in ((FRESH, PUBLISHED, 0), (STALE, DRAFT, task.skip_on_exit_code)):
        done = run(["bash", "-c", task.bash_command], Path(task.cwd), environment(tmp_path, moment))
        assert done.returncode == code, done.stderr
        assert f"{name}/report.html: nothing has changed" in done.stdout


def test_airflow_gives_papermill_a_notebook_that_runs(tasks, place):
    call = tasks[1].call(ds="2025-03-01")
    call["parameters"]["max_draws"] = FEW
    program = "import json, sys, papermill; papermill.execute_notebook(**json.load(sys.stdin))"
    done = subprocess.run(
        [sys.executable, "-c", program], input=json.dumps(call), cwd=place, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Passed unknown parameter" not in done.stderr
    assert "By 1 March 2025, the claims" in told(place / "airflow-2025-03-01.ipynb")


# --- JupyterLab ------------------------------------------------------------------------------------------------------


@dataclass
class Server:
    """A running JupyterLab, and what one says to it."""

    address: str
    token: str
    process: psutil.Process

    def ask(self, path: str, body: object = None) -> dict:
        request = urllib.request.Request(
            f"{self.address}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@pytest.fixture
def server(tmp_path):
    """JupyterLab with its scheduler, in folders of its own, on a free port; nothing that it started is left."""
    need(find_spec("jupyter_scheduler"), "jupyter-scheduler is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex()
    folders = {f"JUPYTER_{name}_DIR": str(tmp_path / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    own = {"HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path / "ipython"), "JUPYTER_TOKEN": token, **folders}
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "report.ipynb", tmp_path / "notebooks")
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    with (tmp_path / "log").open("w") as log:
        started = psutil.Popen(
            [*command, "--ServerApp.port_retries=0", f"--ServerApp.root_dir={tmp_path / 'notebooks'}"],
            cwd=tmp_path, env=os.environ | own | {"SOURCE_DATE_EPOCH": str(int(FRESH.timestamp()))},
            stdout=log, stderr=log,
        )  # fmt: skip
    running = Server(f"http://127.0.0.1:{port}", token, started)
    family = [started]
    try:
        deadline = time.monotonic() + 60  # s; it takes three, and a busy machine is no fault
        while True:
            try:
                running.ask("api/status")
                break
            except (urllib.error.URLError, ConnectionError):
                assert time.monotonic() < deadline, (tmp_path / "log").read_text(encoding="utf-8")
                assert started.poll() is None, (tmp_path / "log").read_text(encoding="utf-8")
                time.sleep(0.1)
        yield running
    finally:
        if started.poll() is None:
            family += started.children(recursive=True)
            started.send_signal(signal.SIGTERM)
        _, alive = psutil.wait_procs(family, timeout=20)
        for process in alive:
            process.kill()
        psutil.wait_procs(alive, timeout=20)
    assert not alive, f"left behind: {alive}"


def test_jupyterlab_runs_the_job_and_leaves_the_notebook_in_its_data_folder(server, tmp_path):
    job = json.loads(JOB)
    job["parameters"]["max_draws"] = str(FEW)
    definition = server.ask("scheduler/job_definitions", job)["job_definition_id"]
    assert server.ask(f"scheduler/job_definitions/{definition}")["schedule"] == MORNING
    # Now, and not in the morning; the parameters are those of the definition.
    number = server.ask(f"scheduler/job_definitions/{definition}/jobs", {})["job_id"]
    deadline = time.monotonic() + 180  # s; it takes seven
    # A job that has not begun is called STOPPED.
    while (state := server.ask(f"scheduler/jobs/{number}"))["status"] not in {"COMPLETED", "FAILED"}:
        assert time.monotonic() < deadline, state
        time.sleep(0.2)
    assert state["status"] == "COMPLETED", (state, (tmp_path / "log").read_text(encoding="utf-8"))
    waiting = tmp_path / "data" / "scheduler_staging_area" / number
    notebook = next(path for path in waiting.glob("*.ipynb") if path.name != "report.ipynb")
    assert "By 1 March 2025, the claims" in told(notebook)
    assert [path.suffix for path in waiting.glob("*.html")] == [".html"]
