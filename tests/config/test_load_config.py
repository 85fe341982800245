"""What a config that loads becomes: rules to decide by, settings to run on."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from alertbridge.config import ConfigError, Loaded, ProviderSettings, load
from alertbridge.core.ack import AckRule
from alertbridge.core.matcher import Matcher, Op
from alertbridge.core.recipient import ReceiverName, RecipientName
from alertbridge.core.severity import Severity
from alertbridge.stores.sqlite_mailbox import SENT_WINDOW

LoadText = Callable[..., Loaded]

PEOPLE = """\
sources: [{name: alertmanager, type: alertmanager}]
providers:
  - {name: main, type: gateway, token: {env: TOKEN}, limit: 7}
  - {name: backup, type: printer}
recipients:
  anna: {phones: ["+46701740605", "+46701740606"], timezone: Europe/Stockholm}
  bo: {phones: ["+46701740607"], send_resolved: false}
phone_lists:
  sre: [bo, "+46701740606", "+46701740610", anna]
route:
  receiver: sre
  repeat_interval: 2h
  routes:
    - matchers: ['team=~"db|web", severity="critical"', '{env!="test"}']
      receiver: dba
      continue: true
      routes: [{match: {job: a}, match_re: {host: "x.*"}, repeat_interval: 30m}]
    - active_time_intervals: [day]
receivers:
  - {name: sre, phone_lists: [sre], recipients: [anna], phones: ["+46701740607"]}
  - {name: dba, phones: ["+46701740611"], send_resolved: false}
time_intervals:
  - name: day
    time_intervals: [{times: [{start_time: 08:00, end_time: 17:00}]}]
"""


@pytest.fixture
def loaded(load_text: LoadText) -> Loaded:
    """The config above."""
    return load_text(PEOPLE)


def names(loaded: Loaded, receiver: str) -> list[str]:
    """Whom a receiver names."""
    return list(loaded.rules.receivers[ReceiverName(receiver)].recipients)


def test_each_person_of_a_receiver_is_named_once_in_order(loaded: Loaded) -> None:
    """Anna is on the list by her number first; she is one person all the same."""
    assert names(loaded, "sre") == ["bo", "anna", "+46701740610"]


def test_a_bare_number_of_nobody_is_its_own_recipient(loaded: Loaded) -> None:
    """It has a name, a phone, and the defaults."""
    recipient = loaded.rules.recipients[RecipientName("+46701740611")]

    assert recipient.phones == ("+46701740611",)
    assert recipient.where == "alertbridge.yaml:21"


def test_rules_say_where_they_stand(loaded: Loaded) -> None:
    """`history` names the line that made somebody hear."""
    routes = [route.where for route in loaded.rules.tree.root.walk()]

    assert routes == [f"alertbridge.yaml:{line}" for line in (10, 14, 17, 18)]
    assert loaded.rules.receivers[ReceiverName("sre")].where == "alertbridge.yaml:20"
    assert loaded.rules.recipients[RecipientName("bo")].where == "alertbridge.yaml:7"


def test_a_route_inherits_receiver_and_repeat_interval(loaded: Loaded) -> None:
    """Receiver and reminders go down the tree; time intervals do not."""
    dba, day = loaded.rules.tree.root.children
    (deep,) = dba.children

    assert (dba.receiver, deep.receiver, day.receiver) == ("dba", "dba", "sre")
    assert dba.repeat_interval == timedelta(hours=2)
    assert deep.repeat_interval == timedelta(minutes=30)
    assert (deep.id, day.active, deep.active) == ("0/0", ("day",), ())


def test_matchers_are_read_in_every_form(loaded: Loaded) -> None:
    """Comma lists, braces, and the old maps."""
    dba = loaded.rules.tree.root.children[0]

    assert dba.matchers == (
        Matcher("team", Op.MATCH, "db|web"),
        Matcher("severity", Op.EQUAL, "critical"),
        Matcher("env", Op.NOT_EQUAL, "test"),
    )
    assert dba.children[0].matchers == (
        Matcher("job", Op.EQUAL, "a"),
        Matcher("host", Op.MATCH, "x.*"),
    )


def test_providers_keep_their_order_and_their_options(loaded: Loaded) -> None:
    """Options arrive as the model they were checked with, the secret followed."""
    first, second = loaded.settings.providers

    assert loaded.rules.providers == ("main", "backup")
    assert isinstance(first, ProviderSettings)
    options = first.options.model_dump()
    assert (options["limit"], options["token"].reveal()) == (7, "canary-4711")
    assert second.type == "printer"


def test_meta_alerts_go_to_the_root_receiver_unless_told(
    loaded: Loaded, load_text: LoadText
) -> None:
    """Without `meta` the root's people hear about us."""
    told = load_text(PEOPLE + "meta: {receiver: dba}\n")

    assert loaded.rules.meta_receiver == "sre"
    assert told.rules.meta_receiver == "dba"


