"""The page in a browser: it opens, labels are switched, sentences are jumped to, by mouse and by keyboard."""

import pytest

import spacy_hat

from ..support.browser import keep_screenshot, leave_out, open_page
from ..support.page_documents import HOSTILE, make_doc, make_explanations

pytestmark = pytest.mark.slow


def write_page(folder, *, repeat=8, labelled=False, **settings):
    doc = make_doc(repeat=repeat, labelled=labelled)
    page = folder / "page.html"
    html = spacy_hat.render(make_explanations(doc, **settings), page=True, title="Lease & roof <1>")
    page.write_text(html, encoding="utf8")
    return page


def all_of(driver, selector):
    return driver.find_elements("css selector", selector)


def one(driver, selector):
    return driver.find_element("css selector", selector)


def in_view(driver, element):
    script = "const r = arguments[0].getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight"
    return driver.execute_script(script, element)


def settle(driver):
    """Wait for smooth scrolling to end, 2 s at most."""
    driver.set_script_timeout(5)
    driver.execute_async_script(
        "const done = arguments[0]; let last = -1, still = 0, n = 0;"
        "const look = () => { still = scrollY === last ? still + 1 : 0; last = scrollY;"
        "(still > 5 || ++n > 100) ? done() : setTimeout(look, 20) }; look()"
    )


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
@pytest.mark.parametrize("labelled", [False, True], ids=["running", "labelled"])
def test_page_is_read_switched_and_jumped_in(tmp_path, phone, labelled):
    page = write_page(tmp_path, labelled=labelled)
    name = f"{'labelled' if labelled else 'running'}-{'phone' if phone else 'desk'}"
    with open_page(page, tmp_path / "profile", phone=phone) as driver:
        assert driver.title == "Lease & roof <1>"
        assert one(driver, "#heading").text == "Strongest sentences for TENANT"
        assert one(driver, "#top li .text").text == "The court finds for the tenant."
        keep_screenshot(driver, f"{name}-opened")
        # Nothing sticks out on either side.
        assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")

        all_of(driver, "#labels label")[1].click()
        assert one(driver, "#heading").text == "Strongest sentences for LANDLORD"
        assert "LANDLORD 7.0" in one(driver, "#note").text
        assert HOSTILE[:8] in one(driver, "#top li .text").text

        assert one(driver, "#heading-against").text == "Strongest sentences against LANDLORD"
        assert one(driver, "#bottom li .text").text == "The court finds for the tenant."
        assert "sentence 9" in one(driver, "#bottom li .score").text

        links = all_of(driver, "#top a")
        assert len(links) == 10
        target = one(driver, f"article {'#' + links[2].get_attribute('href').rpartition('#')[2]}")
        driver.execute_script("arguments[0].click()", links[2])
        settle(driver)
        assert in_view(driver, target)
        assert driver.switch_to.active_element == target
        assert one(driver, "#place").text == "3 of 10"
        assert [link.get_attribute("aria-current") for link in links].index("true") == 2
        keep_screenshot(driver, f"{name}-jumped")
        assert driver.get_log("browser") == []


def test_page_is_read_with_the_keyboard(tmp_path):
    from selenium.webdriver.common.keys import Keys

    with open_page(write_page(tmp_path), tmp_path / "profile") as driver:
        body = one(driver, "body")
        body.send_keys(Keys.TAB)
        assert driver.switch_to.active_element.text == "Skip to the document"
        driver.switch_to.active_element.send_keys(Keys.TAB)
        driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)
        assert one(driver, "#heading").text == "Strongest sentences for LANDLORD"
        for key, place in (("n", "1 of 10"), ("n", "2 of 10"), ("p", "1 of 10"), ("p", "10 of 10")):
            driver.switch_to.active_element.send_keys(key)
            assert one(driver, "#place").text == place
        settle(driver)
        assert in_view(driver, one(driver, ".current"))


def test_page_tells_without_colour(tmp_path):
    with open_page(write_page(tmp_path, repeat=1), tmp_path / "profile") as driver:
        style = "return getComputedStyle(document.querySelector(arguments[0])).textDecorationStyle"
        assert driver.execute_script(style, "#s9") == "solid"
        all_of(driver, "#labels label")[1].click()
        assert driver.execute_script(style, "#s9") == "dashed"
        assert one(driver, "#s4 .rank").text == "1"
        assert one(driver, "#s9").get_attribute("title") == "Sentence 9, LANDLORD: \u221235.0 points"


def test_page_runs_no_script_of_the_text_and_asks_no_other_address(tmp_path):
    with open_page(write_page(tmp_path), tmp_path / "profile") as driver:
        assert driver.title != "owned"
        assert HOSTILE in one(driver, "#s4").text
        assert driver.execute_script("return performance.getEntriesByType('resource').length") == 0


def test_page_is_dark_for_those_who_like_it(tmp_path):
    page = write_page(tmp_path)
    paper = "return getComputedStyle(document.body).backgroundColor"
    colours = []
    for dark in (False, True):
        with open_page(page, tmp_path / f"profile-{dark}", dark=dark) as driver:
            colours.append(driver.execute_script(paper))
            keep_screenshot(driver, "dark" if dark else "light")
    assert colours[0] != colours[1]


def test_page_in_a_frame_jumps_inside_it(tmp_path):
    outer = tmp_path / "notebook.html"
    frame = spacy_hat.render(make_explanations(make_doc(repeat=8)), jupyter=False)
    outer.write_text(f"<!doctype html><p>A notebook.</p>{frame}", encoding="utf8")
    with open_page(outer, tmp_path / "profile") as driver:
        address = driver.current_url
        driver.switch_to.frame(0)
        one(driver, "#top a").click()
        settle(driver)
        assert one(driver, "#place").text == "1 of 10"
        assert all_of(driver, "article .current")
        driver.switch_to.default_content()
        assert driver.current_url == address


def test_page_test_fails_where_a_browser_is_required_and_missing(monkeypatch):
    monkeypatch.setenv("SPACY_HAT_REQUIRE_BROWSER", "1")
    with pytest.raises(pytest.fail.Exception, match="SPACY_HAT_REQUIRE_BROWSER is set, but this test needs Chromium"):
        leave_out("needs Chromium")
