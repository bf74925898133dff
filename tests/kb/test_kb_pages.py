"""The pages of knowledge open in both languages, for everybody and for colleagues."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.help import articles as samples
from tests.help import factories as make

PUBLIC = [
    "/kb",
    "/kb?q=fridge",
    "/kb?q=nothinglikeit",
    "/kb?category=fault",
    "/kb/fridge-not-cold",
    "/kb/fridge-not-cold?language=en",
    "/kb/related?q=fridge",
]
DESK = [
    "/kb",
    "/kb?q=fridge",
    "/kb?view=ending",
    "/kb?lacks=en&visibility=public",
    "/kb/fridge-not-cold",
    "/kb/fridge-not-cold?language=both",
    "/kb/fridge-not-cold?revision=1",
    "/kb/public-draft",
    "/kb/public-review",
    "/kb/public-expired",
    "/kb/public-draft/edit",
    "/kb/new",
    "/kb/searches",
    "/kb/categories",
    "/kb/suggest?q=fridge+cool&language=en",
    "/kb?public=1",
]


@pytest.mark.parametrize("language", ["zh_Hans", "en"])
def test_every_page_for_customers_opens(client: FlaskClient, language: str) -> None:
    samples.article()
    for address in PUBLIC:
        joint = "&" if "?" in address else "?"
        assert client.get(f"{address}{joint}lang={language}").status_code == 200, address


@pytest.mark.parametrize("language", ["zh_Hans", "en"])
def test_every_page_of_the_desk_opens(client: FlaskClient, language: str) -> None:
    samples.article()
    samples.one_of_each()
    make.sign_in(client, make.agent("Chen Jie", "supervisor", language=language))
    for address in DESK:
        assert client.get(address).status_code == 200, address
