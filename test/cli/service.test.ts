/** `agentctl service`: what it writes for each supervisor, and what it asks of it. The supervisors here are programs that note what they are asked. */
import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { root } from "../../packaging/build/root.ts"
import { capture, render } from "../../src/cli/service/EnvironmentFile.ts"
import type { Surroundings } from "../../src/cli/service/Surroundings.ts"
import { supervisorOf } from "../../src/cli/service/supervisorOf.ts"

let home = ""
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "agentd service-"))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

/** A program of that name which notes its arguments, and then does what the script says. */
const pretend = (name: string, script = ""): void => {
  mkdirSync(join(home, "bin"), { recursive: true })
  writeFileSync(join(home, "bin", name), `#!/bin/sh\necho "${name} $*" >> "${home}/asked"\n${script}\n`)
  chmodSync(join(home, "bin", name), 0o755)
}

const asked = (): ReadonlyArray<string> =>
  existsSync(join(home, "asked")) ? readFileSync(join(home, "asked"), "utf8").trim().split("\n") : []

const place = (overrides: Partial<Surroundings> = {}): Surroundings => ({
  platform: "linux",
  env: { PATH: `${home}/bin:/usr/bin:/bin`, HOME: home, XDG_RUNTIME_DIR: join(home, "run") },
  home,
  uid: 1234,
  program: "/opt/my tools/100%/agentd/bin/agentd",
  templates: root,
  ...overrides
})

const userManager = (version: number): void => {
  mkdirSync(join(home, "run/systemd/private"), { recursive: true })
  pretend("systemctl", `[ "$1" != --version ] || echo "systemd ${version} (${version})"`)
  pretend("loginctl", "echo Linger=no")
}

const units = () => join(home, ".config/systemd/user")
const packaged = ["/etc", "/usr/lib", "/usr/local/lib"].some((folder) =>
  existsSync(`${folder}/systemd/user/agentd.socket`)
)

describe("with systemd", () => {
  test.skipIf(packaged)("writes the package's units with this program's path, and enables the socket", () => {
    userManager(257)
    const said = supervisorOf(place()).install({ PATH: "/a:/b" })
    const service = readFileSync(join(units(), "agentd.service"), "utf8")
    expect(service).toContain("ExecStart=/opt/my\\x20tools/100%%/agentd/bin/agentd\n")
    expect(existsSync(join(units(), "agentd.service.d/10-systemd-254.conf"))).toBe(true)
    expect(asked().slice(-3)).toEqual([
      "systemctl --user daemon-reload",
      "systemctl --user enable --now agentd.socket",
      "loginctl show-user --property=Linger 1234"
    ])
    expect(said.join("\n")).toMatch(/enable-linger/)
    // A second time changes nothing.
    supervisorOf(place()).install({ PATH: "/a:/b" })
    expect(readFileSync(join(units(), "agentd.service"), "utf8")).toBe(service)
  })

  test.skipIf(packaged)("leaves out what an older systemd would not understand", () => {
    userManager(252)
    supervisorOf(place()).install({})
    expect(existsSync(join(units(), "agentd.service.d/10-systemd-254.conf"))).toBe(false)
    expect(supervisorOf(place()).keepsSessions()).toBe(false)
  })

  test.skipIf(packaged)("removes what it wrote and nothing else", () => {
    userManager(257)
    supervisorOf(place()).install({ PATH: "/a" })
    const own = join(units(), "agentd.service.d/90-mine.conf")
    writeFileSync(own, "[Service]\nNice=5\n")
    supervisorOf(place()).uninstall()
    expect(execFileSync("find", [join(home, ".config"), "-type", "f"], { encoding: "utf8" }).trim()).toBe(own)
  })

  test.skipIf(packaged)("does not overwrite a unit that somebody else wrote", () => {
    userManager(257)
    mkdirSync(units(), { recursive: true })
    writeFileSync(join(units(), "agentd.socket"), "[Socket]\n")
    expect(() => supervisorOf(place()).install({})).toThrow(/agentd\.socket exists and was not written by agentctl/)
    expect(existsSync(join(units(), "agentd.service"))).toBe(false)
  })

  test("says what systemctl said when it fails", () => {
    userManager(257)
    pretend("systemctl", 'echo "no medium found" >&2; exit 1')
    expect(() => supervisorOf(place()).restart()).toThrow(
      /"systemctl --user restart agentd.service" failed: no medium found/
    )
  })
})

