"""Exports to PostgreSQL: geometry, rights, other people's tables, and what goes wrong on the way to a server."""

import re
from urllib.parse import quote as escape

import pytest
from adbc_driver_postgresql import dbapi

from extract import export_command
from extract.databases.tables import MARK
from tests.conftest import one_error
from tests.made_workspace import make_workspace
from tests.postgres import PASSWORD, Server

pytestmark = pytest.mark.usefixtures("small_export")
COUNT = "SELECT count(*) FROM rasid.mentions"


@pytest.fixture
def store(tmp_path) -> str:
    return str(make_workspace(tmp_path / "made").folder)


@pytest.fixture
def address(postgis) -> str:
    rows(postgis, "DROP SCHEMA IF EXISTS rasid CASCADE")
    return postgis


@pytest.fixture(scope="module")
def plain(postgres_server) -> str:
    """The address of a database without PostGIS, for a user who may make schemas in it but no extension."""
    postgres_server.run("CREATE ROLE desk LOGIN")
    postgres_server.make_database("without_postgis", "GRANT CREATE ON DATABASE without_postgis TO desk")
    return postgres_server.address("without_postgis", "desk")


def export(store: str, address: str, *more: str) -> int:
    return export_command.main(["--store", store, "--to", address, *more])


def rows(address: str, sql: str) -> list[tuple]:
    with dbapi.connect(address, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall() if cursor.description else []


# Geometry


def test_points_are_geometry_with_its_system_and_index(store, address) -> None:
    assert export(store, address) == 0
    wrong = "SELECT count(*) FROM rasid.{} WHERE ST_SRID(geom) <> 4326 OR ST_X(geom) <> lon OR ST_Y(geom) <> lat"
    for table in ("places", "mentions"):
        assert rows(address, wrong.format(table)) == [(0,)]
        assert rows(address, f"SELECT count(geom) - count(lat) FROM rasid.{table}") == [(0,)]
        index = rows(
            address, f"SELECT indexdef FROM pg_indexes WHERE schemaname = 'rasid' AND indexname = '{table}_geom'"
        )
        assert "USING gist (geom)" in index[0][0]
    registered = "SELECT f_table_name, srid, type FROM geometry_columns WHERE f_table_schema = 'rasid' ORDER BY 1"
    found = [("mentions", 4326, "POINT"), ("mentions_on_map", 4326, "POINT")]
    assert rows(address, registered) == [*found, ("places", 4326, "POINT"), ("places_on_map", 4326, "POINT")]
    near = "SELECT place_id FROM rasid.places WHERE ST_DWithin(geom::geography, ST_MakePoint(13.2, 32.9)::geography, 90000)"
    assert sorted(rows(address, near)) == [("t:gharyan",), ("t:tripoli",)]


def test_tables_are_linked_and_indexed(store, address) -> None:
    export(store, address)
    constraints = rows(
        address, "SELECT conname, contype FROM pg_constraint WHERE conrelid = 'rasid.mentions'::regclass"
    )
    assert sorted(kind for _, kind in constraints) == ["f", "f", "p"]
    indexes = {name for (name,) in rows(address, "SELECT indexname FROM pg_indexes WHERE schemaname = 'rasid'")}
    assert {"mentions_place_id", "mentions_date", "mentions_role", "articles_date", "mentions_pkey"} <= indexes


def test_without_postgis_the_points_are_numbers_and_it_is_told(store, plain, postgres_server, caplog) -> None:
    assert export(store, plain) == 0
    assert "without PostGIS" in caplog.text
    assert "CREATE EXTENSION postgis" in caplog.text
    assert len(rows(plain, "SELECT latitude, longitude FROM rasid.mentions_on_map")) == 9
    assert rows(plain, "SELECT value FROM rasid.rasid WHERE key = 'geometry'") == [("none",)]
    before = rows(plain, "SELECT xmin, article_id FROM rasid.articles")
    postgres_server.run("CREATE EXTENSION postgis", "without_postgis")
    assert export(store, plain) == 0
    assert rows(plain, "SELECT count(geom) FROM rasid.mentions_on_map") == [(9,)]
    assert rows(plain, "SELECT xmin, article_id FROM rasid.articles") == before
    postgres_server.run("DROP EXTENSION postgis CASCADE", "without_postgis")
    assert export(store, plain) == 0
    assert rows(plain, "SELECT count(*) FROM rasid.mentions_on_map") == [(9,)]


def test_plain_makes_no_geometry(store, address) -> None:
    assert export(store, address, "--plain") == 0
    columns = "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'rasid' AND column_name = 'geom'"
    assert rows(address, columns) == [(0,)]


# Only what is ours, and only what changed


def test_rows_that_did_not_change_are_not_written_again(store, address, caplog) -> None:
    export(store, address)
    asked = (
        "SELECT 'a' || article_id, xmin FROM rasid.articles UNION ALL SELECT 'p' || place_id, xmin FROM rasid.places"
    )
    before = sorted(rows(address, asked))
    assert export(store, address) == 0
    assert sorted(rows(address, asked)) == before
    assert "0 articles new, 0 changed, 0 removed" in caplog.text


@pytest.mark.parametrize("schema", ["أخبار", 'a"b; DROP SCHEMA public CASCADE; --', "Desk 1"])
def test_a_schema_of_any_name_is_used(schema, store, address) -> None:
    assert export(store, address, "--schema", schema) == 0
    assert export(store, address, "--schema", schema) == 0
    quoted = '"' + schema.replace('"', '""') + '"'
    assert rows(address, f"SELECT count(*) FROM {quoted}.mentions_on_map") == [(9,)]


@pytest.mark.parametrize("schema", ["", "ا" * 40, "pg_desk"])
def test_a_schema_that_cannot_be_is_refused(schema, store, address, caplog) -> None:
    assert export(store, address, "--schema", schema) == 2
    assert "schema" in one_error(caplog)


def test_other_tables_in_the_schema_stay(store, address) -> None:
    export(store, address)
    rows(address, "CREATE TABLE rasid.notes AS SELECT article_id FROM rasid.articles")
    assert export(store, address) == 0
    assert len(rows(address, "SELECT * FROM rasid.notes")) == 3


@pytest.mark.parametrize("name", ["articles", "mentions_on_map", "rasid"])
def test_a_table_of_someone_else_is_not_touched(name, store, address, caplog) -> None:
    rows(address, "CREATE SCHEMA rasid")
    rows(address, f"CREATE TABLE rasid.{name} AS SELECT 7 AS mine")
    assert export(store, address) == 2
    assert f"{name} that no export made" in one_error(caplog)
    assert rows(address, f"SELECT mine FROM rasid.{name}") == [(7,)]
    assert rows(address, "SELECT count(*) FROM pg_tables WHERE schemaname = 'rasid'") == [(1,)]


@pytest.mark.parametrize(
    "damage",
    [
        "DROP TABLE rasid.mentions CASCADE",
        "DROP TABLE rasid.rasid",
        f"COMMENT ON TABLE rasid.rasid IS '{MARK.replace('layout 1', 'layout 0').replace(chr(39), chr(39) * 2)}'",
    ],
    ids=["mentions gone", "rasid gone", "former layout"],
)
def test_tables_that_are_not_as_they_should_be_are_made_anew(damage, store, address, caplog) -> None:
    export(store, address)
    rows(address, damage)
    assert export(store, address) == 0
    assert "made anew" in caplog.text
    assert rows(address, COUNT) == [(10,)]


def test_two_exports_at_once_do_not_mix(store, address, caplog) -> None:
    export(store, address)
    with dbapi.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('rasid export rasid', 0))")
        assert export(store, address) == 2
        assert "another export" in one_error(caplog)
    assert rows(address, COUNT) == [(10,)]


