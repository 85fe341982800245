"""Pages and the Link header, as iP.1 describes them."""

import pytest

from alertbridge.simulator.gateway_page import cut_page

ROWS = list(range(120))


@pytest.mark.parametrize(
    ("query", "rows", "link"),
    [
        pytest.param(
            {},
            ROWS[:50],
            '<u?start=0&limit=50&order=ASC>; rel="self",'
            ' <u?start=0&limit=50&order=ASC>; rel="first",'
            ' <u?start=50&limit=50&order=ASC>; rel="next",'
            ' <u?start=100&limit=50&order=ASC>; rel="last"',
            id="first-page",
        ),
        pytest.param(
            {"start": "100"},
            ROWS[100:],
            '<u?start=100&limit=50&order=ASC>; rel="self",'
            ' <u?start=0&limit=50&order=ASC>; rel="first",'
            ' <u?start=50&limit=50&order=ASC>; rel="prev",'
            ' <u?start=100&limit=50&order=ASC>; rel="last"',
            id="last-page",
        ),
        pytest.param(
            {"limit": "200", "order": "desc"},
            ROWS[::-1],
            '<u?start=0&limit=200&order=DESC>; rel="self",'
            ' <u?start=0&limit=200&order=DESC>; rel="first",'
            ' <u?start=0&limit=200&order=DESC>; rel="last"',
            id="newest-first",
        ),
    ],
)
def test_a_page_and_its_links(
    query: dict[str, str], rows: list[int], link: str
) -> None:
    """`next` is absent on the last page: that is how a reader knows to stop."""
    page = cut_page(ROWS, query, "u")

    assert page is not None
    assert (list(page.rows), page.link) == (rows, link)


def test_the_loose_form_has_no_semicolon() -> None:
    """Some copies of the documentation print it so; a reader must take both."""
    page = cut_page(ROWS[:1], {}, "u", loose=True)

    assert page is not None
    assert page.link.startswith('<u?start=0&limit=50&order=ASC> rel="self"')


def test_an_empty_list_has_an_empty_page() -> None:
    """And no `next`."""
    page = cut_page(ROWS[:0], {}, "u")

    assert page is not None
    assert page.rows == ()
    assert "next" not in page.link
