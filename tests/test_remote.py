"""Inputs and workspaces at addresses: a real S3 server on this machine, and fsspec's own memory."""

import os
import uuid

import boto3
import fsspec
import pytest
from moto.server import ThreadedMotoServer

from extract.articles import ArticleError
from extract.filters import Filters
from extract.inputs import Inputs
from extract.mentions import Article
from extract.remote import RemoteError, open_filesystem
from extract.run import read_into
from extract.storage import FolderStorage, open_storage
from extract.store import StoreError, Workspace
from tests.made_articles import make_folder, make_lines
from tests.made_workspace import ids_of, make_results, rows_of


@pytest.fixture(scope="module")
def server():
    made = ThreadedMotoServer("127.0.0.1", 0)
    made.start()
    host, port = made.get_host_and_port()
    yield f"http://{host}:{port}"
    made.stop()


@pytest.fixture
def bucket(server, monkeypatch, tmp_path):
    """The address of an empty bucket, which s3fs finds as it finds one of a cloud: by the environment."""
    settings = {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "made",
        "AWS_SECRET_ACCESS_KEY": "made",
        "AWS_DEFAULT_REGION": "us-east-1",
        "RASID_STORES": str(tmp_path / "cache"),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    name = f"made-{uuid.uuid4().hex[:8]}"
    boto3.client("s3").create_bucket(Bucket=name)
    yield f"s3://{name}"


@pytest.fixture
def memory(monkeypatch, tmp_path):
    monkeypatch.setenv("RASID_STORES", str(tmp_path / "cache"))
    return f"memory://{uuid.uuid4().hex}"


@pytest.fixture(params=["s3", "memory", "file"])
def address(request, tmp_path):
    """An empty folder of each kind."""
    if request.param == "file":
        return f"file://{tmp_path}/made"
    return request.getfixturevalue({"s3": "bucket", "memory": "memory"}[request.param]) + "/store"


def upload(folder, address):
    files, path = open_filesystem(address)
    for name in sorted(os.listdir(folder)):
        files.pipe_file(f"{path}/{name}", (folder / name).read_bytes())


def test_a_workspace_at_an_address_answers_as_one_in_a_folder(address, tmp_path):
    far, near = Workspace.create_or_open(address), Workspace.create_or_open(tmp_path / "near")
    for workspace in (far, near):
        assert workspace.add(make_results(), {"program": "test"}).added == 3
        assert workspace.add(make_results()).skipped == 3
    opened = Workspace.open(address)
    assert list(opened.rows(Filters(), placed=None)) == list(near.rows(Filters(), placed=None))
    assert opened.places(Filters()) == near.places(Filters())
    assert opened.article("a1") | {"version": 0} == near.article("a1") | {"version": 0}
    assert opened.passages(Filters(), "t:tripoli") == near.passages(Filters(), "t:tripoli")
    assert opened.totals(Filters(text="القوات")) == near.totals(Filters(text="القوات"))


def test_a_workspace_at_an_address_is_kept_in_order(address):
    workspace = Workspace.create_or_open(address)
    workspace.add(make_results())
    workspace.add([(Article("more", "نص"), [])])
    assert workspace.totals(Filters(text="القوات")).mentions == 5
    assert workspace.remove(["a1"]) == 1
    assert workspace.totals(Filters(text="القوات")).mentions == 0
    assert (workspace.compact().after, ids_of(workspace)) == (1, ["a2", "a3", "more"])
    names = {name.split("-")[0] for name, _, _ in open_storage(address).entries() if not name.startswith(".")}
    assert names == {"articles", "mentions", "workspace.json"}


def test_searches_of_a_far_workspace_leave_nothing_there(bucket, tmp_path):
    workspace = Workspace.create_or_open(f"{bucket}/store")
    workspace.add(make_results())
    before = workspace.storage.entries()
    assert workspace.totals(Filters(text="القوات")).mentions == 5
    assert workspace.storage.entries() == before
    assert list((tmp_path / "cache").rglob("search*.arrow"))


def test_articles_are_read_from_an_address_into_another(address, tmp_path, parser):
    (tmp_path / "in").mkdir()
    make_folder(tmp_path / "in", 3)
    make_lines(tmp_path / "in" / "x.jsonl", 4)
    (tmp_path / "in" / "y.txt").write_text(" ")
    (tmp_path / "in" / "picture.png").write_text("x")
    source = address.rpartition("/")[0] + "/news"
    if address.startswith("file"):
        os.mkdir(tmp_path / "news")
    upload(tmp_path / "in", source)
    far, near = Workspace.create_or_open(address), Workspace.create_or_open(tmp_path / "near")
    refused: list[ArticleError] = []
    counts = read_into(far, [source], parser=parser, refuse=refused.append)
    assert (counts.articles, counts.refused) == (7, 1), refused
    assert counts.bytes_read == counts.bytes_total > 0
    assert refused[0].path.endswith("/news/y.txt") and far.rejected()[0]["path"] == refused[0].path
    read_into(near, [tmp_path / "in"], parser=parser)
    assert rows_of(far) == rows_of(near)
    assert read_into(far, [source], parser=parser).skipped == 7


@pytest.mark.processes
def test_processes_read_and_write_at_addresses(bucket, tmp_path, parser):
    upload(make_folder(tmp_path / "in", 6), f"{bucket}/news")
    workspace = Workspace.create_or_open(f"{bucket}/store")
    assert read_into(workspace, [f"{bucket}/news"], parser=parser, workers=2).articles == 6
    assert len(ids_of(workspace)) == 6


def test_a_single_file_at_an_address_is_read(bucket, tmp_path, parser):
    upload(make_folder(tmp_path / "in", 2), f"{bucket}/news")
    workspace = Workspace.create_or_open(tmp_path / "store")
    read_into(workspace, [f"{bucket}/news/a0001.txt"], parser=parser)
    assert ids_of(workspace) == ["a0001"]


def test_an_address_without_files_is_told(bucket, memory):
    for address in (f"{bucket}/none", f"{memory}/none"):
        with pytest.raises(ArticleError, match="no such file or folder"):
            Inputs([address])


def test_a_bucket_that_is_not_there_is_told(bucket):
    with pytest.raises(StoreError, match="s3://no-such-bucket-at-all"):
        Workspace.create_or_open("s3://no-such-bucket-at-all/store")
    with pytest.raises(StoreError, match="no workspace"):
        Workspace.open(f"{bucket}/none")


def test_an_unknown_kind_of_address_is_told():
    with pytest.raises(RemoteError, match="nosuch://"):
        open_filesystem("nosuch://x/y")


def test_a_missing_package_is_told(monkeypatch):
    def missing(url):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", missing)
    with pytest.raises(RemoteError, match="pip install s3fs"):
        open_storage("s3://bucket/store")


def test_a_file_address_is_a_folder(tmp_path):
    assert isinstance(open_storage(f"file://{tmp_path}"), FolderStorage)
