"""How the embedded server is set: silent about people, sure of its data in the demo, fast in the tests."""

from __future__ import annotations

import sys

# No value of a row and no parameter may get into the server's log (RULES §5).
SILENT = {
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "lc_messages": "C",
}
COMMON = {
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "jit": "off",  # every statement of ours is short
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_destination": "stderr",
    "logging_collector": "off",
}
if sys.platform == "linux":
    # After a crash the server first makes sure of its files: in one call here, not in one for each of a thousand.
    COMMON["recovery_init_sync_method"] = "syncfs"
# For tests: their data is gone with them, so nothing waits for the disk.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "30min",
}


def settings(host: str, port: int, *, fast: bool) -> dict[str, str]:
    """Every setting of a server at *host* and *port*."""
    return {"listen_addresses": host, "port": str(port), **COMMON, **SILENT, **(FAST if fast else {})}
