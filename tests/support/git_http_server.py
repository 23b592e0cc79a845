#!/usr/bin/env python3
"""Serves Git repositories by the real git over HTTP, HTTPS and SSH on loopback, with the faults tests need.

    git_http_server.py FOLDER

FOLDER/repos holds bare repositories. Prints one "NAME VALUE" a line, then "ready", and serves until its
standard input closes. The first path component of an HTTP URL chooses the behaviour:
plain, basic (alice:secret), bearer (token123), slow (never answers), stall (stops in the middle), e401, e403,
e500, redirect (to plain on this host), offsite (to another host). Request lines go to FOLDER/requests.log.
"""
import base64
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

ROOT = os.path.abspath(sys.argv[1])
LOG = open(os.path.join(ROOT, "requests.log"), "a", buffering=1)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def plain_answer(self, code, headers=()):
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            out = b""
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                out += self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    return out
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def serve(self):
        path, _, query = self.path.partition("?")
        mode, _, rest = path.lstrip("/").partition("/")
        authorization = self.headers.get("Authorization", "")
        LOG.write("%s %s %s\n" % (self.command, self.path, "auth" if authorization else "anonymous"))
        data = self.body()
        basic = "Basic " + base64.b64encode(b"alice:secret").decode()
        if mode == "slow":
            time.sleep(60)
        if mode == "e401" or (mode == "basic" and authorization != basic) or (
                mode == "bearer" and authorization != "Bearer token123"):
            return self.plain_answer(401, [("WWW-Authenticate", 'Basic realm="git"')])
        if mode in ("e403", "e500"):
            return self.plain_answer(int(mode[1:]))
        if mode in ("redirect", "offsite"):
            host = "127.0.0.1" if mode == "redirect" else "localhost"
            target = "http://%s:%d/plain/%s?%s" % (host, self.server.server_port, rest, query)
            return self.plain_answer(302, [("Location", target)])
        env = dict(os.environ, GIT_PROJECT_ROOT=os.path.join(ROOT, "repos"), GIT_HTTP_EXPORT_ALL="1",
                   PATH_INFO="/" + rest, QUERY_STRING=query, REQUEST_METHOD=self.command,
                   CONTENT_TYPE=self.headers.get("Content-Type", ""), CONTENT_LENGTH=str(len(data)),
                   HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
                   REMOTE_ADDR="127.0.0.1", REMOTE_USER="test")
        out = subprocess.run(["git", "http-backend"], input=data, env=env, stdout=subprocess.PIPE).stdout
        head, _, content = out.partition(b"\r\n\r\n")
        code, headers = 200, []
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name == "Status":
                code = int(value.split()[0])
            else:
                headers.append((name, value))
        self.send_response(code)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if mode == "stall" and self.command == "POST":
            self.wfile.write(content[:len(content) // 2])
            time.sleep(60)
        self.wfile.write(content)

    do_GET = do_POST = serve


def start(context=None):
    class Server(http.server.ThreadingHTTPServer):
        address_family = socket.AF_INET
        daemon_threads = True

        def handle_error(self, request, address):
            pass  # a client that gave up, as the tests of time-outs do

        def get_request(self):
            connection, address = self.socket.accept()
            if context:
                connection = context.wrap_socket(connection, server_side=True)
            return connection, address

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def make_certificates():
    def run(*args):
        subprocess.run(args, check=True, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test ca",
        "-keyout", "ca.key", "-out", "ca.crt")
    with open(os.path.join(ROOT, "names"), "w") as names:
        names.write("subjectAltName=IP:127.0.0.1\n")
    for name in ("server", "client"):
        run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-keyout", name + ".key",
            "-out", name + ".csr")
        run("openssl", "x509", "-req", "-days", "2", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key",
            "-CAcreateserial", "-extfile", "names", "-out", name + ".crt")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_keys():
    for name, kind, phrase in (("host_ed25519", "ed25519", ""), ("host_ecdsa", "ecdsa", ""), ("user_ed25519", "ed25519", ""),
                               ("user_ecdsa", "ecdsa", ""), ("user_rsa", "rsa", ""), ("stranger", "ed25519", ""),
                               ("user_locked", "ed25519", "phrase")):
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", phrase, "-f", os.path.join(ROOT, name)], check=True)
    with open(os.path.join(ROOT, "authorized"), "w") as out:
        for name in ("user_ed25519", "user_ecdsa", "user_rsa", "user_locked"):
            out.write(open(os.path.join(ROOT, name + ".pub")).read())


def start_sshd():
    sshd = shutil.which("sshd") or "/usr/sbin/sshd"
    if not os.path.exists(sshd):
        return None
    os.makedirs("/run/sshd", exist_ok=True)
    port = free_port()
    with open(os.path.join(ROOT, "sshd_config"), "w") as out:
        out.write("""Port %d
ListenAddress 127.0.0.1
HostKey %s/host_ed25519
HostKey %s/host_ecdsa
AuthorizedKeysFile %s/authorized
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
PidFile none
""" % (port, ROOT, ROOT, ROOT))
    process = subprocess.Popen([sshd, "-D", "-e", "-f", os.path.join(ROOT, "sshd_config")],
                               stderr=open(os.path.join(ROOT, "sshd.log"), "w"))
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    print("ssh", port)
    return process


def start_silent():
    """A server that accepts and says nothing."""
    server = socket.create_server(("127.0.0.1", 0))
    held = []

    def accept():
        while True:
            held.append(server.accept())

    threading.Thread(target=accept, daemon=True).start()
    return server.getsockname()[1]


def main():
    make_certificates()
    print("http", start())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(os.path.join(ROOT, "server.crt"), os.path.join(ROOT, "server.key"))
    print("https", start(context))
    mutual = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    mutual.load_cert_chain(os.path.join(ROOT, "server.crt"), os.path.join(ROOT, "server.key"))
    mutual.load_verify_locations(os.path.join(ROOT, "ca.crt"))
    mutual.verify_mode = ssl.CERT_REQUIRED
    print("mutual", start(mutual))
    print("silent", start_silent())
    make_keys()
    sshd = start_sshd()
    print("ready", flush=True)
    sys.stdin.read()
    if sshd:
        sshd.terminate()
        sshd.wait()


main()