def test_the_version_changes_with_the_text(loaded: Loaded, load_text: LoadText) -> None:
    """Even a comment makes another version; the same text the same one."""
    assert load_text(PEOPLE).rules.version == loaded.rules.version
    assert load_text(PEOPLE + "# x\n").rules.version != loaded.rules.version


def test_severities_compare_without_case(minimal: str, load_text: LoadText) -> None:
    """`Sev1` in the config is `sev1` in a label."""
    loaded = load_text(minimal + "severity: {label: prio, critical: [Sev1]}\n")

    assert loaded.rules.severity.classify({"prio": "SEV1"}) is Severity.CRITICAL


def test_the_numbers_of_the_rules(minimal: str, load_text: LoadText) -> None:
    """Pace, time to live, segments and the repeat window arrive where they count."""
    loaded = load_text(
        minimal
        + "pace: {limit: 9, window: 5m, kept_for_critical: 1}\n"
        + "time_to_live: {critical: 8h, high: none, low: 10m}\n"
        + "segments: {critical: 3, other: 1}\nrepeat_window: 1h\n"
    )

    rules = loaded.rules
    assert (rules.pace.limit, rules.pace.kept_for_critical) == (9, 1)
    assert rules.pace.window == timedelta(minutes=5)
    assert rules.time_to_live.of(Severity.CRITICAL) == timedelta(hours=8)
    assert rules.time_to_live.of(Severity.HIGH) is None
    assert rules.budget.of(Severity.CRITICAL) == 3
    assert rules.repeat_window == timedelta(hours=1)


def test_how_texts_end_arrives_where_texts_are_composed(
    minimal: str, load_text: LoadText
) -> None:
    """Nothing by default; the address without links is nobody's business."""
    address = "https://alertbridge.example.org"
    server = f"server: {{external_url: {address}/}}\n"
    links = "ack: {codes: true, links: true, link_lifetime: 2d}\n"

    assert load_text(minimal + server).rules.ack == AckRule()
    assert load_text(minimal + server + links).rules.ack == AckRule(
        codes=True, address=address, link_lifetime=timedelta(days=2)
    )


def test_the_longest_window_is_one_that_the_store_can_count(
    load_text: LoadText, minimal: str
) -> None:
    """What was sent before the store's look back would not count against the cap."""
    rules = load_text(minimal + "pace: {window: 1h}\n").rules

    assert rules.pace.window == SENT_WINDOW


def test_a_source_called_page_may_be_of_that_type(
    load_text: LoadText, minimal: str
) -> None:
    """So `alertbridge page` can be given credentials of its own."""
    text = minimal.replace(
        "{name: alertmanager, type: alertmanager}", "{name: page, type: page}"
    )

    assert [source.type for source in load_text(text).settings.sources] == ["page"]


