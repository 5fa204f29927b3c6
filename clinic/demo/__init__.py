"""The demo: everything that ``make demo`` and the tests need and a real installation does not.

What lives here: the embedded database server (``postgres``), who it runs as (``account``), the launcher that keeps a
whole clinic running from one command (``launcher``), and the demo's people and visits (``seed``).

Words: a *launcher* starts processes and starts them again when they die; what it made once (secrets, ports) is *kept*
in ``DATA_DIR``. Rules: nothing outlives the launcher, not even when it is killed; nothing is lost when anything is
killed; a second start finds the same clinic; no rule of the clinic is written here, only its verbs are called.
"""
