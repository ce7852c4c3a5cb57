"""Behind nginx, with the settings that docs/serving.md gives: it works with the password, and without it nothing does."""

import base64
import datetime
import hashlib
import http.client
import os
import shutil
import socket
import ssl
import subprocess
import time
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import expect, sync_playwright
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.chromium import ADVICE, find_chromium
from tests.in_browser import FLAGS, Reader
from tests.made_workspace import make_workspace
from tests.serving import PROJECT, dashboard, free_port

NAME, USER, PASSWORD = "rasid.example.org", "reader", "a pass: wörd"
NGINX = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
# Where everything must pass, a missing nginx is a failure and no reason to skip.
pytestmark = pytest.mark.skipif(
    NGINX is None and os.environ.get("CI") != "true", reason="nginx is not installed: apt-get install nginx-light"
)
_MAIN = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; {user}
events {{ worker_connections 256; }}
http {{ access_log off; {places} include {folder}/rasid.conf; }}
"""


def write_certificate(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "fullchain.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
    (folder / "privkey.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


def write_settings(folder, app_port, port, plain_port):
    """The file as it is, but for paths, ports and what listens where."""
    text = (PROJECT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    changes = {
        "listen 80;": f"listen 127.0.0.1:{plain_port};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{port} ssl http2;",
        "http://127.0.0.1:8501;": f"http://127.0.0.1:{app_port};",
        "/etc/ssl/rasid/": f"{folder}/",
        "/etc/nginx/rasid.users;": f"{folder}/users;",
    }
    for old, new in changes.items():
        assert old in text, f"deploy/nginx.conf has no {old!r}"
        text = text.replace(old, new)
    (folder / "rasid.conf").write_text(text, encoding="utf-8")
    salt = os.urandom(8)
    digest = base64.b64encode(hashlib.sha1(PASSWORD.encode() + salt).digest() + salt).decode()
    (folder / "users").write_text(f"{USER}:{{SSHA}}{digest}\n", encoding="utf-8")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    places = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, user=user, places=places), encoding="utf-8")


@pytest.fixture(scope="module")
def ports(tmp_path_factory):
    """(port with encryption, port without) of nginx, with the dashboard behind it."""
    assert NGINX, "nginx is missing: apt-get install nginx-light"
    folder = tmp_path_factory.mktemp("nginx")
    make_workspace(folder / "store")
    write_certificate(folder)
    port, plain_port = free_port(), free_port()
    with dashboard(folder / "store", "--server.allowedHosts", NAME, "--server.allowedHosts", "127.0.0.1") as (
        app_port,
        _,
    ):
        write_settings(folder, app_port, port, plain_port)
        server = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"])
        try:
            wait(port, server, folder)
            yield port, plain_port
        finally:
            server.terminate()
            server.wait(timeout=20)


def wait(port, server, folder: Path):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        log = folder / "error.log"
        assert server.poll() is None, log.read_text() if log.exists() else "nginx ended at once"
        try:
            ask(port, "/_stcore/health")
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("nginx did not start")


def trusting():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def ask(port, path, password=None, method="GET", **headers):
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=trusting())
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", f"{NAME}:{port}")
    for name, value in (headers | allowed(password)).items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    found = answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read()
    connection.close()
    return found


def allowed(password):
    if password is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()}


@pytest.mark.parametrize("password", [None, "", "wrong"])
@pytest.mark.parametrize(
    "path", ["/", "/_stcore/host-config", "/app/static/leaflet/leaflet.js", "/media/x", "/static/x.js"]
)
def test_without_the_password_there_is_nothing(ports, path, password):
    status, headers, body = ask(ports[0], path, password)
    assert status == 401 and "Basic" in headers["www-authenticate"] and b"streamlit" not in body.lower()


def test_with_the_password_the_page_comes_with_its_headers(ports):
    status, headers, body = ask(ports[0], "/", PASSWORD)
    assert status == 200 and b'<div id="root">' in body
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["strict-transport-security"] == "max-age=31536000" and headers["server"] == "nginx"


def test_health_is_told_to_everyone_and_nothing_else(ports):
    assert ask(ports[0], "/_stcore/health")[::2] == (200, b"ok")
    assert ask(ports[0], "/_stcore/health/../host-config")[0] == 401


def test_plain_requests_are_sent_to_the_encrypted_server(ports):
    connection = http.client.HTTPConnection("127.0.0.1", ports[1], timeout=20)
    connection.request("GET", "/?lang=en", headers={"Host": "evil.example"})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{NAME}/?lang=en")


def test_too_large_an_upload_is_refused_before_it_is_read(ports):
    status, _, _ = ask(ports[0], "/_stcore/upload_file/a/b", PASSWORD, "PUT", Content_Length=str(200 * 2**20))
    assert status == 413


def test_web_socket_needs_the_password_and_the_own_site(ports):
    port = ports[0]

    def meet(password, origin):
        return connect(
            f"wss://{NAME}:{port}/_stcore/stream",
            sock=socket.create_connection(("127.0.0.1", port), timeout=20),
            ssl=trusting(),
            origin=origin,
            additional_headers=allowed(password),
            subprotocols=["streamlit"],
        )

    with meet(PASSWORD, f"https://{NAME}:{port}"):
        pass
    for password, origin, status in ((None, f"https://{NAME}:{port}", 401), (PASSWORD, "https://evil.example", 403)):
        with pytest.raises(InvalidStatus) as refused:
            meet(password, origin)
        assert refused.value.response.status_code == status


@pytest.mark.browser
def test_dashboard_works_through_the_proxy(ports):
    found = find_chromium()
    assert found, ADVICE
    address = f"https://{NAME}:{ports[0]}/"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=found, args=[*FLAGS, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
        )
        context = chromium.new_context(
            ignore_https_errors=True, http_credentials={"username": USER, "password": PASSWORD}
        )
        reader = Reader(context.new_page(), address)
        reader.open()
        reader.click("t:gharyan")
        expect(reader.passages).to_have_count(1)
        with reader.page.expect_download() as waiting:
            reader.page.get_by_role("button", name="Download CSV").click()
        assert "غريان" in Path(waiting.value.path()).read_text("utf-8-sig")
        given = [cookie for cookie in context.cookies() if cookie["name"].startswith("_streamlit")]
        chromium.close()
    assert [error for error in reader.errors if not error.startswith("401")] == []
    assert {url for url in reader.foreign if NAME not in url} == set()
    assert given and all(cookie["secure"] for cookie in given)
