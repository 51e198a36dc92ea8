/**
 * A secret as configuration and requests name it: by where it is kept, never by its text.
 */
import { Schema } from "effect"

/** What systemd takes for a credential's name (systemd.exec(5)), and what can be no other path. */
const CREDENTIAL = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,255}$/u

export const SecretSource = Schema.Union([
  Schema.Struct({
    file: Schema.String.check(
      Schema.isMaxLength(4096),
      Schema.isPattern(/^\/[^\0]*$/u, { expected: "an absolute path" })
    ).annotateKey({ description: "Absolute path of a file that nobody but its owner may read." })
  }),
  Schema.Struct({
    credential: Schema.String.check(
      Schema.isPattern(CREDENTIAL, { expected: "a credential's name: letters, digits, dot, dash and underscore" })
    ).annotateKey({ description: "Name of a systemd credential of the daemon's service." })
  })
]).annotate({
  identifier: "SecretSource",
  description: "Where a secret is kept: a file of one's own, or a credential of the daemon's service."
})
export type SecretSource = typeof SecretSource.Type

/** What a session gets of a secret, and under which variable. */
export const SessionSecret = Schema.Struct({
  variable: Schema.String.check(
    Schema.isMaxLength(255),
    Schema.isPattern(/^[A-Za-z_][A-Za-z0-9_]*$/u, { expected: "a variable's name" })
  ).annotateKey({ description: "Name of the variable." }),
  as: Schema.Literals(["value", "file"]).annotateKey({
    description:
      "`value`: the variable holds the secret. `file`: it holds the path of a file with it that no other user may read."
  }),
  from: SecretSource
}).annotate({ identifier: "SessionSecret" })
export type SessionSecret = typeof SessionSecret.Type

export const SessionSecrets = Schema.Array(SessionSecret).check(Schema.isMaxLength(64))
