"""The server from outside: its headers, whose names it goes by, what files it gives, who may see the page, whom it calls."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import tomllib
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest
from joserfc import jwk, jwt
from playwright.sync_api import expect
from streamlit import config
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.in_app import again, open_app
from tests.in_browser import Reader
from tests.made_workspace import make_workspace
from tests.serving import PROJECT, dashboard, free_port
from views.headers import host_is_allowed, map_policy, page_policy
from views.login import is_let_in

STATIC = PROJECT / "static"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("serving") / "store"
    make_workspace(folder)
    return folder


@pytest.fixture(scope="module")
def port(store, tmp_path_factory):
    # From another folder, as a service starts it: the settings beside dashboard.py hold all the same.
    with dashboard(store, folder=tmp_path_factory.mktemp("elsewhere")) as (port, _):
        yield port


def ask(port, path, method="GET", body=None, **headers):
    """(status, headers, body) of a request as raw as http.client lets it be."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in ({"Host": f"localhost:{port}"} | {k.replace("_", "-"): v for k, v in headers.items()}).items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body or b"")))
    connection.endheaders(body)
    answer = connection.getresponse()
    found = answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read()
    connection.close()
    return found


def policy(text):
    return {part.split()[0]: part.split()[1:] for part in text.split("; ")}


# Headers


@pytest.mark.parametrize(
    "path",
    ["/", "/app/static/leaflet/leaflet.js", "/_stcore/health", "/static/css/none.css"],
)
def test_every_answer_carries_the_strict_policy(port, path):
    status, headers, _ = ask(port, path)
    assert status == 200
    rules = policy(headers["content-security-policy"])
    assert (
        rules["default-src"] == ["'none'"] and rules["object-src"] == ["'none'"] and rules["connect-src"] == ["'self'"]
    )
    assert "'unsafe-inline'" not in rules["script-src"] and "'unsafe-eval'" not in rules["script-src"]
    assert rules["frame-ancestors"] == ["'self'"] and rules["base-uri"] == ["'none'"]
    assert not any("http" in value or "*" in value for values in rules.values() for value in values)
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["referrer-policy"] == "same-origin" and headers["cross-origin-opener-policy"] == "same-origin"


def test_only_the_map_frame_may_run_text_and_ask_for_tiles(port, monkeypatch):
    _, headers, _ = ask(port, "/component/streamlit_folium.st_folium/index.html")
    rules = policy(headers["content-security-policy"])
    assert rules["script-src"] == ["'self'", "'unsafe-inline'", "'unsafe-eval'"]
    assert rules["img-src"][-1] == "https://tile.openstreetmap.org" and rules["connect-src"] == ["'self'"]
    monkeypatch.setenv("RASID_TILES", "off")
    assert "http" not in map_policy() and "http" not in page_policy()


def test_refused_and_missing_paths_carry_it_as_well(port):
    for path in ("/../x", "/app/static/none.js", "/media/none.html", "/component/none/x.js"):
        status, headers, _ = ask(port, path)
        assert status >= 400 and "default-src 'none'" in headers["content-security-policy"], path


def test_media_open_as_nothing(port):
    _, headers, _ = ask(port, "/media/none.html")
    assert headers["content-security-policy"].startswith("sandbox;")


# Names


@pytest.mark.parametrize(
    "name", ["evil.example", "localhost.evil.example", "", "127.0.0.1.evil.example:80", "a@localhost", "x y"]
)
def test_other_names_are_refused(port, name):
    assert ask(port, "/", Host=name)[0] == 421
    assert ask(port, "/_stcore/health", Host=name)[0] == 421


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST:8501", "127.0.0.1:1", "[::1]:8501"])
def test_own_names_are_answered(port, name):
    assert ask(port, "/", Host=name)[0] == 200


def test_names_may_be_set(monkeypatch):
    monkeypatch.setattr(config, "get_option", lambda name: ["*.example.org", "rasid"])
    assert host_is_allowed("a.example.org:443") and host_is_allowed("rasid")
    assert not host_is_allowed("example.org") and not host_is_allowed("localhost") and not host_is_allowed(None)
    monkeypatch.setattr(config, "get_option", lambda name: [])
    assert host_is_allowed("anything")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Host": "evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
)
def test_other_sites_get_no_web_socket(port, headers):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        asked = {"Host": f"localhost:{port}", "Upgrade": "websocket", "Connection": "Upgrade"} | headers
        asked |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in asked.items())
        line.sendall(f"GET /_stcore/stream HTTP/1.1\r\n{lines}\r\n".encode())
        assert b" 403 " in line.recv(200).split(b"\r\n")[0] + b" "