describe("the environment file", () => {
  test("is readable for nobody else and holds only what was chosen", () => {
    userManager(257)
    const env = { PATH: "/a", LANG: "C.UTF-8", SECRET: "hunter2", TOKEN: "t" }
    const kept = capture(env, ["TOKEN"])
    expect(kept).toEqual({ PATH: "/a", LANG: "C.UTF-8", TOKEN: "t" })
    const said = supervisorOf(place()).install(kept).join("\n")
    const file = join(home, ".config/agentd/service.env")
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(said).toContain(`${file} (0600): PATH, LANG, TOKEN`)
    expect(said).not.toContain("hunter2")
  })

  test("gives a shell exactly the values it was made from", () => {
    const values = { A: `a "b" 'c' \\ $HOME \`id\` é`, B: "two\nlines", C: "" }
    const file = join(home, "env")
    writeFileSync(file, render(values))
    const { stdout } = spawnSync("sh", ["-c", 'set -a; . "$0"; printf "%s\\0%s\\0%s" "$A" "$B" "$C"', file], {
      encoding: "utf8"
    })
    expect(stdout.split("\0")).toEqual([values.A, values.B, values.C])
  })

  test("refuses a variable that is not set", () => {
    expect(() => capture({}, ["NOPE"])).toThrow(/--env NOPE: there is no such variable/)
  })
})

describe("with launchd", () => {
  const mac = () => place({ platform: "darwin", program: "/usr/local/lib/node_modules/a&b/bin/agentd" })

  test("writes and loads a LaunchAgent with this program, its socket and its log", () => {
    pretend("launchctl")
    supervisorOf(mac()).install({ PATH: "/a" })
    const plist = join(home, "Library/LaunchAgents/dev.agentd.plist")
    const read = "import json,plistlib,sys; print(json.dumps(plistlib.load(open(sys.argv[1],'rb'))))"
    const value = JSON.parse(execFileSync("python3", ["-c", read, plist], { encoding: "utf8" }))
    expect(value.ProgramArguments.slice(3)).toEqual([
      "/usr/local/lib/node_modules/a&b/bin/agentd",
      join(home, ".config/agentd/service.env")
    ])
    expect(value.Sockets.api.SockPathName).toBe(join(home, "Library/Application Support/agentd/api.sock"))
    expect(value.EnvironmentVariables.AGENTD_SOCKET).toBe(value.Sockets.api.SockPathName)
    expect(JSON.stringify(value)).not.toContain("@")
    expect(asked().at(-1)).toBe(`launchctl bootstrap gui/1234 ${plist}`)
    expect(existsSync(join(home, "Library/Logs/agentd"))).toBe(true)
    supervisorOf(mac()).uninstall()
    expect(existsSync(plist)).toBe(false)
  })

  test("uses the user's own domain where there is no graphical login", () => {
    pretend("launchctl", 'case "$*" in *gui*) exit 113 ;; esac')
    supervisorOf(mac()).restart()
    expect(asked().at(-1)).toBe("launchctl kickstart -k user/1234/dev.agentd")
  })
})

test("what Homebrew installed is left to brew services", () => {
  pretend("brew")
  const brewed = supervisorOf(
    place({ platform: "darwin", program: "/opt/homebrew/Cellar/agentd/0.1.0/libexec/bin/agentd" })
  )
  brewed.restart()
  brewed.stop()
  expect(asked()).toEqual(["brew services restart agentd", "brew services stop --keep agentd"])
})

test("without a service manager it says what can be done", () => {
  const nobody = supervisorOf(place({ env: { PATH: "/usr/bin" } }))
  expect(() => nobody.install({})).toThrow(/no systemd user manager.*agentd@1234\.socket.*agentctl daemon start/s)
  expect(nobody.status().notes).toHaveLength(1)
})
