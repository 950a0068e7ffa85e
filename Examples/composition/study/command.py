"""Calls of the command."""
import json
import subprocess
import sys


class Command:
    def __init__(self, amalgam, threads):
        self.amalgam, self.threads = amalgam, threads

    def run(self, *words, stdin=None):
        result = subprocess.run([self.amalgam, *map(str, words)], input=stdin, text=True, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        if result.returncode:
            sys.exit(f"amalgam {' '.join(map(str, words))}: exit code {result.returncode}: {result.stderr.strip()}")
        return result.stdout

    def json(self, *words):
        return json.loads(self.run(*words, "--json").splitlines()[-1])

    def quiet(self, *words):
        return self.json(*words, "--threads", self.threads, "--quiet")