def test_what_a_source_must_carry(minimal: str, load_text: LoadText) -> None:
    """All that is set arrives, each secret followed; one and a list are the same."""
    loaded = load_text(
        minimal.replace(
            "{name: alertmanager, type: alertmanager}",
            "{name: a, type: page, authorization: {credentials: {env: TOKEN}}},"
            "{name: b, type: page, basic_auth: {username: u, password: {env: TOKEN}}},"
            "{name: c, type: page, hmac: {secret: [{env: TOKEN}, {credential: token}],"
            " timestamp_header: X-T}},"
            "{name: d, type: page},"
            "{name: e, type: page, authorization: {type: ApiKey, credentials:"
            " {env: TOKEN}}}",
        )
    )

    bearer, basic, signed, unguarded, keyed = loaded.settings.sources
    assert [token.reveal() for token in bearer.tokens] == ["canary-4711"]
    assert (bearer.scheme, keyed.scheme) == ("Bearer", "ApiKey")
    assert basic.basic is not None
    assert basic.basic.password.reveal() == "canary-4711"
    assert signed.hmac is not None
    assert len(signed.hmac.secrets) == 2
    assert signed.hmac.timestamp_header == "X-T"
    assert [source.is_open for source in loaded.settings.sources] == [
        *[False] * 3,
        True,
        False,
    ]
    assert unguarded.name == "d"


def test_a_guarded_source_may_be_reached_from_elsewhere(
    minimal: str, load_text: LoadText
) -> None:
    """Only an open one binds us to loopback."""
    loaded = load_text(
        minimal.replace(
            "type: alertmanager}",
            "type: alertmanager, authorization: {credentials: {env: TOKEN}}}",
        )
        + 'server: {listen: "[::]:10876"}\n'
    )

    assert not loaded.settings.server.listen.is_loopback


@pytest.mark.parametrize(
    "listen", ["127.0.0.1:1", "localhost:1", '"[::1]:1"', "127.9.9.9:1"]
)
def test_an_open_source_may_be_on_loopback(
    listen: str, minimal: str, load_text: LoadText
) -> None:
    """Every name of this very machine counts."""
    loaded = load_text(minimal + f"server: {{listen: {listen}}}\n")

    assert loaded.settings.server.listen.is_loopback


def test_the_store_is_an_absolute_path(minimal: str, load_text: LoadText) -> None:
    """All that follows the two slashes is the path."""
    loaded = load_text(minimal + "storage: {url: sqlite:///srv/a b/x.db}\n")

    assert loaded.settings.storage.path == Path("/srv/a b/x.db")


def test_nothing_shown_holds_a_secret(loaded: Loaded) -> None:
    """A config in a traceback or a debug log gives nothing away."""
    assert "canary-4711" not in repr(loaded)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """It is told like any other problem."""
    with pytest.raises(ConfigError) as caught:
        load(
            tmp_path / "no.yaml",
            provider_types={},
            source_types=(),
            environ={},
        )

    assert str(caught.value) == (
        "no.yaml:1:1: document: no config: there is no such file; "
        "name the config with --config.file"
    )


def test_text_that_is_not_utf_8_is_told_with_its_place(tmp_path: Path) -> None:
    """The line and the byte that an editor must look at."""
    path = tmp_path / "a.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")

    with pytest.raises(ConfigError) as caught:
        load(path, provider_types={}, source_types=(), environ={})

    assert str(caught.value) == (
        "a.yaml:2:4: document: not UTF-8 text; save the file as UTF-8"
    )


def test_a_file_that_everybody_may_change_is_warned_of(
    minimal: str, load_text: LoadText
) -> None:
    """Whoever may write it may redirect every page; a mode must not end them."""
    loaded = load_text(minimal, mode=0o666)

    assert [str(warning) for warning in loaded.warnings] == [
        "alertbridge.yaml:1:1: document: everybody may change this file; chmod o-w it"
    ]


def test_the_last_good_copy_finds_the_secrets_of_the_original(
    tmp_path: Path, load_text: LoadText, minimal: str
) -> None:
    """Relative files start from where the operator's file is."""
    etc = tmp_path / "etc"
    etc.mkdir()
    token = etc / "gateway.token"
    token.write_text("from a file")
    token.chmod(0o600)

    loaded = load_text(
        minimal.replace("{env: TOKEN}", "{file: gateway.token}"), secrets_from=etc
    )

    options = loaded.settings.providers[0].options.model_dump()
    assert options["token"].reveal() == "from a file"
