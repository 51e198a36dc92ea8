/** Secrets on the command line: `NAME=FILE` and `NAME=credential:NAME`. Never the secret itself, which everybody could read there. */
import { isAbsolute, resolve } from "node:path"
import type { SessionSecret } from "../../contract/Secret.ts"
import { usage } from "../Arguments.ts"
import { Flags } from "../Oclif.ts"

const flag = (summary: string) =>
  Flags.string({ summary, helpValue: "NAME=FILE", multiple: true, multipleNonGreedy: true })

export const secretFlags = {
  secret: flag(
    "A variable with the secret that is in a file, or in a systemd credential (credential:NAME); may be repeated."
  ),
  "secret-file": flag("A variable with the path of a private file that holds the secret; may be repeated.")
}

export interface SecretValues {
  readonly secret?: ReadonlyArray<string> | undefined
  readonly "secret-file"?: ReadonlyArray<string> | undefined
}

/** `here`: files are this machine's, and their paths count from the directory of whoever typed them. */
export const askedSecrets = (
  { secret = [], "secret-file": files = [] }: SecretValues,
  here: boolean
): { readonly secrets?: ReadonlyArray<SessionSecret> } => {
  const secrets = [
    ...secret.map((text) => parse(text, "value", here)),
    ...files.map((text) => parse(text, "file", here))
  ]
  return secrets.length === 0 ? {} : { secrets }
}

const parse = (text: string, as: SessionSecret["as"], here: boolean): SessionSecret => {
  const [, variable, place] = /^([A-Za-z_][A-Za-z0-9_]*)=(.+)$/s.exec(text) ?? []
  const option = as === "value" ? "--secret" : "--secret-file"
  // Not repeated: somebody may have typed the secret.
  if (variable === undefined || place === undefined) throw usage(`${option} takes NAME=FILE or NAME=credential:NAME`)
  const credential = /^credential:(.+)$/s.exec(place)?.[1]
  if (credential !== undefined) return { variable, as, from: { credential } }
  if (!here && !isAbsolute(place)) throw usage(`${option} takes an absolute path of the other machine`)
  return { variable, as, from: { file: resolve(place) } }
}
