"""Rule 5: is a post without news a repeat, or a copy of one?"""

from datetime import UTC, datetime, timedelta

import pytest

from alertbridge.core.alert import PostReason
from alertbridge.core.plan import LastPost, Post
from alertbridge.core.planning import classify

NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
WINDOW = timedelta(minutes=20)


def ago(minutes: float, repeated: float | None = None) -> LastPost:
    """The previous post, and the previous repeat, so many minutes ago."""
    return LastPost(
        NOW - timedelta(minutes=minutes),
        None if repeated is None else NOW - timedelta(minutes=repeated),
    )


CASES: dict[str, tuple[PostReason | None, LastPost | None, bool, Post]] = {
    "news": (None, ago(30), True, Post.NEWS),
    "news, whatever the reason": (PostReason.REPEAT, ago(30), True, Post.NEWS),
    "no reason, first post": (None, None, False, Post.COPY),
    "no reason, peer 2 s later": (None, ago(2 / 60), False, Post.COPY),
    "no reason, just inside the window": (None, ago(19.99), False, Post.COPY),
    "no reason, window over": (None, ago(20), False, Post.REPEAT),
    "repeat, first post": (PostReason.REPEAT, None, False, Post.REPEAT),
    "repeat, post but no repeat before": (
        PostReason.REPEAT,
        ago(1),
        False,
        Post.REPEAT,
    ),
    "repeat, peer 2 s later": (PostReason.REPEAT, ago(0, 2 / 60), False, Post.COPY),
    "repeat, the next one": (PostReason.REPEAT, ago(0, 5), False, Post.REPEAT),
    **{
        f"other reason: {reason}": (reason, ago(240), False, Post.COPY)
        for reason in PostReason
        if reason is not PostReason.REPEAT
    },
}


@pytest.mark.parametrize(
    ("reason", "last_post", "news", "expected"), CASES.values(), ids=CASES.keys()
)
def test_a_post_is_news_a_repeat_or_a_copy(
    reason: PostReason | None, last_post: LastPost | None, news: bool, expected: Post
) -> None:
    """A given reason is believed; without one the time since the last post decides."""
    found = classify(reason, last_post, news=news, repeat_window=WINDOW, now=NOW)

    assert found is expected
