"""The newest version of every article in a workspace, as streams of Arrow batches in the columns of the tables.

The parts are read a group at a time, so memory does not grow with the workspace but for some 50 bytes an article.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from extract.databases.errors import ExportError
from extract.databases.tables import ARTICLES, LAYOUT, MENTIONS, PLACES, Table
from extract.facts import PRECISION_SQL, FindRegions
from extract.parts import DAY_SQL, MENTION_SCHEMA, articles_name, complete_parts, files_sql, mentions_name, scan_sql
from extract.store import Workspace

# A group: some 50,000 mentions, enough for a scan to be fast.
GROUP_ARTICLES = 5_000
ARTICLE_ROWS, MENTION_ROWS = 500, 10_000
_ARROW = {
    "text": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}
# PostgreSQL refuses the character NUL in text, and other programs stop reading at it. One character stands for it, so
# that offsets stay true.
_NUL, _INSTEAD = "chr(0)", "chr(65533)"


@dataclass(frozen=True, slots=True)
class Difference:
    """How a snapshot differs from what a target holds; `gone` has the ids to delete there, also of changed articles."""

    added: int
    changed: int
    removed: int
    gone: pa.Table


def arrow_schema(table: Table) -> pa.Schema:
    """The table's columns as Arrow types."""
    return pa.schema([(column.name, _ARROW[column.kind]) for column in table.columns])


class Snapshot:
    """What one export writes. `nuls` counts the rows in which NUL characters were replaced, as they are read."""

    def __init__(self, workspace: Workspace, find_regions: FindRegions | None = None) -> None:
        self.nuls = 0
        self.about = _about(workspace)
        self._find_regions = find_regions
        self._storage = workspace.storage
        self._database = self._storage.connect()
        newest = workspace.newest()
        self._keys = [key for key, _, _ in complete_parts(self._storage)]
        self._choose(newest)

    def _choose(self, newest: pa.Table) -> None:
        """Tables `chosen`: id, version, day and part of every article; and `todo`: those of them that are to be read."""
        self._database.register("newest", newest)
        files = pa.table(
            {
                "part": pa.array(range(len(self._keys)), pa.int32()),
                "articles": pa.array(self._paths("articles"), pa.string()),
                "mentions": pa.array(self._paths("mentions"), pa.string()),
            }
        )
        self._database.register("given", files)
        self._run("CREATE TABLE files AS SELECT * FROM given")
        articles = "SELECT NULL::VARCHAR AS article_id, 0::BIGINT AS version, NULL::VARCHAR AS date, '' AS filename WHERE false"
        if self._keys:
            source = files_sql(self._paths("articles"), "filename = true")
            articles = f"SELECT article_id, version, date, filename FROM {source}"
        self._run(
            # The same version in two parts is the same article: one of them is read.
            f"CREATE TABLE chosen AS SELECT article_id, version, {_clean('article_id')} AS shown_id, min(part) AS part, "
            f"min({DAY_SQL}) AS day FROM ({articles}) a JOIN files f ON f.articles = a.filename "
            "JOIN newest USING (article_id, version) GROUP BY article_id, version"
        )
        self._run("CREATE TABLE todo AS SELECT * FROM chosen")
        self._database.unregister("newest")
        self._database.unregister("given")

    def _paths(self, kind: str, parts: Iterable[int] | None = None) -> list[str]:
        numbers = range(len(self._keys)) if parts is None else parts
        name = {"articles": articles_name, "mentions": mentions_name}[kind]
        return [self._storage.location(name(self._keys[number])) for number in numbers]

    def _run(self, sql: str) -> None:
        try:
            self._database.execute(sql)
        except (duckdb.Error, OSError) as error:
            raise _unreadable(self._storage.place, error) from error

    def leave_out(self, held: pa.Table) -> Difference:
        """Leave out of `articles` and `mentions` what a target holds: columns article_id and version."""
        self._database.register("given", held)
        self._run("CREATE OR REPLACE TABLE held AS SELECT article_id, version FROM given")
        self._database.unregister("given")
        known = "SELECT article_id FROM held"
        gone = self._database.sql(
            "SELECT article_id FROM held ANTI JOIN (SELECT shown_id AS article_id, version FROM chosen) "
            "USING (article_id, version)"
        ).to_arrow_table()
        self._run("DELETE FROM todo USING held WHERE todo.shown_id = held.article_id AND todo.version = held.version")
        changed, added = self._database.execute(
            f"SELECT count(*) FILTER (shown_id IN ({known})), count(*) FILTER (shown_id NOT IN ({known})) FROM todo"
        ).fetchone()
        return Difference(added, changed, gone.num_rows - changed, gone)

    def tables(self) -> Iterator[tuple[Table, Iterator[pa.RecordBatch]]]:
        """Every table with its rows, in the order in which they may point to each other."""
        yield PLACES, iter(self.places().to_batches())
        yield ARTICLES, self.articles()
        yield MENTIONS, self.mentions()

    def places(self) -> pa.Table:
        """All places, each as its newest mention has it."""
        columns = "place_id, place, place_en, feature, country, lat, lon, radius_km"
        scan = scan_sql([], MENTION_SCHEMA).replace("SELECT ", "SELECT '' AS filename, ", 1)
        if self._keys:
            scan = f"SELECT * FROM {files_sql(self._paths('mentions'), 'filename = true')}"
        self._run(
            "CREATE OR REPLACE TABLE spots AS SELECT * EXCLUDE (newest) FROM ("
            f"SELECT {columns}, max(m.version) AS newest FROM ({scan}) m JOIN files f ON f.mentions = m.filename "
            "JOIN chosen USING (article_id, version, part) WHERE place_id IS NOT NULL GROUP BY ALL) "
            f"QUALIFY row_number() OVER (PARTITION BY {_clean('place_id')} ORDER BY newest DESC, {columns}) = 1"
        )
        self._database.register("given", self._regions())
        renamed = {name: f"r.{name}" for name in ("region_id", "region", "region_en")}
        selected, _ = _selection(PLACES, renamed | {"name": "s.place", "name_en": "s.place_en"}, "s")
        found = self._database.sql(
            f"SELECT {selected} FROM spots s LEFT JOIN given r ON r.id = s.place_id ORDER BY s.place_id"
        ).to_arrow_table()
        self._database.unregister("given")
        return found.cast(arrow_schema(PLACES))

    def _regions(self) -> pa.Table:
        ids = [row[0] for row in self._database.execute("SELECT place_id FROM spots ORDER BY place_id").fetchall()]
        found = self._find_regions(ids) if self._find_regions and ids else {}
        names = ("id", "region_id", "region", "region_en")
        rows = [dict(zip(names, (place_id, *region), strict=True)) for place_id, region in found.items()]
        return pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in names]))

    def articles(self) -> Iterator[pa.RecordBatch]:
        """The articles with their texts, a group of parts after the other."""
        renamed = {"date": "t.day", "date_given": "a.date"}
        selected, with_nul = _selection(ARTICLES, renamed, "a")
        for parts in self._groups():
            yield from self._stream(
                f"SELECT {selected}, {with_nul} FROM {files_sql(self._paths('articles', parts), 'filename = true')} a "
                f"JOIN files f ON f.articles = a.filename JOIN todo t ON t.article_id = a.article_id "
                f"AND t.version = a.version AND t.part = f.part",
                ARTICLES,
                ARTICLE_ROWS,
            )

    def mentions(self) -> Iterator[pa.RecordBatch]:
        """The mentions of these articles, in the same order of groups; of two at one start the longer one."""
        renamed = {"date": "k.day", "precision": f"({PRECISION_SQL})"}
        selected, with_nul = _selection(MENTIONS, renamed, "m")
        for parts in self._groups():
            source = files_sql(self._paths("mentions", parts), "filename = true", "file_row_number = true")
            # First the rows to keep, by narrow columns; then their texts, which need not wait for one another.
            self._run(
                "CREATE OR REPLACE TABLE kept AS SELECT m.filename, m.file_row_number, t.day "
                f"FROM {source} m JOIN files f ON f.mentions = m.filename JOIN todo t ON t.article_id = m.article_id "
                f"AND t.version = m.version AND t.part = f.part QUALIFY row_number() OVER "
                '(PARTITION BY t.shown_id, m.start ORDER BY m."end" DESC, m.file_row_number) = 1'
            )
            yield from self._stream(
                f"SELECT {selected}, {with_nul} FROM {source} m JOIN kept k "
                "ON k.filename = m.filename AND k.file_row_number = m.file_row_number",
                MENTIONS,
                MENTION_ROWS,
            )

    def _groups(self) -> Iterator[list[int]]:
        group, size = [], 0
        for part, articles in self._database.execute(
            "SELECT part, count(*) FROM todo GROUP BY part ORDER BY part"
        ).fetchall():
            group.append(part)
            size += articles
            if size >= GROUP_ARTICLES:
                yield group
                group, size = [], 0
        if group:
            yield group

    def _stream(self, sql: str, table: Table, rows: int) -> Iterator[pa.RecordBatch]:
        schema = arrow_schema(table)
        try:
            for batch in self._database.sql(sql).to_arrow_reader(rows):
                self.nuls += batch.column(batch.num_columns - 1).true_count
                yield batch.select(range(batch.num_columns - 1)).cast(schema)
        except (duckdb.Error, OSError, pa.ArrowException) as error:
            raise _unreadable(self._storage.place, error) from error


