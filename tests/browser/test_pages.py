"""MLflow's pages of this checkout's study, and the report, in a headless Chromium.

`make test-browser` runs it, after `make repro`. Screenshots go to ``screens/``, to be looked at;
the pictures in ``docs/`` are three of them, 1,000 pixels wide.
"""

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote

import mlflow
import pytest
from selenium import webdriver

from bias_transfer.study import params as parameters
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import systems
from bias_transfer.tracking import runs

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
SCREENS = ROOT / "screens"
DESKTOP, PHONE = (1400, 1000), (390, 844)
PATIENCE = 60  # seconds
MODE = "&workflowType=machine_learning"  # as `make ui` says it: else pages for chat models


@pytest.fixture(scope="module")
def study():
    return parameters.load(ROOT / "params.yaml").study


@pytest.fixture(scope="module")
def published(study):
    """Current runs of the study by name."""
    mlflow.set_tracking_uri(f"sqlite:///{ROOT}/mlflow.db")
    found = {run.info.run_name: run for run in runs.current(study.name)}
    assert set(found) == {*systems(study), "report"}, "`make repro` first"
    return found


@pytest.fixture(scope="module")
def server(published):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "ui", "--port", str(port), "--workers", "1"]
    process = subprocess.Popen(  # noqa: S603 - our own server
        command,
        cwd=ROOT,
        env=os.environ | {"MLFLOW_TRACKING_URI": ""},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(PATIENCE * 10):
        try:
            urllib.request.urlopen(f"{url}/health", timeout=1)  # noqa: S310 - loopback
            break
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    yield url
    os.killpg(process.pid, 15)
    process.wait()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    needed = "Debian's packages chromium and chromium-driver are needed"
    assert driver, needed
    assert chromium, needed
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    quiet = (
        "disable-background-networking",
        "disable-component-update",
        "disable-sync",
        "no-first-run",
    )
    for flag in ("headless", "no-sandbox", "disable-gpu", "hide-scrollbars", *quiet):
        options.add_argument(f"--{flag}")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    chrome.set_window_size(*DESKTOP)
    SCREENS.mkdir(exist_ok=True)
    yield chrome
    chrome.quit()


def text(browser) -> str:
    return browser.execute_script("return document.body.innerText")


def wait_for(browser, *parts: str) -> None:
    for _ in range(PATIENCE * 2):
        missing = [part for part in parts if part not in text(browser)]
        if not missing:
            time.sleep(1)  # what comes after the words: pictures, column widths
            return
        time.sleep(0.5)
    keep(browser, "failed")
    raise AssertionError(f"{browser.current_url} does not show {missing}")


def close_assistant(browser) -> None:
    """MLflow's own help takes a quarter of the page."""
    for button in browser.find_elements(
        "css selector", '[data-component-id="mlflow.assistant.chat_panel.close"]'
    ):
        button.click()
        time.sleep(1)


def keep(browser, name: str) -> None:
    browser.save_screenshot(str(SCREENS / f"{name}.png"))


def test_table_of_runs_shows_every_system_and_its_gaps(browser, server, published, study):
    experiment = published["report"].info.experiment_id
    browser.get(f"{server}/#/experiments/{experiment}/runs?viewStateShareKey={study.name}{MODE}")
    wait_for(browser, *(name for name in published if name != "report"), "gender")
    close_assistant(browser)
    keep(browser, "runs")


def test_compare_page_puts_all_systems_side_by_side(browser, server, published):
    chosen = [run for name, run in published.items() if name != "report"]
    ids = quote(json.dumps([run.info.run_id for run in chosen]))
    experiments = quote(json.dumps([chosen[0].info.experiment_id]))
    browser.get(f"{server}/#/compare-runs?runs={ids}&experiments={experiments}")
    wait_for(browser, *(run.info.run_name for run in chosen), "gender_gap")
    keep(browser, "compare")


def test_report_opens_among_the_artifacts_of_its_run(browser, server, published, study):
    run = published["report"].info
    browser.get(
        f"{server}/#/experiments/{run.experiment_id}/runs/{run.run_id}/artifacts/report.html"
    )
    wait_for(browser, "report.html")
    for _ in range(PATIENCE * 2):
        for frame in browser.find_elements("tag name", "iframe"):
            browser.switch_to.frame(frame)
            shown = study.name in text(browser)
            browser.switch_to.default_content()
            if shown:
                time.sleep(1)
                keep(browser, "artifact")
                return
        time.sleep(0.5)
    keep(browser, "failed")
    raise AssertionError("the artifact viewer does not show the report")


def test_registered_model_shows_its_card(browser, server, study):
    name = f"bias-transfer-{study.students[0]}-{study.targets[1]}"
    version = mlflow.MlflowClient().get_model_version_by_alias(name, f"latest-{study.name}").version
    browser.get(f"{server}/#/models/{name}/versions/{version}?{MODE}")
    wait_for(browser, name, "Licences", "Limits")
    keep(browser, "model")


@pytest.mark.parametrize(("name", "size"), [("desktop", DESKTOP), ("phone", PHONE)])
def test_report_by_itself(browser, study, name, size):
    """Pictures are there, what is wider than the page scrolls in a box, and tables sort.

    Nothing is fetched.
    """
    path = ROOT / Layout(study).report("report.html")
    browser.get_log("browser")
    metrics = {
        "width": size[0],
        "height": size[1],
        "deviceScaleFactor": 1,
        "mobile": name == "phone",
    }
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(path.as_uri())
    wait_for(browser, study.name)
    keep(browser, f"report-{name}")
    assert browser.execute_script(
        "return [...document.images].every(i => i.naturalWidth > 0 && i.alt)"
    )
    assert browser.execute_script("return document.documentElement.scrollWidth") <= size[0]
    boxes = "[...document.querySelectorAll('.scroll')].filter(box => box.checkVisibility())"
    wide = browser.execute_script(f"return {boxes}.filter(b => b.scrollWidth > b.clientWidth + 1)")
    assert wide == browser.find_elements("css selector", ".scroll.wide")
    assert bool(wide) == (name == "phone")
    assert not browser.execute_script(
        "return performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:'))"
    )

    rows = "[...document.querySelectorAll('table')[0].tBodies[0].rows]"
    column = f"return {rows}.map(r => parseFloat(r.cells[3].innerText))"  # the estimates
    header = browser.find_elements("css selector", "table thead th")[3]
    header.click()
    once = browser.execute_script(column)
    header.click()
    assert sorted(once) in (once, once[::-1])
    assert browser.execute_script(column) == once[::-1]
    assert not browser.get_log("browser")

    whole = browser.execute_cdp_cmd(
        "Page.captureScreenshot", {"captureBeyondViewport": True, "format": "png"}
    )
    (SCREENS / f"report-{name}-whole.png").write_bytes(base64.b64decode(whole["data"]))
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_report_prints(browser, study):
    browser.get((ROOT / Layout(study).report("report.html")).as_uri())
    printed = base64.b64decode(
        browser.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})["data"]
    )
    (SCREENS / "report.pdf").write_bytes(printed)
    assert printed.startswith(b"%PDF")
    assert len(printed) > 100_000
