"""A headless Chromium, where the machine has one."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}


def leave_out(reason: str) -> NoReturn:
    """Skip the test, and say why; fail where SPACY_HAT_REQUIRE_BROWSER is set, as in CI.

    reason (str): What is missing, and how to get it.
    """
    if os.environ.get("SPACY_HAT_REQUIRE_BROWSER"):
        pytest.fail(f"SPACY_HAT_REQUIRE_BROWSER is set, but this test {reason}")
    pytest.skip(reason)


@contextmanager
def open_page(page: Path, profile: Path, *, phone: bool = False, dark: bool = False) -> Iterator[Any]:
    """Open a file, at the width of a desk or of a phone.

    page (Path): An HTML file.
    profile (Path): An empty folder for the browser.
    phone (bool): Whether it is a phone.
    dark (bool): Whether the reader likes it dark.
    YIELDS (Any): Selenium's driver.
    """
    if CHROMIUM is None or DRIVER is None:
        leave_out("needs Chromium: apt-get install chromium chromium-driver")
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium: pip install selenium")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in (*OPTIONS, f"--user-data-dir={profile}", "--window-size=1280,860"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        if phone:
            driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)
        if dark:
            scheme = [{"name": "prefers-color-scheme", "value": "dark"}]
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        driver.get(page.as_uri())
        yield driver
    finally:
        driver.quit()


def keep_screenshot(driver: Any, name: str) -> None:
    """Save what is seen into the folder that SPACY_HAT_SCREENSHOTS names, to be looked at; nowhere, if it is not set.

    driver (Any): Selenium's driver.
    name (str): Of the file, without its end.
    """
    if folder := os.environ.get("SPACY_HAT_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        driver.save_screenshot(str(Path(folder) / f"{name}.png"))
