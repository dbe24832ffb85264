"""Firefox as it is installed, spoken to by WebDriver BiDi, its own protocol: no driver stands between.

Playwright would want a Firefox of its own, and geckodriver is in no package registry that the tests use.
"""

import json
import re
import subprocess
import time

import websocket

_STARTED = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
KEYS = {"ArrowRight": "\ue014", "ArrowUp": "\ue013", "Enter": "\ue007", "Home": "\ue011"}


class Firefox:
    """A window, and all that pages in it complained of.

    Parameters
    ----------
    path : str
        Of the program.
    profile : Path
        An empty folder.
    """

    def __init__(self, path, profile):
        # It looks for news of its own as soon as it starts; here it has nobody to ask.
        self._saved = profile / "saved"
        self._saved.mkdir()
        settings = {
            "remote.prefs.recommended": True,
            "browser.download.folderList": 2,
            "browser.download.dir": str(self._saved),
        }
        lines = [f'user_pref("{name}", {json.dumps(value)});\n' for name, value in settings.items()]
        (profile / "user.js").write_text("".join(lines))
        command = [path, "--headless", "--remote-debugging-port", "0", "--profile", str(profile)]
        self._log = (profile / "log.txt").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [*command, "--no-remote"], stdout=self._log, stderr=subprocess.STDOUT
        )
        self._socket, self._asked, self.errors = None, 0, []
        address = self._address()
        self._socket = websocket.create_connection(f"{address}/session", suppress_origin=True, timeout=60)
        self._ask("session.new", capabilities={})
        self._ask("session.subscribe", events=["log.entryAdded", "network.fetchError"])
        self._window = self._ask("browsingContext.getTree")["contexts"][0]["context"]

    def _address(self):
        for _ in range(300):
            self._log.seek(0)
            if found := _STARTED.search(self._log.read()):
                return found[1]
            try:
                self._process.wait(0.1)
                break
            except subprocess.TimeoutExpired:
                pass
        self.close()
        raise RuntimeError("Firefox did not start")

    def _ask(self, method, **parameters):
        self._asked += 1
        self._socket.send(json.dumps({"id": self._asked, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == self._asked:
                if message["type"] == "error":
                    raise RuntimeError(f"{method}: {message['message']}")
                return message["result"]
            self._note(message)

    def _note(self, event):
        said = event["params"]
        if event["method"] == "network.fetchError":
            self.errors.append(f"not loaded: {said['request']['url']}")
        elif event["method"] == "log.entryAdded" and said["level"] == "error":
            self.errors.append(said["text"])

    def open(self, url):
        """Go to a page and wait until it has loaded."""
        self._ask("browsingContext.navigate", context=self._window, url=url, wait="complete")

    def evaluate(self, expression):
        """Return what a JavaScript expression gives as JSON, waited for if it is a promise."""
        wrapped = f"Promise.resolve({expression}).then(JSON.stringify)"
        target = {"context": self._window}
        result = self._ask("script.evaluate", target=target, expression=wrapped, awaitPromise=True)
        if result["type"] == "exception":
            raise RuntimeError(result["exceptionDetails"]["text"])
        return json.loads(result["result"].get("value", "null"))

    def press(self, key):
        """Press a key where the focus is, and wait until the page is painted."""
        strokes = [{"type": f"key{way}", "value": KEYS[key]} for way in ("Down", "Up")]
        actions = [{"type": "key", "id": "keyboard", "actions": strokes}]
        self._ask("input.performActions", context=self._window, actions=actions)
        self.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"
        )

    def until(self, condition):
        """Wait at most ten seconds until a JavaScript expression is true."""
        self.evaluate(
            f"(async () => {{ for (let k = 0; !({condition}); k++) {{"
            f" if (k > 200) throw new Error('never: ' + {json.dumps(condition)});"
            " await new Promise(done => setTimeout(done, 50)); } })()"
        )

    def choose(self, selector, folder, content):
        """Give a file to a control as if it had been chosen."""
        path = folder / "chosen.csv"
        path.write_bytes(content)
        target = {"context": self._window}
        control = self._ask(
            "script.evaluate",
            target=target,
            expression=f"document.querySelector({json.dumps(selector)})",
            awaitPromise=False,
        )["result"]
        element = {"sharedId": control["sharedId"]}
        self._ask("input.setFiles", context=self._window, element=element, files=[str(path)])

    def saved(self, act):
        """Return the path of the file that is saved once `act` is done."""
        before = set(self._saved.iterdir())
        act()
        for _ in range(200):
            new = [path for path in set(self._saved.iterdir()) - before if path.suffix != ".part"]
            if new and new[0].stat().st_size:
                return new[0]
            time.sleep(0.05)
        raise RuntimeError("nothing was saved")

    def close(self):
        """End Firefox."""
        if self._socket:
            self._socket.close()
        self._process.terminate()
        self._process.wait()
        self._log.close()
