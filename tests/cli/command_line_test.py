"""Runs the program itself: exit codes, what goes to which stream, completions in real shells."""
import json
import os
import pathlib
import pty
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

WAAFT = os.path.abspath(sys.argv.pop(1))


def run(*arguments, cwd=None, env=None):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WAAFT_")}
    return subprocess.run([WAAFT, *arguments], cwd=cwd, env=clean | (env or {}), capture_output=True, text=True,
                          timeout=60)


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)

    def run_here(self, *arguments, env=None):
        return run(*arguments, cwd=self.path, env=env)


class Commands(Folder):
    def test_help_lists_what_there_is(self):
        result = run("--help")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        listed = re.search(r"Commands\n(.*?)\n\n", result.stdout, re.S).group(1)
        commands = [line.split()[0] for line in listed.splitlines() if not line.startswith("   ")]
        self.assertLessEqual({"serve", "config", "key", "completion", "version"}, set(commands))
        for command in commands:
            self.assertEqual(run(command, "--help").returncode, 0, command)

    def test_nothing_asked_for_is_a_usage_error(self):
        result = run()
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("Usage: waaft COMMAND", result.stderr)

    def test_version(self):
        text = run("version")
        self.assertRegex(text.stdout, r"^waaft \d+\.\d+\.\d+ \(\w+\)\n  argon2 ")
        described = json.loads(run("version", "--output", "json").stdout)
        self.assertEqual(described["schema"], "waaft.version/1")
        self.assertIn("openssl", described["libraries"])
        for library, version in described["libraries"].items():
            self.assertRegex(version, r"^\d", library)

    def test_a_full_disk_is_an_error(self):
        with open("/dev/full", "w") as full:
            result = subprocess.run([WAAFT, "version"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(result.returncode, 1)


class Config(Folder):
    def test_valid_without_a_file(self):
        result = self.run_here("config", "check")
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, "", "the configuration is valid\n"))

    def test_every_mistake_is_told_on_stderr(self):
        (self.path / "waaft.yaml").write_text("serve:\n  listen:\n    prot: 3000\n  data: [x]\n")
        for command in (["config", "check"], ["config", "show"], ["serve"]):
            result = self.run_here(*command)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertEqual(result.stderr,
                             'error: "prot" is no key of listen\n  at: waaft.yaml:3:5\n  try: did you mean port?\n'
                             "error: data must be text without control characters, not a list\n"
                             "  at: waaft.yaml:4:9\n  try: write one value after the colon\n")

    def test_a_named_file_must_exist(self):
        result = self.run_here("serve", "--config", "none.yaml")
        self.assertEqual(result.returncode, 2)
        self.assertIn("No such file or directory\n  at: none.yaml\n", result.stderr)

    def test_show_says_where_values_come_from(self):
        (self.path / "waaft.yaml").write_text("serve:\n  rooms:\n    max: 5\n")
        env = {"WAAFT_LOG_LEVEL": "debug"}
        result = self.run_here("config", "show", "--output", "json", "--port", "1", env=env)
        shown = json.loads(result.stdout)
        self.assertEqual((shown["schema"], shown["file"]), ("waaft.config/1", "waaft.yaml"))
        settings = shown["settings"]
        self.assertEqual(settings["rooms.max"], {"value": 5, "from": "file", "place": "waaft.yaml:3"})
        self.assertEqual(settings["log.level"], {"value": "debug", "from": "environment", "place": "WAAFT_LOG_LEVEL"})
        self.assertEqual(settings["listen.port"], {"value": 1, "from": "flag", "place": "--port"})
        self.assertEqual(settings["tls.names"], {"value": [], "from": "default", "place": ""})
        text = self.run_here("config", "show", "--port", "1", env=env).stdout
        self.assertRegex(text, r"(?m)^listen\.port +1 +flag --port$")
        self.assertRegex(text, r"(?m)^rooms\.max +5 +waaft\.yaml:3$")

    def test_the_schema_names_every_setting(self):
        schema = json.loads(self.run_here("config", "schema").stdout)
        names = set()

        def walk(node, prefix):
            for key, child in node["properties"].items():
                if "properties" in child:
                    walk(child, prefix + key + ".")
                else:
                    names.add(prefix + key)

        walk(schema["properties"]["serve"], "")
        shown = json.loads(self.run_here("config", "show", "--output", "json").stdout)
        self.assertEqual(names, set(shown["settings"]))

    def colours(self, env):
        """stderr of a failing command on a terminal."""
        master, slave = pty.openpty()
        clean = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM")}
        subprocess.run([WAAFT, "nonsense"], stderr=slave, env=clean | {"TERM": "xterm"} | env, timeout=60)
        os.close(slave)
        text = b""
        try:
            while part := os.read(master, 4096):
                text += part
        except OSError:  # EIO: all was read, and nobody has the terminal any more
            pass
        os.close(master)
        return text.decode()

    def test_colours_on_a_terminal_unless_unwanted(self):
        self.assertIn("\033[1;31merror:\033[0m", self.colours({}))
        self.assertNotIn("\033", self.colours({"NO_COLOR": "1"}))
        self.assertNotIn("\033", self.colours({"TERM": "dumb"}))