# What goes wrong


def through_tcp(server: Server, *, password: str, user: str = "postgres", database: str = "with_postgis") -> str:
    return f"postgresql://{user}:{escape(password, safe='')}@127.0.0.1:{server.port}/{database}"


def test_a_password_of_any_signs_opens_the_door(store, address, postgres_server, caplog) -> None:
    assert export(store, through_tcp(postgres_server, password=PASSWORD)) == 0
    assert PASSWORD not in caplog.text
    assert escape(PASSWORD, safe="") not in caplog.text


def test_a_password_in_the_environment_opens_the_door(store, address, postgres_server, monkeypatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert export(store, f"postgresql://postgres@127.0.0.1:{postgres_server.port}/with_postgis") == 0


def test_the_driver_can_encrypt(store, address, postgres_server, caplog) -> None:
    assert export(store, through_tcp(postgres_server, password=PASSWORD) + "?sslmode=require") == 2
    assert "server does not support SSL" in one_error(caplog)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong-s3cret"}, "password authentication failed"),
        ({"user": "nobody", "password": "wrong-s3cret"}, "password authentication failed"),
        ({"database": "none", "password": PASSWORD}, 'database "none" does not exist'),
    ],
)
def test_a_wrong_address_is_one_line_without_the_password(
    change, said, store, address, postgres_server, caplog
) -> None:
    assert export(store, through_tcp(postgres_server, **change)) == 2
    message = one_error(caplog)
    assert said in message
    assert change["password"] not in caplog.text
    assert re.match(r"postgresql://\w+@127\.0\.0\.1:\d+/\w+: cannot connect: ", message)


def test_a_server_that_is_not_there_is_one_line(store, postgres_server, caplog) -> None:
    assert export(store, "postgresql://desk:s3cret@127.0.0.1:1/news") == 2
    message = one_error(caplog)
    assert "Connection refused" in message
    assert "s3cret" not in caplog.text


def test_a_user_without_rights_is_told_so(store, address, postgres_server, caplog) -> None:
    postgres_server.run("CREATE ROLE guest LOGIN")
    assert export(store, postgres_server.address("with_postgis", "guest")) == 2
    assert "permission denied" in one_error(caplog)
    assert "right" in one_error(caplog)


def test_a_database_that_cannot_hold_arabic_is_refused(store, postgres_server, caplog) -> None:
    options = "ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
    assert export(store, postgres_server.make_database("latin", options=options)) == 2
    assert "LATIN1" in one_error(caplog)


def test_views_of_others_that_hang_on_ours_stop_a_remake_and_stay(store, address, caplog) -> None:
    export(store, address)
    rows(address, "CREATE VIEW public.mine AS SELECT * FROM rasid.places_on_map")
    rows(address, "DROP TABLE rasid.rasid")
    try:
        assert export(store, address) == 2
        assert "depend" in one_error(caplog)
        assert len(rows(address, "SELECT * FROM public.mine")) == 6
    finally:
        rows(address, "DROP VIEW public.mine")
