"""The config: one YAML file in, rules and settings out, or every problem at once.

    text -> yaml_nodes -> yaml_document   plain data, and where each piece stands
         -> check_phones, secrets         what the model could not point at any more
         -> salvage                       the model reads; what is broken is cut out
         -> rules, settings               the checks between keys, and the result

Whoever uses this package imports from here.
"""

from alertbridge.config.last_good import fallback, keep
from alertbridge.config.loading import UNREADABLE, Forgive, Loaded, load
from alertbridge.config.problems import ConfigError, Level, Problem
from alertbridge.config.schema import json_schema, markdown
from alertbridge.config.settings import (
    BasicAuthSettings,
    HeartbeatSettings,
    HmacSettings,
    LogSettings,
    ProviderSettings,
    ServerSettings,
    Settings,
    SourceSettings,
    StorageSettings,
)

__all__ = [
    "UNREADABLE",
    "BasicAuthSettings",
    "ConfigError",
    "Forgive",
    "HeartbeatSettings",
    "HmacSettings",
    "Level",
    "Loaded",
    "LogSettings",
    "Problem",
    "ProviderSettings",
    "ServerSettings",
    "Settings",
    "SourceSettings",
    "StorageSettings",
    "fallback",
    "json_schema",
    "keep",
    "load",
    "markdown",
]
