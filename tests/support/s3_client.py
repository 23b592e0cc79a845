#!/usr/bin/env python3
"""What tests do with an S3 server beside weir: signed requests (Signature Version 4), from the standard library alone.
usage: s3_client.py ENDPOINT ACCESS_KEY SECRET_KEY make BUCKET | put BUCKET KEY [TEXT] | delete BUCKET KEY | policy BUCKET JSON
TEXT comes from standard input when it is not given."""
import datetime, hashlib, hmac, http.client, sys, urllib.parse


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Client:
    def __init__(self, endpoint, access, secret, region="us-east-1"):
        self.endpoint, self.access, self.secret, self.region = endpoint, access, secret, region

    def call(self, method, bucket, key="", body=b"", query=""):
        path = urllib.parse.quote("/" + bucket + ("/" + key if key else ""), safe="/-._~")
        time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        digest = hashlib.sha256(body).hexdigest()
        headers = {"host": self.endpoint, "x-amz-content-sha256": digest, "x-amz-date": time}
        names = ";".join(sorted(headers))
        canonical = "\n".join([method, path, query, "".join("%s:%s\n" % (n, headers[n]) for n in sorted(headers)), names, digest])
        scope = "/".join([time[:8], self.region, "s3", "aws4_request"])
        text = "\n".join(["AWS4-HMAC-SHA256", time, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        signing = mac(mac(mac(mac(("AWS4" + self.secret).encode(), time[:8]), self.region), "s3"), "aws4_request")
        headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
            self.access, scope, names, hmac.new(signing, text.encode(), hashlib.sha256).hexdigest())
        connection = http.client.HTTPConnection(self.endpoint, timeout=30)
        try:
            connection.request(method, path + ("?" + query if query else ""), body, headers)
            answer = connection.getresponse()
            data = answer.read()
        finally:
            connection.close()
        if answer.status >= 300:
            raise RuntimeError("%s %s: HTTP %d: %s" % (method, path, answer.status, data.decode(errors="replace")[:500]))
        return data

    def make(self, bucket):
        self.call("PUT", bucket)

    def put(self, bucket, key, body):
        self.call("PUT", bucket, key, body)

    def delete(self, bucket, key):
        self.call("DELETE", bucket, key)

    def policy(self, bucket, text):
        self.call("PUT", bucket, body=text.encode(), query="policy=")


def main():
    endpoint, access, secret, verb, *rest = sys.argv[1:]
    client = Client(endpoint, access, secret)
    if verb == "put":
        rest[2:] = [rest[2].encode() if len(rest) > 2 else sys.stdin.buffer.read()]
    getattr(client, verb)(*rest)


if __name__ == "__main__":
    main()
