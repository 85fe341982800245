"""The fixed words of a text, in the languages people are paged in.

Every word is in the GSM alphabet: our own words never turn a text into UCS-2. So French
does without the lower-case c-cedilla and every circumflex.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """A language we have words in."""

    ENGLISH = "en"
    SWEDISH = "sv"
    GERMAN = "de"
    FRENCH = "fr"


@dataclass(frozen=True, slots=True)
class Counted:
    """A word that is counted: as it reads after 1, and after more."""

    one: str
    many: str

    def of(self, amount: int) -> str:
        """Say how many: `1 reminder`, `2 reminders`."""
        return f"{amount} {self.one if amount == 1 else self.many}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one language; `{}` is where a number or a span goes.

    Those in capitals begin a text or a line, and say its state.
    """

    critical: str
    firing: str
    still_firing: str
    escalated: str
    resolved: str
    over: str
    low: str
    worse: str
    late: str
    flapping: str
    flapped: str
    until_it_settles: str
    silent: str
    since: str
    after: str
    unnamed: str
    ourselves: str
    no_data: str
    source_error: str
    more: str
    more_next: str
    not_shown: str
    used_up: str
    used_up_of: str
    wait: str
    unreadable: str
    oversized: str
    nothing: str
    count_firing: Counted
    count_critical: Counted
    count_escalated: Counted
    count_reminders: Counted
    count_resolved: Counted
    count_over: Counted
    count_alerts: Counted
    months: tuple[str, ...]


