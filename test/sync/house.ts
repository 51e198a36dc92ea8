/** A daemon that is exchanged with others, asked as a person asks, about any directory. */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { type InProcessDaemon, openDaemon, refusal } from "../sessions/support.ts"
import { git, temporary } from "./support.ts"

/** A repository's remote with a branch of the user's own, and a clone of it. */
export const cloneOf = (remote: string): string => {
  const path = join(temporary(), "clone")
  git("/", "clone", "--quiet", remote, path)
  return path
}

/** A bare repository with a commit, as a project has it. */
export const projectRemote = (path = join(temporary(), "remote.git")): string => {
  const work = temporary()
  git("/", "init", "--quiet", "--bare", path)
  git(work, "init", "--quiet", "--initial-branch=main", ".")
  git(work, "commit", "--quiet", "--allow-empty", "-m", "first")
  git(work, "push", "--quiet", path, "main")
  git(path, "symbolic-ref", "HEAD", "refs/heads/main")
  return path
}

export class House {
  readonly daemon: InProcessDaemon
  constructor(daemon: InProcessDaemon) {
    this.daemon = daemon
  }

  /** Exchanges only when it is asked to. */
  static async open(directory = temporary(), config: Readonly<Record<string, string>> = {}): Promise<House> {
    return new House(await openDaemon({ directory, config: { "sync.interval": "1h", ...config } }))
  }

  plan(directory: string, more: { readonly remote?: string } = {}) {
    return this.daemon.call("sync.enable", { directory, ...more })
  }

  async enable(directory: string, more: { readonly remote?: string; readonly public?: boolean } = {}) {
    const { remote } = await this.daemon.call("sync.enable", { directory, ...more })
    return await this.daemon.call("sync.enable", { directory, ...more, confirm: remote })
  }

  sync(directory: string) {
    return this.daemon.call("sync.force", { directory })
  }

  /** Why it could not be exchanged. */
  async refusedSync(directory: string): Promise<string> {
    return (await refusal(this.sync(directory))).message
  }

  async status(directory: string) {
    return (await this.daemon.call("sync.status", { directory })).workspaces[0]!
  }

  async say(directory: string, text: string): Promise<void> {
    await this.daemon.call("agent.register", { name: "ant", directory, move: true })
    await this.daemon.call("message.send", { to: ["@ant"], text, directory })
  }

  async heard(directory: string): Promise<ReadonlyArray<string>> {
    const params = { box: "all", peek: true, oldest: true, directory } as const
    return (await this.daemon.call("message.list", params)).messages.map(({ text }) => text)
  }
}

/** git with what a test allows it. */
export const gitAllowing = (directory: string, ...args: ReadonlyArray<string>): string =>
  execFileSync("git", ["-c", "protocol.file.allow=always", "-c", "user.name=t", "-c", "user.email=t@x.org", ...args], {
    cwd: directory,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"]
  })
