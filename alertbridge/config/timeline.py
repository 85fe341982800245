"""Read a timeline: a YAML file in, steps in the order of time out, or every problem."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NoReturn

from alertbridge.config.duration import DurationError, parse_duration
from alertbridge.config.file_reading import Unreadable, read_regular
from alertbridge.config.loading import read_text
from alertbridge.config.problems import ConfigError, did_you_mean, one_of, shown
from alertbridge.config.problems import Path as DocumentPath
from alertbridge.config.report import Report
from alertbridge.config.salvage import Salvaged, salvage
from alertbridge.config.timeline_model import Event, PostEntry, Posting, TimelineFile
from alertbridge.config.timeline_steps import (
    Acknowledge,
    ClockStep,
    Fire,
    GatewayTurns,
    Mood,
    PostBody,
    Repeat,
    Resolve,
    Restart,
    Step,
    Timeline,
)
from alertbridge.config.timeline_times import (
    NotWritten,
    expand,
    read_at,
    read_start,
    read_step,
)
from alertbridge.config.yaml_document import read_document
from alertbridge.core.alert import Labels

AFTERWARDS = timedelta(hours=2)
"""How long after the last event to look on, if the timeline does not say."""

MOST_CHANGES = 20_000
"""How often what flaps may change."""

MAX_BODY = 32 * 1024 * 1024
"""Bytes of a body from a file, as many as the daemon takes by default."""


def read_timeline(
    path: Path, *, sources: Collection[str], providers: Collection[str]
) -> Timeline:
    """Read and check the timeline at *path*, for a config with these names.

    Raises:
        ConfigError: with every problem that was found, in the order of the file.
    """
    text, _ = read_text(path, "timeline", "name a timeline, see docs/simulate.md")
    report = Report(read_document(text, path.name))
    salvaged = salvage(report, TimelineFile, report.document.data)
    if salvaged is None:
        raise ConfigError(report.problems())
    reader = _Reader(report, salvaged, path.parent, tuple(sources), tuple(providers))
    timeline = reader.timeline()
    if report.has_errors or timeline is None:
        raise ConfigError(report.problems())
    return timeline


class _Reader:
    """Turns the model's events into steps, and complains where they stand."""

    def __init__(
        self,
        report: Report,
        salvaged: Salvaged[TimelineFile],
        folder: Path,
        sources: tuple[str, ...],
        providers: tuple[str, ...],
    ) -> None:
        self.report = report
        self.salvaged = salvaged
        self.folder = folder
        self.sources = sources
        self.providers = providers
        self.places: dict[int, DocumentPath] = {}

    def timeline(self) -> Timeline | None:
        model = self.salvaged.model
        try:
            start = read_start(model.start)
        except NotWritten as exc:
            self.report.error(("start",), exc.problem, exc.fix)
            return None
        posting = model.alertmanager
        source = posting.source or self.sources[0]
        self.known(("alertmanager", "source"), source, self.sources, "source")
        posting = posting.model_copy(update={"source": source})
        steps: list[Step] = []
        for number, event in enumerate(model.events):
            place = self.salvaged.place(("events", number))
            try:
                made = list(self.steps(event, place, posting, start))
            except NotWritten:
                continue
            self.places.update((id(step), place) for step in made)
            steps += made
        steps.sort(key=lambda step: step.at)
        if not self.report.has_errors:
            self.check_matches(steps)
        last = max((step.at for step in steps), default=start)
        end = last + AFTERWARDS if model.until is None else start + model.until
        if end < last:
            problem = "events come after it, and would not happen"
            self.report.error(("until",), problem, "write a longer one, or remove it")
        return Timeline(start=start, end=end, posting=posting, steps=tuple(steps))

    def steps(
        self, event: Event, place: DocumentPath, posting: Posting, start: datetime
    ) -> Iterator[Step]:
        try:
            at = read_at(event.at, start)
        except NotWritten as exc:
            self.refuse((*place, "at"), exc)
        source = event.source or str(posting.source)
        self.known((*place, "source"), source, self.sources, "source")
        if event.fire is not None or event.flap is not None:
            fire = Fire(
                at=at,
                alerts=self.alerts(
                    event, place, "fire" if event.flap is None else "flap"
                ),
                annotations=event.annotations,
                source=source,
                receiver=event.receiver or posting.receiver,
            )
            yield from self.flapping(fire, event, place) if event.flap else (fire,)
        elif event.resolve is not None:
            alerts = self.alerts(event, place, "resolve")
            yield Resolve(at=at, alerts=alerts, source=source)
        elif event.repeat is not None:
            yield Repeat(at=at, alerts=self.alerts(event, place, "repeat"))
        elif event.ack is not None:
            yield Acknowledge(
                at=at, alerts=self.alerts(event, place, "ack"), by=event.by
            )
        elif event.post is not None:
            body = self.body(event.post, (*place, "post"))
            yield PostBody(at=at, body=body, source=source)
        elif event.gateway is not None:
            yield self.gateway(event.gateway, event.provider, at, place)
        elif event.restart is not None:
            away = timedelta(0) if event.restart is True else event.restart
            yield Restart(at=at, away=away)
        elif event.clock is not None:
            try:
                yield ClockStep(at=at, by=read_step(event.clock))
            except NotWritten as exc:
                self.refuse((*place, "clock"), exc)

    def alerts(
        self, event: Event, place: DocumentPath, verb: str
    ) -> tuple[Labels, ...]:
        labels: dict[str, str] = getattr(event, verb)
        if verb in {"fire", "flap"} and not labels:
            nameless = NotWritten("an alert without labels", "write its alertname")
            self.refuse((*place, verb), nameless)
        try:
            return expand(labels)
        except NotWritten as exc:
            self.refuse((*place, verb), exc)

    def flapping(
        self, fire: Fire, event: Event, place: DocumentPath
    ) -> Iterator[Fire | Resolve]:
        assert event.every is not None
        assert event.lasts is not None
        if event.lasts // event.every > MOST_CHANGES:
            problem = f"it changes more than {MOST_CHANGES} times"
            self.refuse((*place, "every"), NotWritten(problem, "let it flap slower"))
        at, end, fires = fire.at, fire.at + event.lasts, True
        while at < end:
            if fires:
                yield replace(fire, at=at)
            else:
                yield Resolve(at=at, alerts=fire.alerts, source=fire.source)
            at, fires = at + event.every, not fires
        if not fires:
            yield Resolve(at=end, alerts=fire.alerts, source=fire.source)

    def gateway(
        self, text: str, provider: str | None, at: datetime, place: DocumentPath
    ) -> GatewayTurns:
        if provider is not None:
            self.known((*place, "provider"), provider, self.providers, "provider")
        word, _, more = text.partition(" ")
        if word not in set(Mood) or bool(more) != (word == Mood.SLOW):
            words = [mood.value for mood in Mood if mood is not Mood.SLOW]
            fix = did_you_mean(text, words, one_of([*words, '"slow 5s"']))
            problem = f"{shown(text)} is nothing a gateway can be"
            self.refuse((*place, "gateway"), NotWritten(problem, fix))
        try:
            seconds = parse_duration(more).total_seconds() if more else 0.0
        except DurationError as exc:
            self.refuse((*place, "gateway"), NotWritten(exc.problem, 'write "slow 5s"'))
        return GatewayTurns(at=at, provider=provider, mood=Mood(word), seconds=seconds)

    def body(self, post: PostEntry, place: DocumentPath) -> bytes:
        if post.file is None:
            return json.dumps(post.body).encode()
        content = read_regular(self.folder / post.file, MAX_BODY)
        if isinstance(content, Unreadable):
            problem = f"no body: {content.reason}"
            fix = "name a file beside the timeline"
            self.refuse((*place, "file"), NotWritten(problem, fix))
        return content.data

    def known(
        self, place: DocumentPath, name: str, names: tuple[str, ...], what: str
    ) -> None:
        if name not in names:
            fix = did_you_mean(name, names, one_of(names))
            self.report.error(place, f"no {what} {shown(name)} in the config", fix)

    def refuse(self, place: DocumentPath, why: NotWritten) -> NoReturn:
        self.report.error(place, why.problem, why.fix)
        raise why

    def check_matches(self, steps: list[Step]) -> None:
        """What nothing answers to is a misspelling, and would prove a wrong thing."""
        firing: dict[tuple[object, ...], Labels] = {}
        for step in steps:
            match step:
                case Fire():
                    for one in step.alerts:
                        firing[step.source, *sorted(one.items())] = one
                case Resolve() | Repeat() | Acknowledge():
                    source = step.source if isinstance(step, Resolve) else None
                    found = [
                        key
                        for key, labels in firing.items()
                        if source in {None, key[0]}
                        and any(has(labels, wanted) for wanted in step.alerts)
                    ]
                    if not found:
                        self.report.error(
                            self.places[id(step)],
                            "nothing that fires then has these labels",
                            "check the labels, and the times of the other events",
                        )
                    if isinstance(step, Resolve):
                        for key in found:
                            del firing[key]
                case _:
                    pass


def has(labels: Labels, wanted: Mapping[str, str]) -> bool:
    """Whether an alert has all these labels."""
    return wanted.items() <= labels.items()
