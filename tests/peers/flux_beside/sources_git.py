"""GitRepositories: references that are there and are not, remotes that cannot be cloned or listed, credentials, new commits, suspension."""
from sources_common import look, settle
from stage import scenario, secret

FILES = {"app.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "docs/readme.md": "read me\n"}


def tag(s, name, repository="app"):
    "a tag on the newest commit"
    import subprocess
    subprocess.run(["git", "--git-dir", "%s/git/repos/%s/%s/%s.git" % (s.world.servers.work, s.world.name, s.ns, repository), "tag", name], check=True)


@scenario
def sources_git_branch(s):
    "a commit, another one, none"
    s.commit(FILES)
    s.apply(s.git_repository())
    settle(s, "GitRepository/app")
    look(s, "fetched")
    s.annotate("GitRepository", "app", requestedAt="1")
    settle(s, "GitRepository/app")
    look(s, "nothing new")
    s.commit({**FILES, "more.yaml": "a: b\n"}, message="more of it, with a subject that is longer than the fifty signs that are told of it")
    s.annotate("GitRepository", "app", requestedAt="2")
    settle(s, "GitRepository/app")
    look(s, "another commit")


@scenario
def sources_git_references(s):
    "tags, ranges, commits and names of references that are there"
    commit = s.commit(FILES)
    tag(s, "v1.0.0")
    s.commit({**FILES, "more.yaml": "a: b\n"})
    tag(s, "v1.1.0")
    one = lambda called, **ref: {**s.git_repository("app", ref=ref), "metadata": {"name": called}}
    s.apply(one("tag", tag="v1.0.0"), one("range", semver="1.x"), one("commit", commit=commit), one("both", branch="main", commit=commit),
            one("name", name="refs/heads/main"), one("nametag", name="refs/tags/v1.0.0"))
    names = ["GitRepository/" + n for n in ("tag", "range", "commit", "both", "name", "nametag")]
    settle(s, *names)
    look(s, "fetched")
    for name in ("tag", "range", "commit", "both", "name", "nametag"):
        s.annotate("GitRepository", name, requestedAt="1")
    settle(s, *names)
    look(s, "nothing new")


@scenario
def sources_git_references_missing(s):
    s.commit(FILES)
    one = lambda called, **ref: {**s.git_repository("app", ref=ref), "metadata": {"name": called}}
    s.apply(one("branch", branch="none"), one("tag", tag="none"), one("range", semver="9.x"), one("norange", semver="not a range"), one("commit", commit="0" * 40),
            one("short", commit="abc"), one("name", name="refs/heads/none"), one("slash", name="/refs/heads/main"))
    settle(s, *["GitRepository/" + n for n in ("branch", "tag", "range", "norange", "commit", "short", "name", "slash")])
    look(s, "not there")


@scenario
def sources_git_missing(s):
    "no such repository, by each kind of reference"
    one = lambda called, **ref: {**s.git_repository("none", ref=ref), "metadata": {"name": called}}
    s.apply(one("branch", branch="main"), one("tag", tag="v1"), one("range", semver="1.x"), one("commit", commit="0" * 40), one("name", name="refs/heads/main"))
    settle(s, *["GitRepository/" + n for n in ("branch", "tag", "range", "commit", "name")])
    look(s, "not there")


@scenario
def sources_git_lost(s):
    "a repository that was there and is no more; then it is again"
    import os
    s.commit(FILES)
    s.apply(s.git_repository())
    settle(s, "GitRepository/app")
    bare = "%s/git/repos/%s/%s/app.git" % (s.world.servers.work, s.world.name, s.ns)
    os.rename(bare, bare + ".away")
    s.annotate("GitRepository", "app", requestedAt="1")
    s.until_condition("app", "FetchFailed", "True", kind="GitRepository")
    look(s, "lost")
    os.rename(bare + ".away", bare)
    s.annotate("GitRepository", "app", requestedAt="2")
    s.until_condition("app", "Ready", "True", kind="GitRepository")
    look(s, "back")


@scenario
def sources_git_unreachable(s):
    "nobody listens; no such host"
    s.apply({**s.git_repository(url="http://127.0.0.1:1/app.git"), "metadata": {"name": "port"}}, {**s.git_repository(url="http://no-such-host.invalid/app.git"), "metadata": {"name": "host"}})
    settle(s, "GitRepository/port", "GitRepository/host")
    look(s, "not reached")


@scenario
def sources_git_empty(s):
    "a repository without a commit"
    import os, subprocess
    bare = "%s/git/repos/%s/%s/app.git" % (s.world.servers.work, s.world.name, s.ns)
    os.makedirs(os.path.dirname(bare), exist_ok=True)
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", bare], check=True)
    s.apply(s.git_repository())
    settle(s, "GitRepository/app")
    look(s, "empty")


@scenario
def sources_git_ignore(s):
    "spec.ignore, and the file of that name"
    s.commit({**FILES, ".sourceignore": "docs/\n"})
    s.apply(s.git_repository())
    settle(s, "GitRepository/app")
    look(s, "by file")
    s.apply(s.git_repository(ignore="*\n!*.yaml\n"))
    settle(s, "GitRepository/app")
    look(s, "by field")


@scenario
def sources_git_secret_missing(s):
    s.commit(FILES)
    s.apply(s.git_repository(secretRef={"name": "none"}), secret("empty", other="x"), {**s.git_repository(secretRef={"name": "empty"}), "metadata": {"name": "empty"}},
            {**s.git_repository(url="ssh://git@127.0.0.1:22/app.git"), "metadata": {"name": "ssh"}})
    s.until_condition("app", "Ready", "False", kind="GitRepository")
    s.until_condition("ssh", "Ready", "False", kind="GitRepository")
    settle(s, "GitRepository/empty")
    look(s, "judged")


@scenario
def sources_git_suspended(s):
    s.commit(FILES)
    s.apply(s.git_repository(suspend=True))
    look(s, "from the start")
    s.apply(s.git_repository())
    settle(s, "GitRepository/app")
    s.apply(s.git_repository(suspend=True))
    look(s, "suspended")
    s.delete("GitRepository", "app")
    look(s, "deleted")
