#!/usr/bin/env python3
"""A bucket in memory behind the S3 API: PUT and GET of objects, every request's Signature Version 4
checked. usage: s3_server.py PORT ACCESS_KEY SECRET_KEY
POST /_damage?key=KEY flips a byte of an object; GET /_keys lists them: for the test alone, unsigned."""
import hashlib, hmac, http.server, sys, urllib.parse

objects = {}
PORT, ACCESS, SECRET = int(sys.argv[1]), sys.argv[2], sys.argv[3]


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signature(handler, body):
    """Nothing, or why the request is refused."""
    fields = handler.headers.get("Authorization", "")
    if not fields.startswith("AWS4-HMAC-SHA256 "):
        return "AccessDenied", "no signature"
    parts = dict(p.strip().split("=", 1) for p in fields[len("AWS4-HMAC-SHA256 "):].split(","))
    key, day, region, service, end = parts["Credential"].split("/")
    if key != ACCESS:
        return "InvalidAccessKeyId", "no such key"
    if hashlib.sha256(body).hexdigest() != handler.headers.get("x-amz-content-sha256"):
        return "XAmzContentSHA256Mismatch", "the body is not what was signed"
    names = parts["SignedHeaders"].split(";")
    if "host" not in names or "x-amz-date" not in names:
        return "AccessDenied", "host and date must be signed"
    url = urllib.parse.urlsplit(handler.path)
    query = "&".join(sorted(p if "=" in p else p + "=" for p in url.query.split("&") if p))
    lines = "".join("%s:%s\n" % (n, handler.headers.get(n, "").strip()) for n in names)
    canonical = "\n".join([handler.command, url.path, query, lines, ";".join(names),
                           handler.headers["x-amz-content-sha256"]])
    scope = "/".join([day, region, service, end])
    text = "\n".join(["AWS4-HMAC-SHA256", handler.headers["x-amz-date"], scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    signing = mac(mac(mac(mac(b"AWS4" + SECRET.encode(), day), region), service), end)
    if hmac.new(signing, text.encode(), hashlib.sha256).hexdigest() != parts["Signature"]:
        return "SignatureDoesNotMatch", "the signature is not that of the request"
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, code, message):
        self.answer(status, ("<Error><Code>%s</Code><Message>%s</Message></Error>" % (code, message)).encode())

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urllib.parse.urlsplit(self.path)
        if url.path == "/_keys":
            return self.answer(200, "\n".join(sorted(objects)).encode())
        if url.path == "/_damage":
            key = urllib.parse.parse_qs(url.query)["key"][0]
            objects[key] = objects[key][:-1] + bytes([objects[key][-1] ^ 1])
            return self.answer(200)
        wrong = signature(self, body)
        if wrong:
            return self.refuse(403, *wrong)
        key = urllib.parse.unquote(url.path)
        if self.command == "PUT":
            objects[key] = body
            return self.answer(200)
        if key not in objects:
            return self.refuse(404, "NoSuchKey", "The specified key does not exist.")
        self.answer(200, objects[key])

    do_GET = do_PUT = do_POST = handle_one


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