def test_own_page_gets_its_web_socket(port):
    with connect(
        f"ws://localhost:{port}/_stcore/stream", origin=f"http://localhost:{port}", subprotocols=["streamlit"]
    ):
        pass
    with pytest.raises(InvalidStatus):
        connect(f"ws://localhost:{port}/_stcore/stream", origin="http://evil.example")


def test_uploads_need_a_session_and_its_token(port):
    for method in ("PUT", "DELETE"):
        status, _, body = ask(port, "/_stcore/upload_file/none/none", method, b"x", Origin="http://evil.example")
        assert status in (400, 403), body
    status, headers, _ = ask(port, "/_stcore/upload_file/none/none", "OPTIONS", Origin="http://evil.example")
    assert headers.get("access-control-allow-origin") not in ("*", "http://evil.example")


def test_agent_interface_is_off(port):
    status, _, body = ask(port, "/_stcore/agent/interact", "POST", b"{}", Content_Type="application/json")
    assert status in (403, 404) and b"session" not in body.lower().replace(b"sessions", b"")


# Files


TRAVERSALS = (
    "../.streamlit/config.toml",
    "..%2f.streamlit%2fconfig.toml",
    "%2e%2e/%2e%2e/etc/passwd",
    "..%252f..%252fetc/passwd",
    "....//....//etc/passwd",
    "..\\..\\etc\\passwd",
    "..%5c..%5cetc%5cpasswd",
    "%2fetc%2fpasswd",
    "/etc/passwd",
    "//etc/passwd",
    "fonts/../../dashboard.py",
    "leaflet/%2e%2e/%2e%2e/requirements.txt",
    "x%00/../../etc/passwd",
    "file:///etc/passwd",
    ".",
    "",
    "leaflet/",
)
SECRETS = (b"root:", b"[server]", b"import streamlit", b"streamlit==")


@pytest.mark.parametrize(
    "prefix", ["/app/static/", "/static/", "/component/views.timeline.rasid_timeline/", "/media/", "/"]
)
@pytest.mark.parametrize("path", TRAVERSALS)
def test_no_path_leads_out(port, prefix, path):
    status, _, body = ask(port, prefix + path)
    assert not any(secret in body for secret in SECRETS)
    assert status >= 300 or b'<div id="root">' in body or b"<title>Timeline</title>" in body, (status, body[:80])


@pytest.mark.parametrize("made", ["file", "folder"])
def test_links_in_the_static_folder_lead_nowhere(port, tmp_path, made):
    (tmp_path / "secret.txt").write_text("root: secret")
    link = STATIC / f"test-link-{os.getpid()}-{made}"
    link.symlink_to(tmp_path / "secret.txt" if made == "file" else tmp_path)
    try:
        path = f"/app/static/{link.name}" + ("" if made == "file" else "/secret.txt")
        status, _, body = ask(port, path)
        assert status >= 400 and b"secret" not in body
    finally:
        link.unlink()


def test_articles_and_store_are_no_files_of_the_server(port, store):
    for name in ("workspace.json", next(store.glob("*.parquet")).name):
        for prefix in ("/app/static/", "/store/", f"/app/static/{store}/", f"/{store}/"):
            assert b"PAR1" not in ask(port, prefix + name)[2] and b'"format"' not in ask(port, prefix + name)[2]


# Settings, and what is asked of others


def test_settings_keep_the_server_at_home(tmp_path):
    script = (
        "import sys, json; from streamlit import config; config._main_script_path = sys.argv[1];"
        "config.get_config_options(force_reparse=True);"
        "print(json.dumps({name: config.get_option(name) for name in sys.argv[2:]}))"
    )
    names = ["server.address", "browser.gatherUsageStats", "server.enableCORS", "server.enableXsrfProtection"]
    names += ["server.allowedHosts", "server.enableAgentApi", "server.maxUploadSize", "browser.serverAddress"]
    command = [sys.executable, "-c", script, str(PROJECT / "dashboard.py"), *names]
    out = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, text=True).stdout
    local = ["localhost", "127.0.0.1", "::1"]
    assert list(json.loads(out).values()) == ["127.0.0.1", False, True, True, local, False, 100, "localhost"]


