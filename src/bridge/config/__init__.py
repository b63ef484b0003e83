"""The configuration file: which systems there are, how to reach them, where the store and the mappings lie.

Secrets stand in it by reference only. Everything wrong is reported at once, each with file:line:column.
"""

from bridge.config.reading import load_config
from bridge.config.values import Config, HistoryConfig, RunConfig, SyncConfig, SystemConfig

__all__ = ["Config", "HistoryConfig", "RunConfig", "SyncConfig", "SystemConfig", "load_config"]
