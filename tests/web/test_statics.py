"""Static files keep for a year under an address that names their content."""

from pathlib import Path

from helpdesk.web.statics import release


def test_a_page_names_its_style_sheet_with_the_release(app, client):
    page = client.get("/no-such-page").get_data(as_text=True)
    address = f"/static/{app.extensions['helpdesk_release']}/css/helpdesk.css"
    assert address in page
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer.cache_control.immutable
    assert answer.cache_control.max_age == 31_536_000


def test_a_page_of_another_release_still_gets_its_files_but_keeps_none(client):
    answer = client.get("/static/0123456789ab/js/main.js")
    assert answer.status_code == 200
    assert answer.cache_control.max_age == 0
    assert not answer.cache_control.immutable


def test_a_missing_static_file_is_not_found(client):
    assert client.get("/static/x/js/none.js").status_code == 404
    assert client.get("/static/x/../settings.py").status_code == 404


def test_the_release_changes_with_any_of_our_files(tmp_path: Path):
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "a.css").write_text("a {}")
    first = release(tmp_path)
    (tmp_path / "css" / "a.css").write_text("b {}")
    assert release(tmp_path) != first
    assert len(first) == 12
