/** The units as systemd has them loaded: there, enabled, well, and those of this version. */
import { existsSync, readdirSync, readFileSync, realpathSync } from "node:fs"
import { basename, join } from "node:path"
import type { Finding } from "../../contract/Daemon.ts"
import { ok, problem, warning } from "../../contract/Findings.ts"
import { ask, type Surroundings } from "../service/Surroundings.ts"
import type { Properties } from "./SystemdFeatures.ts"
import { compareUnits, type Difference, type UnitFile } from "./UnitFiles.ts"

const SHOWN = [
  "LoadState",
  "ActiveState",
  "SubState",
  "Result",
  "UnitFileState",
  "FragmentPath",
  "DropInPaths",
  "NeedDaemonReload",
  "ExecStart",
  "Type",
  "FileDescriptorStorePreserve",
  "FileDescriptorStoreMax",
  "NFileDescriptorStore"
]

export interface Loaded {
  readonly socket: Properties
  readonly service: Properties
  /** Of what else this version brings. */
  readonly others: ReadonlyArray<Properties>
}

/** What systemd says of all of them, in one question; null when the user manager does not answer. */
export const loadedUnits = (place: Surroundings): Loaded | null => {
  const main = ["agentd.socket", "agentd.service"]
  const others = shippedFiles(place).flatMap(({ name }) => (name.includes("/") || main.includes(name) ? [] : [name]))
  const { code, stdout } = ask(
    place,
    "systemctl",
    "--user",
    "show",
    `--property=${SHOWN.join(",")}`,
    ...main,
    ...others
  )
  if (code !== 0) return null
  const [socket = {}, service = {}, ...rest] = stdout.split("\n\n").map(parseProperties)
  return { socket, service, others: rest }
}

export const parseProperties = (text: string): Properties =>
  Object.fromEntries(
    text.split("\n").flatMap((line) => {
      const at = line.indexOf("=")
      return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1)]]
    })
  )

const AGAIN = "systemctl --user reset-failed agentd.socket agentd.service; systemctl --user start agentd.socket"

/** Whether both can do their work. */
export const judgeUnits = (
  { service, socket }: Pick<Loaded, "service" | "socket">,
  program: { readonly path: string | null; readonly there: boolean },
  answers: boolean
): Finding => {
  if (socket.LoadState === "masked" || service.LoadState === "masked")
    return warning(
      "units",
      "agentd's units are masked: no service manager looks after the daemon.",
      "systemctl --user unmask agentd.socket agentd.service && agentctl service install"
    )
  if (socket.LoadState !== "loaded" || service.LoadState !== "loaded")
    return warning(
      "units",
      "agentd is not installed as a service: nothing restarts the daemon, and sessions end with it.",
      "agentctl service install"
    )
  if (socket.ActiveState === "failed" || service.ActiveState === "failed") {
    const [unit, { Result }] =
      service.ActiveState === "failed" ? ["agentd.service", service] : ["agentd.socket", socket]
    return problem("units", `${unit} has failed (${Result}); "agentctl daemon logs" says why.`, AGAIN)
  }
  if (service.SubState === "auto-restart" || (!answers && service.ActiveState === "activating"))
    return problem("units", "agentd.service ends and is started again, over and over.", "agentctl daemon logs -n 50")
  if (program.path !== null && !program.there)
    return problem(
      "units",
      `${program.path}, which agentd.service starts, is gone.`,
      "agentctl service install && agentctl service restart"
    )
  if (service.NeedDaemonReload === "yes" || socket.NeedDaemonReload === "yes")
    return warning(
      "units",
      "Unit files have changed on disk and systemd has not read them.",
      "systemctl --user daemon-reload"
    )
  if (socket.UnitFileState !== "enabled")
    return warning(
      "units",
      `agentd.socket is ${socket.UnitFileState || "not enabled"}: after a reboot nothing listens.`,
      "systemctl --user enable --now agentd.socket"
    )
  if (socket.ActiveState !== "active")
    return warning("units", `agentd.socket is ${socket.ActiveState}.`, "systemctl --user start agentd.socket")
  return ok("units", `agentd.socket is enabled and listens; agentd.service is ${service.ActiveState}.`)
}

/** Whether their files are those that this version brings. */
export const judgeFiles = (
  differences: ReadonlyArray<Difference>,
  own: ReadonlyArray<string>,
  home: string,
  again: string
): Finding => {
  const [first] = differences
  if (first === undefined)
    return ok(
      "unit files",
      `They are those of this version${own.length === 0 ? "" : `, with drop-ins of yours: ${own.join(", ")}`}.`
    )
  const names = differences.map(({ what }) => what).join("; ")
  const fix =
    first.fix ??
    (first.path?.startsWith(home) ? `systemctl --user revert ${first.unit} && systemctl --user daemon-reload` : again)
  return warning("unit files", `They are not those of this version: ${names}.`, fix)
}

export const units = (
  place: Surroundings,
  loaded: Loaded,
  { answers, systemd }: { readonly systemd: number; readonly answers: boolean }
): ReadonlyArray<Finding> => {
  const path = /path=([^ ;]+)/.exec(loaded.service.ExecStart ?? "")?.[1] ?? null
  const there = path !== null && existsSync(path)
  const state = judgeUnits(loaded, { path, there }, answers)
  if (loaded.service.LoadState !== "loaded" || loaded.socket.LoadState !== "loaded") return [state]
  const shipped = shippedFiles(place)
  if (shipped.length === 0) return [state]
  const { differences, own } = compareUnits(shipped, installedFiles(loaded), systemd)
  const files = judgeFiles(
    differences,
    own,
    place.home,
    loaded.socket.FragmentPath?.startsWith(place.home) === true ? INSTALL : REINSTALL
  )
  return [state, files, ...(there && path !== null ? otherProgram(path, place.program) : [])]
}

/** What puts the files in place: of a package, or of the user's own. */
const INSTALL = "agentctl service install && agentctl service restart"
const REINSTALL = existsSync("/usr/bin/dpkg")
  ? "sudo apt-get install --reinstall ./agentd_*.deb"
  : "sudo dnf reinstall ./agentd-*.rpm"

/** A service that starts another installation's daemon than this command belongs to. */
const otherProgram = (path: string, own: string): ReadonlyArray<Finding> =>
  realpathSync(path) === (existsSync(own) ? realpathSync(own) : own)
    ? []
    : [
        warning(
          "program",
          `agentd.service starts ${path}, and this agentctl belongs to ${own}.`,
          "type -a agentctl; agentctl service install"
        )
      ]

const shippedFiles = ({ templates }: Surroundings): ReadonlyArray<UnitFile> => {
  const folder = join(templates, "systemd/user")
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(service|socket|slice|conf)$/.test(file))
    .map((file) => ({ name: file, path: join(folder, file), text: readFileSync(join(folder, file), "utf8") }))
}

const installedFiles = ({ others, service, socket }: Loaded): ReadonlyArray<UnitFile> =>
  [socket, service, ...others].flatMap(({ DropInPaths = "", FragmentPath = "" }) => {
    const unit = basename(FragmentPath)
    return [FragmentPath, ...DropInPaths.split(" ")]
      .filter((path) => path !== "" && existsSync(path))
      .map((path) => ({
        name: path === FragmentPath ? unit : `${unit}.d/${basename(path)}`,
        path,
        text: readFileSync(path, "utf8")
      }))
  })
