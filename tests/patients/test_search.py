"""One box for everything: names in any order, prefixes, a slip, phones, documents, dates, numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.core import db
from clinic.core.access import SYSTEM, Actor
from clinic.core.errors import Invalid
from clinic.patients import actions, queries, search
from tests.patients.people import REGISTER, enrol

NAMES = """
maria rodriguez                 maria
rodriguez maria                 maria
María Rodríguez                 maria
MARIA RODRIGUEZ                 maria
mar rod                         maria marta
rod mar                         maria marta
maría fernanda rodríguez gómez  maria
gomez fernanda                  maria
fern                            maria
gómez                           maria mario
gomez mario                     mario
ma go                           maria mario
m g                             maria mario
mari                            mario maria luz
rodriguez, maria                maria
rodríguez-gómez                 maria
  maria   gomez                 maria
cruz                            jose
de la cruz                      jose
delacruz                        jose
dela cruz                       jose
lacruz                          jose
pena jose                       jose
peña                            jose
oneil                           oneil
o'neil                          oneil
o’neil                          oneil
neil                            oneil
siobhan nanez                   oneil
ñañez                           oneil
o'neil-ñáñez                    oneil
王                              wang
王小                            wang
王小明                          wang
gross                           groß
groß                            groß
GROSS jurgen                    groß
jürgen                          groß
wu li                           li
li wu                           li
li                              li
wu                              li
😀                              emoji
иван                            ivan
петров иван                     ivan
пет                             ivan
quintero                        luz noelia
quintero luz                    luz
marina luz q                    luz
"""
SLIPS = """
mraia rodriguez                 maria
maira rodrigues                 maria
fernnada                        maria
fernada                         maria
fernandda                       maria
fernandx                        maria
rodrigez maria                  maria
rodrgiuez                       maria marta
gomes                           maria mario
qomez mario                     mario
gommez                          maria mario
quinteor                        luz noelia
quinter0                        -
xiomera                         xiomara
xioma                           xiomara
xiomx                           xiomara
gimenes                         gimenez
simenez                         gimenez xiomara
siobahn                         oneil
jurgne gross                    groß
luzz                            luz
lus                             luz
hose de la cruz                 jose
петорв                          ivan
rodxyguez                       -
mxyz                            -
"""
PHONES = """
+57 310 111 2233                maria
+573101112233                   maria
573101112233                    maria
0057 310 111 22 33              maria
310 111 2233                    maria
310-111-2233                    maria
(310) 111 22 33                 maria
3101112233                      maria
310111                          maria marta
310 111                         maria marta
31011122                        maria marta
+57 310                         maria marta
+573101112                      maria marta
57310111                        maria marta
2233                            maria
12233                           maria
112233                          maria
601 234 5678                    mario
(601) 2345678                   mario
345678                          mario wang groß
+353 87 123 4567                oneil
00353871234567                  oneil
87 1234567                      oneil
0871234567                      oneil
+49 151                         groß
0151 123                        groß
3118887766                      noelia
gomez 3101112233                maria
maria 2233                      maria
2233 maria                      maria
luz 2233                        -
3101112233 3101112234           -
310 111 9999                    -
"""
DOCUMENTS = """
1.020.304.050                   maria
1020304050                      maria
1 020 304 050                   maria
1-020-304-050                   maria
102030                          maria
cc 1020304050                   maria
CC 1.020.304.050                maria
ab123456k                       xiomara
AB 123456-K                     xiomara
AB-123.456.K                    xiomara
ab123                           xiomara
ab 123                          xiomara
ab                              xiomara
87654321                        luz
8765                            luz
rodriguez 1020304050            maria
quintero 87654321               luz
quintero 1020304050             -
1020304051                      -
"""
DATES = """
1980-11-23                      maria
23/11/1980                      maria
23.11.1980                      maria
23-11-1980                      maria
23/11/80                        maria
23 11 1980                      maria
19801123                        maria
23111980                        maria
1980/11/23                      maria
11/23/1980                      maria
03/11/1980                      marta
3/11/1980                       marta
3/11/80                         marta
28/2/19                         jose
2019-02-28                      jose
4/3/62                          mario
rodriguez 1980-11-23            maria
23/11/1980 maria                maria
gomez 4/3/1962                  mario
quintero 23/11/1980             -
31/02/1980                      -
1980-11-24                      -
"""
OTHERS = """
mafe.rodriguez@example.org      maria
MAFE.Rodriguez@Example.org      maria
mafe.rod@                       -
mafe.rodriguez@                 maria
mafe.rodriguez@ex               maria
mafe                            maria
jorge@example.org               gimenez
jorge                           gimenez
jorge@example.com               -
maria mafe.rodriguez@example.org  maria
zzz                             -
maria zzz                       -
maria wu                        -
"""


def table(text: str) -> Iterable[tuple[str, set[str]]]:
    for line in text.strip("\n").splitlines():
        typed, _, found = line.rpartition("  ")
        yield typed.rstrip() if typed.strip() else line, set(found.split()) - {"-"}


@pytest.mark.parametrize("lines", [NAMES, SLIPS, PHONES, DOCUMENTS, DATES, OTHERS])
def test_finds_whom_one_means(in_north: Any, lines: str) -> None:
    people = enrol()
    wrong = {}
    for typed, wanted in table(lines):
        rows, more = queries.find(typed, limit=20, by=SYSTEM)
        found = [people[row.id] for row in rows if row.id in people]
        if set(found) != wanted or len(found) != len(set(found)) or more:
            wrong[typed] = found
    assert wrong == {}


def test_finds_by_file_number(in_north: Any) -> None:
    people = enrol()
    for id in people:
        number = queries.patient(id, by=SYSTEM).file_number
        for typed in (f"#{number}", f"# {number}", f"#00{number}"):
            assert [row.id for row in queries.find(typed, limit=20, by=SYSTEM)[0]] == [id]
        assert queries.find(str(number), limit=20, by=SYSTEM)[0][0].id == id


@pytest.mark.parametrize(
    "typed", ["", " ", "\t\n", "()", "..", "@", "#", "+", "a" * 500, "1" * 500, "% _ \\ ' \""]
)
def test_nothing_typed_finds_nobody(in_north: Any, typed: str) -> None:
    enrol()
    assert queries.find(typed, limit=20, by=SYSTEM) == ([], None)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(max_size=40) | st.lists(st.text("0123456789 /.-+#()@'ab", max_size=9)).map(" ".join))
def test_whatever_is_typed_is_answered(in_north: Any, typed: str) -> None:
    typed = typed.replace("\x00", "").encode("utf-8", "ignore").decode()
    rows, _more = queries.find(typed, limit=3, by=SYSTEM)
    assert len(rows) <= 3


def test_whole_words_stand_before_longer_ones(in_north: Any) -> None:
    for name in ("Anabel Torres", "Ana Torres", "Anais Torres"):
        actions.create(fields={"full_name": name, "phone": "+573007770000"}, by=SYSTEM)
    rows, _more = queries.find("ana", limit=20, by=SYSTEM)
    assert [row.full_name for row in rows] == ["Ana Torres", "Anabel Torres", "Anais Torres"]


@pytest.mark.parametrize("typed", ["pil", "pilar", "pil pila", "30077700", "pilar 30077700", "3007"])
def test_pages_hold_everybody_once(in_north: Any, typed: str) -> None:
    wanted = {
        make(
            f"Pilar Pila{end} Pilz",
            phone=f"+5730077700{end:02}",
            email=f"pilar.{end}@example.org",
            document_type="CC",
            document_number=f"3007{end}",
        )
        for end in range(30)
    }
    found: list[Any] = []
    after: search.Place | None = None
    for _page in range(40):
        rows, after = queries.find(typed, limit=4, after=after, by=SYSTEM)
        found += [row.id for row in rows]
        if after is None:
            break
    assert sorted(found) == sorted(wanted)


def make(name: str, **fields: Any) -> Any:
    return actions.create(fields={"full_name": name, **fields}, by=SYSTEM).id


@pytest.mark.parametrize("place", [(9, 0, 0), (0, 9, 0), (0, 0, 9), (-1, 0, 0), (0, -1, 0), (0, 0, -1)])
def test_a_cursor_that_we_did_not_make_is_refused(in_north: Any, place: tuple[int, int, int]) -> None:
    with pytest.raises(Invalid) as refused:
        queries.find("ruiz", limit=1, after=(*place, "ruiz", in_north.carla), by=SYSTEM)
    assert refused.value.code == "invalid_cursor"


def test_a_changed_name_is_found_and_the_old_one_is_not(in_north: Any) -> None:
    actions.update(in_north.carla, changes={"full_name": "Carla Zubiría"}, by=SYSTEM)
    assert [row.id for row in queries.find("zubiria", limit=5, by=SYSTEM)[0]] == [in_north.carla]
    assert [row.id for row in queries.find("zubirai carla", limit=5, by=SYSTEM)[0]] == [in_north.carla]
    assert in_north.carla not in [row.id for row in queries.find("ruiz", limit=50, by=SYSTEM)[0]]


def test_a_word_goes_with_its_last_bearer(in_north: Any) -> None:
    def words() -> set[str]:
        found = db.rows("SELECT DISTINCT word FROM name_slip WHERE tenant_id = %(tenant)s")
        return {row.word for row in found}

    actions.update(in_north.carla, changes={"full_name": "Carla Zubiría"}, by=SYSTEM)
    assert {"zubiria", "ruiz"} <= words()
    actions.update(in_north.carla, changes={"full_name": "Carla Ruiz"}, by=SYSTEM)
    assert "zubiria" not in words()
    assert "ruiz" in words()


def test_the_neighbours_are_not_found(in_north: Any, south: Any) -> None:
    assert queries.find("pierre", limit=20, by=SYSTEM) == ([], None)
    assert queries.find("+33612345678", limit=20, by=SYSTEM) == ([], None)


def test_a_removed_patient_is_found_only_on_request(in_north: Any) -> None:
    actions.remove(in_north.carla, by=SYSTEM)
    assert queries.find("carla", limit=20, by=SYSTEM)[0] == []
    assert [row.id for row in queries.find("carla", limit=20, include_inactive=True, by=SYSTEM)[0]] == [
        in_north.carla
    ]


def test_a_doctor_finds_those_who_have_a_visit_with_them(in_north: Any) -> None:
    bose = Actor("user", in_north.bose_user, "doctor", doctor_id=in_north.bose)
    assert queries.find("carla", limit=20, by=bose)[0] == []
    visit(in_north.carla, in_north.bose)
    visit(in_north.dora, in_north.tok)
    assert [row.id for row in queries.find("ruiz", limit=20, by=bose)[0]] == [in_north.carla]
    stranger = Actor("user", in_north.bose_user, "doctor")
    assert queries.find("carla", limit=20, by=stranger)[0] == []


def test_a_patient_finds_nobody_else(in_north: Any) -> None:
    carla = Actor("user", in_north.carla, "patient", patient_id=in_north.carla)
    assert [row.id for row in queries.find("ruiz", limit=20, by=carla)[0]] == [in_north.carla]


@pytest.mark.parametrize("count", [3, 15])
def test_asks_as_much_for_many_as_for_few(in_north: Any, statements: Any, count: int) -> None:
    for end in range(count):
        actions.create(fields={"full_name": f"Pilar Pilz {end}", "phone": f"+5730077700{end:02}"}, by=SYSTEM)
    db.row("SELECT 1")  # the connection is there
    for typed, most in (("pilar", 1), ("pilar pilz", 2), ("pialr pilz", 4), ("30077700", 2)):
        with statements() as seen:
            rows, _more = queries.find(typed, limit=20, by=SYSTEM)
        assert len(rows) == count
        assert len(seen.queries) <= most, (typed, seen.queries)


def test_the_plan_is_index_scans(in_north: Any) -> None:
    enrol()
    sent: list[db.Statement] = []
    send = db.send

    def watched(*given: db.Statement) -> list[list[Any]]:
        sent.extend(given)
        return send(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "send", watched)
        queries.find("mraia rodriguez 23/11/1980", limit=20, by=SYSTEM)
        queries.find("maria gomez", limit=20, by=SYSTEM)
    db.send(("SET LOCAL enable_seqscan = off", {}))  # a handful of rows is read whole by any planner
    for sql, params in sent:
        plan = "\n".join(row[0] for row in db.rows(f"EXPLAIN {sql}", **params))
        assert "Seq Scan" not in plan, plan
        assert "patient_token" not in plan or "Index Only Scan" in plan, plan


def visit(patient_id: Any, doctor_id: Any) -> None:
    """A visit some day, as it stands in the table."""
    from clinic.core.ids import new_id

    db.send(
        (
            "INSERT INTO appointment (tenant_id, id, patient_id, doctor_id, date, timezone, status)"
            " VALUES (%(tenant)s, %(id)s, %(patient)s, %(doctor)s, '2026-01-05', 'America/Bogota', 'completed')",
            {"id": new_id(), "patient": patient_id, "doctor": doctor_id},
        )
    )


def test_everybody_in_the_register_can_be_found_by_every_word(in_north: Any) -> None:
    people = enrol()
    for id, name in people.items():
        row = queries.patient(id, by=SYSTEM)
        for word in row.full_name.split():
            rows, _more = queries.find(word, limit=50, by=SYSTEM)
            assert id in [found.id for found in rows], (name, word)
    assert len(people) == len(REGISTER)