WORDS: Mapping[Language, Words] = {
    Language.ENGLISH: Words(
        critical="CRITICAL",
        firing="FIRING",
        still_firing="STILL FIRING",
        escalated="ESCALATED",
        resolved="RESOLVED",
        over="over:",
        low="low",
        worse="worse",
        late="late {}",
        flapping="flapping x{}",
        flapped="flapped x{}",
        until_it_settles="no more texts until it settles",
        silent="source silent",
        since="since",
        after="after {}",
        unnamed="unnamed alert",
        ourselves="alertbridge itself:",
        no_data="no data",
        source_error="data source error",
        more="+{} more",
        more_next="+{} more next",
        not_shown="+{} not shown by the source",
        used_up="Budget used up: only critical alerts until {}",
        used_up_of="Budget of {} used up: only its critical alerts until {}",
        wait="+{} wait",
        unreadable="+{} unreadable",
        oversized="oversized group",
        nothing="alertbridge: a page without content",
        count_firing=Counted("firing", "firing"),
        count_critical=Counted("critical", "critical"),
        count_escalated=Counted("escalated", "escalated"),
        count_reminders=Counted("reminder", "reminders"),
        count_resolved=Counted("resolved", "resolved"),
        count_over=Counted("over", "over"),
        count_alerts=Counted("alert", "alerts"),
        months=(
            *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
            *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        ),
    ),
    Language.SWEDISH: Words(
        critical="KRITISKT",
        firing="LARM",
        still_firing="LARM KVARSTÅR",
        escalated="ESKALERAT",
        resolved="ÅTERSTÄLLT",
        over="redan över:",
        low="låg",
        worse="värre",
        late="{} sent",
        flapping="flappar x{}",
        flapped="flappade x{}",
        until_it_settles="inga fler SMS förrän det lugnat sig",
        silent="källan tyst",
        since="sedan",
        after="efter {}",
        unnamed="larm utan namn",
        ourselves="alertbridge självt:",
        no_data="inga data",
        source_error="fel i datakällan",
        more="+{} till",
        more_next="+{} i nästa SMS",
        not_shown="+{} visas ej av källan",
        used_up="Budgeten slut: bara kritiska larm till {}",
        used_up_of="Budgeten för {} slut: bara dess kritiska larm till {}",
        wait="+{} väntar",
        unreadable="+{} oläsbara",
        oversized="för stor grupp",
        nothing="alertbridge: ett larm utan innehåll",
        count_firing=Counted("aktivt", "aktiva"),
        count_critical=Counted("kritiskt", "kritiska"),
        count_escalated=Counted("eskalerat", "eskalerade"),
        count_reminders=Counted("påminnelse", "påminnelser"),
        count_resolved=Counted("återställt", "återställda"),
        count_over=Counted("redan över", "redan över"),
        count_alerts=Counted("larm", "larm"),
        months=(
            *("jan", "feb", "mars", "april", "maj", "juni"),
            *("juli", "aug", "sep", "okt", "nov", "dec"),
        ),
    ),
    Language.GERMAN: Words(
        critical="KRITISCH",
        firing="ALARM",
        still_firing="ALARM HÄLT AN",
        escalated="ESKALIERT",
        resolved="BEHOBEN",
        over="schon vorbei:",
        low="niedrig",
        worse="schlimmer",
        late="{} verspätet",
        flapping="flattert x{}",
        flapped="flatterte x{}",
        until_it_settles="keine SMS mehr, bis es sich beruhigt",
        silent="Quelle stumm",
        since="seit",
        after="nach {}",
        unnamed="Alarm ohne Namen",
        ourselves="alertbridge selbst:",
        no_data="keine Daten",
        source_error="Datenquelle gestört",
        more="+{} weitere",
        more_next="+{} in der nächsten SMS",
        not_shown="+{} von der Quelle nicht gezeigt",
        used_up="Budget verbraucht: nur kritische Alarme bis {}",
        used_up_of="Budget von {} verbraucht: davon nur kritische Alarme bis {}",
        wait="+{} warten",
        unreadable="+{} unlesbar",
        oversized="Gruppe zu groß",
        nothing="alertbridge: ein Alarm ohne Inhalt",
        count_firing=Counted("aktiv", "aktiv"),
        count_critical=Counted("kritisch", "kritisch"),
        count_escalated=Counted("eskaliert", "eskaliert"),
        count_reminders=Counted("Erinnerung", "Erinnerungen"),
        count_resolved=Counted("behoben", "behoben"),
        count_over=Counted("vorbei", "vorbei"),
        count_alerts=Counted("Alarm", "Alarme"),
        months=(
            *("Jan", "Feb", "März", "Apr", "Mai", "Juni"),
            *("Juli", "Aug", "Sep", "Okt", "Nov", "Dez"),
        ),
    ),
    Language.FRENCH: Words(
        critical="CRITIQUE",
        firing="ALERTE",
        still_firing="TOUJOURS EN ALERTE",
        escalated="ESCALADE",
        resolved="RÉSOLU",
        over="déjà fini:",
        low="faible",
        worse="aggravé",
        late="retard {}",
        flapping="oscille x{}",
        flapped="a oscillé x{}",
        until_it_settles="aucun SMS avant stabilisation",
        silent="source muette",
        since="depuis",
        after="après {}",
        unnamed="alerte sans nom",
        ourselves="alertbridge, interne:",
        no_data="pas de données",
        source_error="source en erreur",
        more="+{} autres",
        more_next="+{} au prochain SMS",
        not_shown="+{} omises par la source",
        used_up="Budget épuisé: seulement les alertes critiques jusqu'au {}",
        used_up_of="Budget de {} épuisé: seulement ses alertes critiques jusqu'au {}",
        wait="+{} en attente",
        unreadable="+{} illisibles",
        oversized="groupe trop gros",
        nothing="alertbridge: une alerte sans contenu",
        count_firing=Counted("active", "actives"),
        count_critical=Counted("critique", "critiques"),
        count_escalated=Counted("escaladée", "escaladées"),
        count_reminders=Counted("rappel", "rappels"),
        count_resolved=Counted("résolue", "résolues"),
        count_over=Counted("déjà finie", "déjà finies"),
        count_alerts=Counted("alerte", "alertes"),
        months=(
            *("janv", "févr", "mars", "avril", "mai", "juin"),
            *("juil", "aout", "sept", "oct", "nov", "déc"),
        ),
    ),
}
"""Every language has every word; a test walks them."""
