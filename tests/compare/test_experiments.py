"""The experiments see what is there."""

from __future__ import annotations

from compare.experiments.documentation import documentation
from compare.experiments.errors import error_types
from compare.experiments.lines import code_lines, lines
from compare.experiments.security import cookies, oauth2
from compare.experiments.versions import python_versions
from compare.experiments.views import templates


def test_flask_answers_its_own_errors_in_html_and_fastapi_in_json():
    shares = error_types()

    assert (shares["flask_html"], shares["flask_json"]) == (1, 0)
    assert shares["fastapi_html"] == 0
    assert shares["fastapi_json"] + shares["fastapi_text"] == 1


def test_both_declare_the_python_that_they_need():
    assert all(least >= 9 for least in python_versions().values())


def test_fastapi_asks_for_a_token_and_takes_any():
    assert oauth2() == {"fastapi_asks_for_tokens": 1, "fastapi_checks_tokens": 0}


def test_flask_notices_a_forged_cookie():
    assert cookies() == {"honest_cookie_accepted": 1, "tampered_cookie_accepted": 0}


def test_a_page_from_a_template_is_the_same_in_both():
    assert templates() == {"fastapi_same_page": 1}


def test_fastapi_describes_its_routes_and_flask_none():
    found = documentation()

    assert (found["fastapi_routes_described"], found["flask_routes_described"]) == (1, 0)
    assert found["fastapi_refusals_described"] < 1
    assert found["fastapi_hosts_needed"] > 0


def test_lines_are_counted_without_what_explains_them(tmp_path):
    (tmp_path / "file.py").write_text(
        '"""What it is."""\n\n# Why.\nx = 1\n\n\ndef f():\n    """Returns."""\n    return x\n'
    )

    assert code_lines(tmp_path / "file.py") == ["x = 1", "def f():", "    return x"]


def test_the_services_are_longer_than_hello():
    counted = lines()

    for name in ("fastapi", "flask"):
        assert counted[f"{name}_hello"] < counted[f"{name}_validated"] < counted[f"{name}_production"]