def outside(process):
    """Connections of the process and its children to anything but this machine."""
    found = []
    for one in (process, *process.children(recursive=True)):
        for line in one.net_connections(kind="inet"):
            if line.raddr and not line.raddr.ip.startswith(("127.", "::1", "::ffff:127.")):
                found.append(line.raddr)
    return found


GUARD = """
import socket, sys
_connect, _lookup = socket.socket.connect, socket.getaddrinfo
def _told(what):
    with open({log!r}, "a") as log:
        log.write(repr(what) + "\\n")
def connect(self, address):
    if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in ("127.0.0.1", "::1", "localhost"):
        _told(address)
        raise OSError("no way out")
    return _connect(self, address)
def getaddrinfo(host, *rest, **more):
    if host not in (None, "", "127.0.0.1", "::1", "localhost"):
        _told(host)
        raise OSError("no way out")
    return _lookup(host, *rest, **more)
socket.socket.connect, socket.getaddrinfo = connect, getaddrinfo
_told("ready")
"""


@pytest.mark.browser
def test_whole_session_asks_no_other_host(request, store, tmp_path):
    # sitecustomize is read by every Python of the server before anything else; the processes' own lines are looked at, too.
    log = tmp_path / "asked"
    (tmp_path / "sitecustomize.py").write_text(GUARD.format(log=str(log)))
    with dashboard(store, PYTHONPATH=str(tmp_path)) as (port, pid):
        context = request.getfixturevalue("browser").new_context(viewport={"width": 1400, "height": 1000})
        reader = Reader(context.new_page(), f"http://localhost:{port}/")
        reader.open("lang=en")
        server = psutil.Process(pid)
        seen = outside(server)
        reader.click("t:gharyan")
        expect(reader.passages).to_have_count(1)
        reader.page.get_by_role("button", name="Open article").click()
        expect(reader.page.get_by_role("dialog").locator("mark.now")).to_be_visible()
        # Leaving by the address and not by Escape, which a busy dialog may miss.
        reader.open("lang=en&place=t:gharyan")
        reader.page.locator(".st-key-filter_text input").fill("طرابلس")
        reader.page.keyboard.press("Enter")
        expect(reader.page.locator(".st-key-chips button").first).to_be_visible()
        for name in ("CSV", "GeoJSON", "XLSX", "KML", "GeoPackage", "Parquet", "the map (HTML)"):
            with reader.page.expect_download() as waiting:
                reader.page.get_by_role("button", name=f"Download {name}", exact=True).click()
            seen += outside(server)
        # Opened as a page, a file that was made may do nothing.
        made = reader.page.request.get(waiting.value.url)
        assert made.ok and made.headers["content-security-policy"].startswith("sandbox;")
        assert re.match(r"attachment; filename=\"?rasid-map\.html\"?$", made.headers["content-disposition"])
        reader.page.get_by_text("العربية").click()
        expect(reader.counts()).to_contain_text("إشار")
        seen += outside(server)
        context.close()
    assert reader.foreign == [] and reader.errors == []
    assert seen == []
    assert set(log.read_text().split()) == {"'ready'"}


# Login


def run_for(user, store, monkeypatch, secrets):
    """The page as this user of Streamlit's login sees it."""
    monkeypatch.setenv("RASID_STORE", str(store))
    app = open_app(lang="en")
    for name, value in secrets.items():
        app.secrets[name] = value
    app.user = user
    return again(app)


AUTH = {"redirect_uri": "http://localhost/oauth2callback", "cookie_secret": "x", "client_id": "a", "client_secret": "b"}


NOBODY = {"is_logged_in": False}


def shows_data(app):
    return bool(app.selectbox) or bool(app.main.get("download_button")) or "طرابلس" in str(app)


def test_page_without_a_login_is_open(store, monkeypatch):
    assert shows_data(run_for(NOBODY, store, monkeypatch, {}))


@pytest.mark.parametrize(
    ("secrets", "user"),
    [
        ({"auth": AUTH}, {"is_logged_in": False}),
        ({"auth": AUTH}, {"email": "a@example.org"}),
        ({"auth": AUTH}, {"is_logged_in": "no", "email": "a@example.org"}),
        ({"auth": {}}, {"is_logged_in": True}),
        ({"auth": AUTH, "rasid": {"users": []}}, {"is_logged_in": True, "email": "a@example.org"}),
        ({"auth": AUTH, "rasid": {"users": ["b@example.org"]}}, {"is_logged_in": True, "email": "a@example.org"}),
    ],
)
def test_page_with_a_login_shows_nothing_before_it(store, monkeypatch, secrets, user):
    app = run_for(user, store, monkeypatch, secrets)
    assert not shows_data(app) and (app.info or app.error)


