"""A spool that nobody drains, by what was seen waiting; times are seconds."""

from alertbridge.providers.spool_stall import LONGEST_REST, Stall


def test_a_file_that_waits_in_vain_stops_the_next() -> None:
    """It may wait for as long as it was said, and not longer."""
    stall = Stall(120)
    stall.see({"a"}, 0)

    assert stall.refusal(119.9) is None
    assert stall.stuck(120) == ("a",)
    refusal = stall.refusal(120)
    assert refusal is not None
    assert "1 file waits and none has left for 120 s" in refusal


def test_a_long_queue_that_moves_is_no_stall() -> None:
    """Sixty pages at six seconds each: the last waits six minutes, and all is well."""
    stall = Stall(120)
    waiting = {f"{index:02}" for index in range(60)}
    stall.see(waiting, 0)

    for index in range(60):
        assert stall.refusal(index * 6.0) is None
        waiting.discard(f"{index:02}")
        stall.see(waiting, index * 6.0)


def test_a_queue_that_moved_once_is_stuck_from_then_on() -> None:
    """What left long ago excuses nothing."""
    stall = Stall(120)
    stall.see({"a", "b"}, 0)
    stall.see({"b"}, 100)

    assert stall.refusal(219) is None
    assert stall.refusal(220) is not None


def test_what_we_take_back_does_not_count_as_drained() -> None:
    """Nobody has dealt with it: nothing is let through until the next trial."""
    stall = Stall(120)
    stall.see({"a", "b"}, 0)

    stall.take_back(stall.stuck(120), 120)
    stall.see(set(), 130)

    assert stall.stuck(1000) == ()
    assert stall.refusal(239) is not None
    assert stall.refusal(240) is None


def test_one_message_at_a_time_is_the_trial() -> None:
    """A page must not wait behind a trial that may come to nothing."""
    stall = Stall(120)
    stall.see({"a"}, 0)
    stall.take_back({"a"}, 120)

    stall.add("trial", 240)

    refusal = stall.refusal(241)
    assert refusal is not None
    assert "on trial" in refusal


def test_a_trial_that_leaves_ends_the_stall() -> None:
    """Everything is let through again, and the next stall rests as the first did."""
    stall = Stall(120)
    stall.see({"a"}, 0)
    stall.take_back({"a"}, 120)
    stall.add("trial", 240)

    stall.see(set(), 250)

    assert stall.refusal(250) is None
    stall.see({"b"}, 260)
    stall.take_back(stall.stuck(380), 380)
    assert stall.refusal(499) is not None
    assert stall.refusal(500) is None


def test_trials_of_a_spool_that_stays_dead_become_rarer() -> None:
    """Each costs a page two minutes: they double up to half an hour, and no further."""
    stall, at, rests = Stall(120), 0.0, list[float]()
    for _ in range(7):
        stall.add("page", at)
        at += 120
        stall.take_back(stall.stuck(at), at)
        began = at
        while stall.refusal(at) is not None:
            at += 60
        rests.append(at - began)

    assert rests == [120, 240, 480, 960, 1800, LONGEST_REST, LONGEST_REST]


def test_what_was_added_during_a_look_is_not_gone() -> None:
    """The look ended before the file was there, and was told of after."""
    stall = Stall(120)
    stall.see({"a"}, 0)
    stall.take_back({"a"}, 120)
    stall.add("trial", 240.5)

    stall.see(set(), 240)

    refusal = stall.refusal(241)
    assert refusal is not None
    assert "on trial" in refusal


def test_what_was_taken_back_during_a_look_is_not_there_again() -> None:
    """Or its going away would look like a modem that works."""
    stall = Stall(120)
    stall.see({"a"}, 0)
    stall.take_back({"a"}, 120)

    stall.see({"a"}, 119)
    stall.see(set(), 121)

    assert stall.refusal(130) is not None


def test_a_name_may_come_again() -> None:
    """The same page under the same reference, once more: it counts as any other."""
    stall = Stall(120)
    stall.see({"a"}, 0)
    stall.take_back({"a"}, 120)
    stall.add("a", 240)

    stall.see({"a"}, 241)
    stall.see(set(), 250)

    assert stall.refusal(250) is None