class Keys(Folder):
    def test_the_key_goes_to_stdout_and_its_hash_into_the_file(self):
        first = self.run_here("key", "new", "ci", "--file", "keys")
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertRegex(first.stdout, r"^waaft_ci_[\w-]{43}\n$")
        with (self.path / "keys").open("a") as keys:
            keys.write("# no newline at the end")
        self.assertEqual(self.run_here("key", "new", "bot", "--file", "keys").returncode, 0)
        lines = (self.path / "keys").read_text().splitlines()
        self.assertRegex(lines[0], r"^ci sha256:[0-9a-f]{64}$")
        self.assertRegex(lines[2], r"^bot sha256:[0-9a-f]{64}$")
        self.assertNotIn(first.stdout.strip(), (self.path / "keys").read_text())
        self.assertEqual(stat.S_IMODE((self.path / "keys").stat().st_mode), 0o600)

    def test_a_name_is_taken_once(self):
        self.run_here("key", "new", "ci", "--file", "keys")
        result = self.run_here("key", "new", "ci", "--file", "keys")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("there is a key with the name ci already", result.stderr)

    def test_bad_names_and_files(self):
        self.assertEqual(self.run_here("key", "new", "Not OK").returncode, 2)
        result = self.run_here("key", "new", "ci", "--file", "nowhere/keys")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("No such file or directory\n  at: nowhere/keys", result.stderr)

    def test_without_a_file_the_line_is_shown(self):
        result = self.run_here("key", "new", "ci")
        self.assertRegex(result.stderr, r"(?m)^ci sha256:[0-9a-f]{64}$")
        self.assertRegex(result.stdout, r"^waaft_ci_[\w-]{43}\n$")


BASH = r"""
set -u
source <("$1" completion bash); shift
COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); COMPREPLY=()
_waaft
printf '%s\n' "${COMPREPLY[@]}"
"""


class Completion(Folder):
    def bash(self, *words):
        result = subprocess.run(["bash", "--norc", "-c", BASH, "bash", WAAFT, "waaft", *words], cwd=self.path,
                                capture_output=True, text=True, timeout=60)
        self.assertEqual(result.stderr, "")
        return result.stdout.split()

    def test_bash(self):
        (self.path / "mine.yaml").touch()
        self.assertLessEqual({"serve", "config", "key", "completion", "version", "--help"}, set(self.bash("")))
        self.assertEqual(self.bash("co"), ["config", "completion"])
        self.assertEqual(self.bash("config", "s"), ["show", "schema"])
        self.assertEqual(self.bash("completion", ""), ["bash", "zsh", "fish", "--help"])
        self.assertIn("--trusted-proxies", self.bash("serve", "--t"))
        self.assertEqual(self.bash("serve", "--port", "3000", "--tls", ""), ["auto", "files", "off"])
        self.assertEqual(self.bash("serve", "--tls", "=", "o"), ["off"])
        self.assertEqual(self.bash("config", "show", "--output", "="), ["text", "json", "yaml"])
        self.assertEqual(self.bash("serve", "--config", "mi"), ["mine.yaml"])
        self.assertEqual(self.bash("serve", "--port", ""), [])

    def test_bash_interactive(self):
        """A real prompt, a real tab."""
        master, slave = pty.openpty()
        shell = subprocess.Popen(["bash", "--norc", "--noprofile", "-i"], stdin=slave, stdout=slave, stderr=slave,
                                 cwd=self.path, start_new_session=True,
                                 env={"PATH": os.path.dirname(WAAFT) + ":" + os.environ["PATH"], "TERM": "dumb",
                                      "PS1": "$ ", "INPUTRC": "/dev/null"})
        os.close(slave)
        try:
            os.write(master, b"source <(waaft completion bash); echo read''y\n")
            self.read_until(master, b"ready")
            os.write(master, b"waaft conf\tsch\t--output mark\t | head -1; echo do''ne\n")
            self.assertIn(b"| setting | flag | default | meaning |", self.read_until(master, b"done"))
        finally:
            shell.kill()
            shell.wait()
            os.close(master)

    def read_until(self, descriptor, text):
        seen = b""
        while text not in seen:
            seen += os.read(descriptor, 4096)
        return seen

    def test_other_shells_accept_theirs(self):
        for shell in ("zsh", "fish"):
            script = run("completion", shell)
            self.assertEqual(script.returncode, 0)
            self.assertIn("listen-port", script.stdout)
            if shutil.which(shell):
                checked = subprocess.run([shell, "-n"], input=script.stdout, capture_output=True, text=True)
                self.assertEqual((checked.returncode, checked.stderr), (0, ""))


if __name__ == "__main__":
    unittest.main()
