"""This project's Python package, through its public API only."""

import os
import sys

import common


class C(common.Client):
    name = "py:muxi-client"

    @staticmethod
    def load():
        # The official package, which has the same import name, is installed beside: this project's own goes first.
        sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "python"))
        global muxi
        import muxi

    def __init__(self, url):
        self.kw = dict(server_url=url, formation_id="f", client_key="ck_bench", admin_key="ak_bench")
        self.f = muxi.FormationClient(**self.kw)
        self.s = muxi.ServerClient(url=url, key_id="key_bench", secret_key="sk_bench_0123456789abcdef")
        self.health = self.f.health

    get = post = aget = True  # every kind of case runs

    def sessions(self, n):
        return self.f.get_sessions("u", limit=n)

    def chat(self, obj):
        return self.f.chat(obj, user_id="u")

    def status(self):
        return self.s.status()

    def upload(self, file):
        self.s.deploy_formation(bundle_path=file)

    def stream(self, obj):
        for e in self.f.chat_stream(obj, user_id="u"):
            yield e["data"]

    async def open(self):
        self.a = muxi.AsyncFormationClient(**self.kw)
        self.ahealth = self.a.health

    async def asessions(self, n):
        return await self.a.get_sessions("u", limit=n)

    async def astream(self, obj):
        async for e in self.a.chat_stream(obj, user_id="u"):
            yield e["data"]


if __name__ == "__main__":
    common.main(C)
