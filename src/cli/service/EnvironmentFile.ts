/**
 * The variables that a supervisor would lose, in a file of the user's own: chosen by name, readable for nobody else, and quoted so
 * that systemd (EnvironmentFile=) and a shell read the same.
 */
import { chmodSync, mkdirSync, renameSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Environment } from "../../client/Places.ts"
import { CommandFailed } from "../AgentctlCommand.ts"

/** Programs are looked for in PATH; the rest decides language, time, places and the way to the network. */
export const CAPTURED: ReadonlyArray<string> = [
  "PATH",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "TZ",
  "SHELL",
  "EDITOR",
  "XDG_CONFIG_HOME",
  "XDG_STATE_HOME",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE"
]

export const environmentFile = (env: Environment, home: string): string =>
  join(env.XDG_CONFIG_HOME || join(home, ".config"), "agentd", "service.env")

/** The captured variables that are set, and those named besides; a name that is not set is an error. */
export const capture = (env: Environment, more: ReadonlyArray<string>): Readonly<Record<string, string>> => {
  const unset = more.find((name) => env[name] === undefined)
  if (unset !== undefined) throw new CommandFailed(`--env ${unset}: there is no such variable here`)
  const found = [...CAPTURED, ...more].flatMap((name) => (env[name] ? [[name, env[name]] as const] : []))
  return Object.fromEntries(found)
}

export const render = (variables: Readonly<Record<string, string>>): string =>
  [
    '# Written by "agentctl service install": what the daemon is to have of your environment. Yours to edit; run',
    '# "agentctl service restart" afterwards. A new installation writes it anew.',
    ...Object.entries(variables).map(([name, value]) => `${name}=${quoted(value)}`),
    ""
  ].join("\n")

/** Inside double quotes a backslash takes the meaning from " \ ` and $ for both readers (systemd.exec(5), sh(1)). */
const quoted = (value: string): string => `"${value.replace(/["\\`$]/g, "\\$&")}"`

/** What `render` wrote, read back; an edited line that it would not have written so is taken as it stands. */
export const parseEnvironment = (text: string): Environment =>
  Object.fromEntries(
    [...text.matchAll(/^([A-Za-z_]\w*)=(?:"((?:[^"\\]|\\[\s\S])*)"|(.*))$/gm)].map(([, name, inside, bare]) => [
      name!,
      inside === undefined ? bare! : inside.replace(/\\(["\\`$])/g, "$1")
    ])
  )

export const writeEnvironment = (file: string, variables: Readonly<Record<string, string>>): void =>
  writePrivately(file, render(variables))

/** Appears whole, and was never readable for anybody else. */
const writePrivately = (file: string, text: string): void => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const temporary = `${file}.${process.pid}.tmp`
  writeFileSync(temporary, text, { mode: 0o600 })
  chmodSync(temporary, 0o600)
  renameSync(temporary, file)
}
