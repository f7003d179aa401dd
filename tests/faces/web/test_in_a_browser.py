"""Every page in headless Chromium: no console error, no outside request, nothing wider than a phone."""

from __future__ import annotations

import json
import os
import shutil
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import uvicorn

from loopwright.faces.web import app

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    if not (CHROMIUM and DRIVER):
        reason = (
            "chromium and chromedriver are not installed (Debian: apt-get install chromium chromium-driver)"
        )
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-default-apps",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    driver.set_page_load_timeout(60)
    yield driver
    driver.quit()


class Site:
    """A dashboard that listens on a free port."""

    def __init__(self, library, *, actions=None):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        application = app(lambda: library, actions=actions)
        self.server = uvicorn.Server(uvicorn.Config(application, log_level="error", proxy_headers=False))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.listening]})

    def __enter__(self):
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.server.should_exit = True
        self.thread.join(timeout=20)
        self.listening.close()


class Foreign:
    """A page of somebody else on another port of this machine, with a form that leads to the dashboard."""

    def __init__(self, target):
        page = f'<form method="post" action="{target}/actions/promote"><input name="why" value="x"><button>Win</button>'

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("content-type", "text/html")
                self.end_headers()
                self.wfile.write(page.encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def site(library):
    with Site(library) as running:
        yield running


@pytest.fixture(scope="module")
def hostile_site(hostile_library):
    with Site(hostile_library) as running:
        yield running


def view(chromium, *, width, scheme="light"):
    chromium.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )
    size = {"width": width, "height": 850, "deviceScaleFactor": 1, "mobile": width < 500}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def requests_of(chromium):
    messages = (json.loads(entry["message"])["message"] for entry in chromium.get_log("performance"))
    return [
        one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"
    ]


def complaints(chromium, *, expected_404):
    entries = chromium.get_log("browser")
    return [one["message"] for one in entries if not (expected_404 and "404" in one["message"])]


def open_and_check(chromium, site, addresses, *, width):
    view(chromium, width=width)
    chromium.get_log("performance")
    for address in addresses:
        chromium.get(site.url + address)
        assert complaints(chromium, expected_404=address == "/nowhere") == [], address
        outside = [url for url in requests_of(chromium) if not url.startswith((site.url, "data:"))]
        assert outside == [], address
        # Not against innerWidth, which grows with the page on a phone.
        assert chromium.execute_script("return document.documentElement.scrollWidth") <= width, address


def test_no_page_complains_asks_outside_or_is_wider_than_a_phone(chromium, site, addresses):
    open_and_check(chromium, site, addresses, width=390)


def test_hostile_text_runs_nothing(chromium, hostile_site, hostile_addresses):
    open_and_check(chromium, hostile_site, hostile_addresses, width=390)


def test_no_live_page_complains_asks_outside_or_is_wider_than_a_phone(chromium, live_library, live_addresses):
    with Site(live_library) as running:
        open_and_check(chromium, running, live_addresses, width=390)


def test_hostile_text_on_live_pages_runs_nothing(chromium, hostile_live_library, hostile_live_addresses):
    with Site(hostile_live_library) as running:
        open_and_check(chromium, running, hostile_live_addresses, width=390)


def test_a_live_page_makes_itself_anew_until_it_is_told_not_to(chromium, lively):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    with Site(lively) as running:
        chromium.get(f"{running.url}/deployment")
        lively.time = "2026-05-06T10:11:12+00:00"
        waiting = WebDriverWait(chromium, 30)
        waiting.until(lambda page: "10:11:12 UTC" in page.find_element(By.CLASS_NAME, "refresh").text)
        chromium.find_element(By.LINK_TEXT, "stop refreshing").click()
        waiting.until(lambda page: page.current_url.endswith("?refresh=off"))
        assert chromium.find_elements(By.CSS_SELECTOR, "meta[http-equiv=refresh]") == []


def test_somebody_signs_in_approves_with_a_reason_and_signs_out(chromium, lively, acting):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    actions, waiting = acting(), WebDriverWait(chromium, 30)

    def send(**fields):
        for name, text in fields.items():
            chromium.find_element(By.ID, name).send_keys(text)
        chromium.find_element(By.CSS_SELECTOR, "form.stacked button").click()

    with Site(lively, actions=actions) as running:
        chromium.get(f"{running.url}/actions/approve")
        send(user="otto", password="otto's long password")
        waiting.until(lambda page: page.current_url == f"{running.url}/actions/approve")
        send(why="better by 0.02")
        waiting.until(lambda page: page.current_url == f"{running.url}/deployment")
        assert actions.done == [("approve", "otto", "better by 0.02")]
        assert chromium.execute_script("return document.cookie") == ""  # scripts see none
        chromium.find_element(By.CSS_SELECTOR, ".visitor button").click()
        waiting.until(lambda page: page.find_elements(By.LINK_TEXT, "Sign in"))


def test_a_form_on_another_port_of_this_machine_does_nothing(chromium, lively, acting):
    # To browsers every port of a machine is the same site: cookies go along, and only the origin tells.
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    actions, waiting = acting(), WebDriverWait(chromium, 30)
    with Site(lively, actions=actions) as running, Foreign(running.url) as foreign:
        chromium.get(f"{running.url}/login?next=/actions/promote")
        chromium.find_element(By.ID, "user").send_keys("otto")
        chromium.find_element(By.ID, "password").send_keys("otto's long password")
        chromium.find_element(By.CSS_SELECTOR, "form.stacked button").click()
        waiting.until(lambda page: page.current_url == f"{running.url}/actions/promote")
        chromium.get(foreign.url)
        chromium.find_element(By.TAG_NAME, "button").click()
        waiting.until(lambda page: "Forms are taken only from these pages" in page.page_source)
    assert actions.done == []


def test_dark_and_light_differ_and_text_can_be_read_in_both(chromium, site):
    colours = {}
    for scheme in ("light", "dark"):
        view(chromium, width=1280, scheme=scheme)
        chromium.get(site.url + "/")
        colours[scheme] = chromium.execute_script(
            "const s = e => getComputedStyle(e); const card = document.querySelector('.card');"
            "return [s(card).backgroundColor, s(document.body).color,"
            " s(document.querySelector('.muted')).color, "
            " s(document.querySelector('.badge.bad')).color, s(document.querySelector('main a')).color]"
        )
        background, *texts = colours[scheme]
        for text in texts:
            assert contrast(text, background) >= 4.5, (scheme, text, background)
    assert colours["light"] != colours["dark"]


def test_the_keyboard_reaches_the_content_first_and_its_focus_is_seen(chromium, site):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    view(chromium, width=1280)
    chromium.get(site.url + "/")
    chromium.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    focused = chromium.switch_to.active_element
    assert focused.text == "Skip to content"
    assert focused.value_of_css_property("outline-style") == "solid"
    focused.send_keys(Keys.ENTER)
    assert chromium.current_url.endswith("#content")


def contrast(first, second):
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