def _clean(column: str) -> str:
    return f"replace({column}, {_NUL}, {_INSTEAD})"


def _selection(table: Table, renamed: Mapping[str, str], alias: str) -> tuple[str, str]:
    """The columns of the table from a part's, and whether any text among them has a NUL."""
    sources = {column.name: renamed.get(column.name, f'{alias}."{column.name}"') for column in table.columns}
    texts = [sources[column.name] for column in table.columns if column.kind == "text"]
    selected = ", ".join(
        f'{_clean(sources[c.name])} AS "{c.name}"' if c.kind == "text" else f'{sources[c.name]} AS "{c.name}"'
        for c in table.columns
    )
    return selected, f"({' OR '.join(f'coalesce(contains({text}, {_NUL}), false)' for text in texts)}) AS with_nul"


def about_rows(snapshot: Snapshot, counts: Mapping[str, int], geometry: str = "none") -> list[tuple[str, str]]:
    """The rows of the table ABOUT for an export done now; `counts` are the rows of each table."""
    exported_at = datetime.now(UTC).isoformat(timespec="seconds")
    about = snapshot.about | {"layout": LAYOUT, "exported_at": exported_at, "geometry": geometry}
    return sorted((about | {name: str(count) for name, count in counts.items()}).items())


def _about(workspace: Workspace) -> dict[str, str]:
    about = {"attribution": "; ".join(workspace.attribution), "workspace": workspace.fingerprint}
    about |= {f"version_{name}": str(value) for name, value in sorted(workspace.versions.items())}
    return {key.replace("\0", "\ufffd"): value.replace("\0", "\ufffd") for key, value in about.items()}


def _unreadable(place: str, error: Exception) -> ExportError:
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return ExportError(f"{place}: the workspace cannot be read ({first}); if it is being written to, export again")
