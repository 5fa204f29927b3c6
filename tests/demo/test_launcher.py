"""The launcher keeps the demo alive whatever dies, ends with nothing left behind, and finds everything again."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable

import psutil

from tests.demo.running import Demo, until


def test_says_where_everything_is_to_its_owner_alone(demo: Demo) -> None:
    summary = demo.summary()
    assert stat.S_IMODE((demo.folder / "demo.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((demo.folder / "secrets.json").stat().st_mode) == 0o600
    assert summary["base_domain"] == "clinic.test"
    assert summary["tenants"][0]["url"] == summary["base_url"].replace("//", "//north.")
    assert summary["tenants"][0]["users"][0]["role"] == "owner"
    assert set(summary["database"]) == {"app", "migrator", "superuser"}
    assert len(summary["pids"]["web"]) == 2
    assert len(summary["master_api_key"]) > 32


def test_serves_as_the_applications_role_from_the_processes_it_names(demo: Demo) -> None:
    assert demo.get("/who") == "clinic_app"
    assert int(demo.get("/")) in demo.pids["web"]


def test_the_web_processes_do_not_know_the_migrator(demo: Demo) -> None:
    word = demo.summary()["database"]["migrator"]
    secret = word.partition("@")[0].rpartition(":")[2]
    for pid in demo.pids["web"]:
        assert secret not in "".join(psutil.Process(pid).environ().values())


def test_a_killed_web_process_is_replaced_and_nobody_is_turned_away(demo: Demo) -> None:
    victim, *others = demo.pids["web"]
    answered: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            try:
                answered.append(demo.get("/"))
            except (ConnectionResetError, http.client.RemoteDisconnected):
                answered.append("cut off")  # it was being answered by the one that was killed

    visitor = threading.Thread(target=ask)
    visitor.start()
    until(lambda: len(answered) > 5)
    os.kill(victim, signal.SIGKILL)
    until(lambda: len(set(demo.pids["web"]) - {victim}) == 2)
    until(lambda: len(answered) > 50)
    stop.set()
    visitor.join()
    assert set(others) < set(demo.pids["web"])
    assert answered.count("cut off") <= 1


def test_whoever_comes_while_no_web_process_lives_is_answered_by_the_next(demo: Demo) -> None:
    before = demo.pids["web"]
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    assert int(demo.get("/")) not in before


def test_a_killed_worker_is_replaced(demo: Demo) -> None:
    victim = demo.pids["worker"]
    os.kill(victim, signal.SIGKILL)
    until(lambda: demo.pids["worker"] not in {victim, None})


def test_a_killed_database_comes_back_at_its_address_with_all_it_had(demo: Demo) -> None:
    before, starts = demo.summary(), demo.starts()
    os.kill(before["pids"]["postgres"], signal.SIGKILL)
    until(lambda: demo.pids["postgres"] not in {before["pids"]["postgres"], None})
    until(lambda: demo.get("/who") == "clinic_app")
    assert demo.summary()["database"] == before["database"]
    assert demo.starts() == starts


def test_a_second_launcher_on_the_same_folder_says_so(demo: Demo) -> None:
    second = Demo(demo.folder)
    assert f"already runs on {demo.folder} (process {demo.pids['launcher']})" in second.said()
    assert second.process.returncode == 1
    assert demo.get("/who") == "clinic_app"


def test_a_port_in_use_is_named(launch: Callable[..., Demo]) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        refused = launch(PORT=port)
        assert f"Port {port} on 127.0.0.1 cannot be used" in refused.said()
    assert refused.process.returncode == 1
    assert refused.leftovers() == []


def test_stops_at_a_word_and_starts_again_with_the_same_data(launch: Callable[..., Demo]) -> None:
    first = launch().opened()
    before = first.summary()
    answers: list[str] = []
    visitor = threading.Thread(target=lambda: answers.append(first.get("/slow")))
    visitor.start()
    time.sleep(0.3)
    assert first.end(signal.SIGTERM) == 0
    visitor.join()
    assert len(answers) == 1, "what was being answered is finished"
    assert first.leftovers() == []
    assert not (first.folder / "demo.json").exists()
    said = first.said()
    assert "http://north.clinic.test:" in said
    assert "a-demo-password" in said

    second = launch().opened()
    assert second.summary()["master_api_key"] == before["master_api_key"]
    assert second.summary()["database"] == before["database"]
    assert second.starts() == 2
    assert second.end(signal.SIGINT) == 0
    assert second.leftovers() == []


def test_a_killed_launcher_takes_everything_along_and_loses_nothing(launch: Callable[..., Demo]) -> None:
    first = launch().opened()
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    second = launch()  # at once, while the first one's database may still be ending
    until(lambda: second.process.poll() is not None or second.process.pid in read_pid(second))
    assert second.opened().starts() == 2
    assert {process.pid for process in second.leftovers()} >= set(second.pids["web"])
    assert first.process.pid not in {process.ppid() for process in second.leftovers()}
    second.end(signal.SIGTERM)
    assert second.leftovers() == []


def read_pid(demo: Demo) -> set[int]:
    """The launcher in ``demo.json``, which a killed one leaves behind until the next start."""
    try:
        return {demo.pids["launcher"]}
    except (OSError, ValueError):
        return set()


def test_two_demos_live_side_by_side(demo: Demo, launch: Callable[..., Demo]) -> None:
    other = launch().opened()
    assert other.summary()["database"]["app"] != demo.summary()["database"]["app"]
    assert demo.get("/who") == other.get("/who") == "clinic_app"
    assert other.end(signal.SIGTERM) == 0
    assert demo.get("/who") == "clinic_app"


def test_a_clinic_that_does_not_come_up_says_why_and_leaves_nothing(launch: Callable[..., Demo]) -> None:
    broken = launch(STUB="broken")
    assert "the stub is broken" in broken.said()
    assert broken.process.returncode == 1
    assert broken.leftovers() == []