def test_demanded_login_that_is_not_set_up_shows_nothing(store, monkeypatch):
    monkeypatch.setenv("RASID_LOGIN", "required")
    app = run_for(NOBODY, store, monkeypatch, {})
    assert not shows_data(app) and "none is set up" in app.error[0].value


@pytest.mark.parametrize(
    ("user", "users", "let_in"),
    [
        ({"email": "a@example.org"}, None, True),
        ({}, None, True),
        ({"email": "A@Example.org"}, ["a@example.org"], True),
        ({"email": "a@example.org"}, ["@example.org"], True),
        ({"email": "a@example.org"}, "@example.org", True),
        ({"email": "a@example.org", "email_verified": False}, ["@example.org"], False),
        ({"email": "a@example.org.evil"}, ["@example.org"], False),
        ({"email": "a@evil@example.org"}, ["a@evil"], False),
        ({"email": ""}, [""], False),
        ({}, ["@example.org"], False),
        ({"email": "a@example.org"}, [], False),
    ],
)
def test_only_who_is_listed_is_let_in(user, users, let_in):
    assert is_let_in(user, users) is let_in


@pytest.fixture
def provider():
    """An OpenID provider that lets everyone in as who its `email` says."""
    key = jwk.RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.key, server.email, server.nonces = key, "reader@example.org", {}
    server.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


class Provider(BaseHTTPRequestHandler):
    """Discovery, keys, the page to log in at (which sends everyone on at once), and the tokens."""

    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        asked = dict(urllib.parse.parse_qsl(parts.query))
        url = self.server.url
        if parts.path == "/.well-known/openid-configuration":
            names = {name: f"{url}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
            self._json(names | {"issuer": url, "id_token_signing_alg_values_supported": ["RS256"]})
        elif parts.path == "/jwks_uri":
            self._json({"keys": [self.server.key.as_dict(private=False)]})
        else:
            self.server.nonces["code"] = asked.get("nonce")
            self.send_response(302)
            self.send_header("Location", f"{asked['redirect_uri']}?code=code&state={asked['state']}")
            self.end_headers()

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        claims = {
            "iss": self.server.url,
            "aud": "rasid",
            "sub": "1",
            "email": self.server.email,
            "iat": 1,
            "exp": 9_999_999_999,
        }
        token = jwt.encode(
            {"alg": "RS256", "kid": "1"}, claims | {"nonce": self.server.nonces["code"]}, self.server.key
        )
        self._json({"access_token": "x", "token_type": "Bearer", "id_token": token})

    def _json(self, content):
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Say nothing."""


@pytest.mark.browser
def test_team_logs_in_with_its_provider(request, store, provider, tmp_path):
    port, secrets = free_port(), tmp_path / "secrets.toml"
    secrets.write_text(
        f'[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\ncookie_secret = "{"s" * 40}"\n'
        f'client_id = "rasid"\nclient_secret = "y"\nserver_metadata_url = "{provider.url}/.well-known/openid-configuration"\n'
        '[rasid]\nusers = ["reader@example.org"]\n'
    )
    assert tomllib.loads(secrets.read_text())
    with dashboard(store, "--secrets.files", str(secrets), port=port):
        page = request.getfixturevalue("browser").new_page()
        page.goto(f"http://localhost:{port}/?lang=en")
        expect(page.get_by_text("Log in to see this page.")).to_be_visible(timeout=60_000)
        assert page.locator("iframe, .rasid-table, .st-key-filter_text").count() == 0
        page.get_by_role("button", name="Log in", exact=True).click()
        expect(page.locator(".rasid-table").first).to_be_visible(timeout=60_000)
        out = page.get_by_role("button", name="reader")
        out.click()
        expect(page.get_by_text("سجّل الدخول").first).to_be_visible(timeout=60_000)
        provider.email = "stranger@example.org"
        page.get_by_role("button").filter(has_text="تسجيل الدخول").click()
        expect(page.get_by_text("stranger").first).to_be_visible(timeout=60_000)
        assert page.locator("iframe, .rasid-table").count() == 0
        page.close()
