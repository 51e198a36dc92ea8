/** What is in the packages, judged by the tools of the distributions they are for. */
import { execFileSync, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import manifest from "../../package.json" with { type: "json" }
import { root } from "../../packaging/build/root.ts"
import { buildPackages, packagingTools } from "./support/packages.ts"

const reason =
  process.platform === "linux" ? packagingTools() : `they are Linux packages, and this is ${process.platform}`
if (reason !== null) process.stdout.write(`\nThe packages are not examined: ${reason}\n\n`)

/** Milliseconds to build two packages, on a busy host. */
const BUILD_MS = 300_000

const out = mkdtempSync(join(tmpdir(), "agentd-packages-"))
const tree = join(out, "tree")
let deb = ""
let rpm = ""

const shell = (program: string, ...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = spawnSync(program, args, {
    encoding: "utf8",
    env: { ...process.env, PATH: `${tree}/usr/bin:${process.env.PATH}`, LC_ALL: "C.UTF-8", HOME: out }
  })
  return { status, stderr, text: `${stdout}${stderr}` }
}

describe.skipIf(reason !== null)("the packages", () => {
  beforeAll(() => {
    const built = buildPackages(join(out, "first"), "deb", "rpm")
    deb = built.find((path) => path.endsWith(".deb"))!
    rpm = built.find((path) => path.endsWith(".rpm"))!
    execFileSync("dpkg-deb", ["--extract", deb, tree])
  }, BUILD_MS)
  afterAll(() => rmSync(out, { recursive: true, force: true }))

  test("are named after their version", () => {
    expect(deb).toMatch(new RegExp(`agentd_${manifest.version}-1_amd64\\.deb$`))
    expect(rpm).toMatch(new RegExp(`agentd-${manifest.version}-1\\.x86_64\\.rpm$`))
  })

  test("hold both programs, a Node of their own, the addons, units, completions and manual pages", () => {
    const paths = execFileSync("dpkg-deb", ["--contents", deb], { encoding: "utf8" })
      .trim()
      .split("\n")
      .map((line) => line.replace(/^.* \.\//, "/").replace(/ -> .*/, ""))
    for (const path of [
      "/usr/bin/agentd",
      "/usr/bin/agentctl",
      "/usr/lib/agentd/node",
      "/usr/lib/agentd/bin/agentd-open",
      "/usr/lib/agentd/dist/native/linux-x64/pty.node",
      "/usr/lib/agentd/node_modules/sd-notify/build/Release/notify.node",
      "/usr/lib/agentd/systemd/10-systemd-254.conf",
      "/usr/lib/systemd/user/agentd.socket",
      "/usr/lib/systemd/user/agentd-resume.service",
      "/usr/lib/systemd/user/agentd.service",
      "/usr/lib/systemd/user/agentd.service.d/20-sandbox.conf",
      "/usr/lib/systemd/user-preset/80-agentd.preset",
      "/usr/lib/systemd/system/agentd@.socket",
      "/usr/share/bash-completion/completions/agentctl",
      "/usr/share/zsh/vendor-completions/_agentctl",
      "/usr/share/fish/vendor_completions.d/agentctl.fish",
      "/usr/share/man/man1/agentctl.1.gz",
      "/usr/share/man/man5/agentd.toml.5.gz",
      "/usr/share/man/man8/agentd.8.gz",
      "/usr/share/doc/agentd/copyright",
      "/usr/share/doc/agentd/changelog.Debian.gz"
    ]) {
      expect(paths).toContain(path)
    }
    // It holds on systemd 254 and later only: put in on the machine.
    expect(paths).not.toContain("/usr/lib/systemd/user/agentd.service.d/10-systemd-254.conf")
    expect(paths.filter((path) => /\.(ts|map|cc|h)$/.test(path))).toEqual([])
  })

  test("load every addon with their own Node", () => {
    const load = "for (const name of ['koffi', 'sd-notify', '@xterm/headless', process.argv[1]]) require(name)"
    const cwd = join(tree, "usr/lib/agentd")
    const { status, stderr } = spawnSync(join(cwd, "node"), ["-e", load, join(cwd, "dist/native/linux-x64/pty.node")], {
      cwd,
      encoding: "utf8"
    })
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
  })

  test("name no path of the machine they were built on", () => {
    const { text } = shell("grep", "--recursive", "--files-with-matches", "--text", "--fixed-strings", root, tree)
    expect(text).toBe("")
  })

  // It unpacks and reads everything: a minute on a busy machine.
  test(
    "pass lintian without an error",
    () => {
      const { text } = shell("lintian", "--fail-on", "error", deb)
      expect(text.split("\n").filter((line) => line.startsWith("E:"))).toEqual([])
    },
    BUILD_MS
  )

  test("pass rpmlint without an error", () => {
    const { text } = shell("rpmlint", "--config", join(root, "packaging/rpm/rpmlint.toml"), rpm)
    expect(text).toMatch(/ 0 errors, /)
  })

  test(
    "are the same bytes when built again",
    () => {
      const again = buildPackages(join(out, "second"), "deb", "rpm")
      const hash = (path: string) => createHash("sha256").update(readFileSync(path)).digest("hex")
      for (const path of [deb, rpm]) {
        const twin = again.find((other) => other.slice(-4) === path.slice(-4))!
        expect(hash(twin), path).toBe(hash(path))
      }
    },
    BUILD_MS
  )

  test.each(["man1/agentctl.1", "man5/agentd.toml.5", "man8/agentd.8"])("%s is shown without a warning", (page) => {
    const { status, stderr, text } = shell(
      "man",
      "--warnings=w",
      "--local-file",
      join(tree, `usr/share/man/${page}.gz`)
    )
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" })
    expect(text).toMatch(/NAME\n.* - /)
  })

  test("agentctl(1) explains every command, agentd.toml(5) every key", async () => {
    const { commandTable } = await import("../../src/cli/Table.ts")
    const { settings } = await import("../../src/contract/config/Config.ts")
    const text = (page: string) => execFileSync("zcat", [join(tree, `usr/share/man/${page}.gz`)], { encoding: "utf8" })
    const agentctl = text("man1/agentctl.1")
    for (const id of Object.keys(commandTable.commands).filter((name) => !name.startsWith("__")))
      expect(agentctl).toContain(`.SS "agentctl ${id.replaceAll(":", " ").replaceAll("-", "\\-")}"`)
    const toml = text("man5/agentd.toml.5")
    for (const key of settings.keys()) expect(toml).toContain(`\\fB${key.split(".")[1]}\\fR`)
  })

  test("complete commands in bash, zsh and fish", () => {
    // The packaged launcher names the installed Node; this one does what it does, from where the package was unpacked.
    const program = join(tree, "usr/lib/agentd")
    rmSync(join(tree, "usr/bin/agentctl"))
    writeFileSync(
      join(tree, "usr/bin/agentctl"),
      `#!/bin/sh\nexec ${program}/node ${program}/dist/agentctl.cjs "$@"\n`,
      {
        mode: 0o755
      }
    )
    const share = join(tree, "usr/share")
    const bash = `. ${share}/bash-completion/completions/agentctl
      COMP_WORDS=(agentctl daemon st) COMP_CWORD=2; _agentctl; printf '%s\\n' "\${COMPREPLY[@]}"`
    expect(shell("bash", "-c", bash).text).toMatch(/^start$[\s\S]*^stop$/m)
    const zsh = `compdef() { :; }; _describe() { print -l $shown }; words=(agentctl daemon st); CURRENT=3
      fpath=(${share}/zsh/vendor-completions $fpath); autoload -Uz _agentctl; _agentctl; _agentctl`
    expect(shell("zsh", "-fc", zsh).text).toMatch(/^start:/m)
    const fish = `source ${share}/fish/vendor_completions.d/agentctl.fish; complete --do-complete 'agentctl daemon st'`
    expect(shell("fish", "--no-config", "-c", fish).text).toMatch(/^start\t/m)
  })
})
