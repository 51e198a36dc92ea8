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
