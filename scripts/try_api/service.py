"""A service of one's own: the executable with the demonstration's people, on free ports and in a folder of its own; and sessions in it."""
import json
import os
import re
import subprocess
import threading
import urllib.error
import urllib.request


class Session:
    """Somebody who is signed in."""

    def __init__(self, origin, email, password):
        self.origin = origin
        self.headers = {"origin": origin}
        answer, headers = self._send("POST", "/session", {"email": email, "password": password})
        cookie = next(it for it in headers.get_all("set-cookie") if it.startswith("__Host-sidang_session="))
        self.headers |= {"cookie": cookie.split(";")[0], "x-csrf-token": answer["csrf_token"]}
        self.person = answer["person"]

    def _send(self, method, path, body=None, content_type="application/json"):
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.origin}/api/v1{path}", data, self.headers, method=method)
        if data is not None:
            request.add_header("content-type", content_type)
        try:
            with urllib.request.urlopen(request, timeout=40) as response:
                text = response.read()
                return (json.loads(text) if text else None), response.headers
        except urllib.error.HTTPError as refused:
            raise RuntimeError(f"{method} {path}: {refused.code} {refused.read().decode()}") from refused

    def get(self, path):
        return self._send("GET", path)[0]

    def post(self, path, body, content_type="application/json"):
        return self._send("POST", path, body, content_type)[0]


class Service:
    def __init__(self, executable, data):
        environment = {
            "PATH": os.environ["PATH"], "DEMO": "1", "NO_COLOR": "1", "RUST_BACKTRACE": "1", "SIDANG_DATA_FOLDER": str(data),
            "SIDANG_HTTP_LISTEN": "127.0.0.1:0", "SIDANG_MEDIA_LISTEN": "127.0.0.1:0", "SIDANG_LOG_FILTER": "warn",
        }
        self.log_path = data.with_suffix(".log")
        self.child = subprocess.Popen([executable, "serve"], env=environment, stdout=subprocess.PIPE, stderr=self.log_path.open("w"), text=True)
        self.people, self.origin = [], None
        for line in self.child.stdout:
            if person := re.match(r"\s+(\S+@\S+)\s+(\S+)\s+(\S+)", line):
                self.people.append(person.groups())
            if origin := re.match(r"Sidang: (\S+)", line):
                self.origin = origin[1]
                break
        if not self.origin:
            raise RuntimeError("the service ended before it was ready:\n" + self.log_path.read_text())
        # What it prints later is read, so that it never waits for a reader.
        threading.Thread(target=self.child.stdout.read, daemon=True).start()

    def cast(self):
        """One session for each role, the first whom the demonstration has with it."""
        firsts = {}
        for email, password, role in self.people:
            firsts.setdefault(role, (email, password))
        return {role: Session(self.origin, *credentials) for role, credentials in firsts.items()}

    def runs(self):
        return self.child.poll() is None

    def log(self):
        return self.log_path.read_text().splitlines()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.terminate()
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
