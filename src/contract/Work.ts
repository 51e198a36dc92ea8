/**
 * What agents work on: the branch of each, the files it has changed, and who has touched a file.
 */
import { Schema } from "effect"
import { Address, AgentRef, standing } from "./Identity.ts"
import { SessionId } from "./session/Session.ts"

/** A file somebody has touched, relative to the top of its working tree. */
const FileWork = Schema.Struct({
  path: Schema.String,
  added: Schema.NullOr(Schema.Int).annotateKey({
    description: "Lines; null for binary files and such as git does not know yet."
  }),
  removed: Schema.NullOr(Schema.Int)
}).annotate({ identifier: "FileWork" })
export type FileWork = typeof FileWork.Type

export const WorkContext = Schema.Struct({
  agent: Schema.NullOr(AgentRef),
  session: Schema.Struct({ id: SessionId, name: Schema.String }),
  directory: Schema.String,
  worktree: Schema.NullOr(Schema.String),
  branch: Schema.NullOr(Schema.String).annotateKey({ description: "Null: none is checked out." }),
  base: Schema.NullOr(Schema.String).annotateKey({ description: "The branch its commits are compared with." }),
  unmerged: Schema.Int.annotateKey({ description: "Commits that the base does not have." }),
  changed: Schema.Array(FileWork).annotateKey({ description: "Files that those commits change." }),
  uncommitted: Schema.Array(FileWork).annotateKey({ description: "Files that are changed and not committed." }),
  problem: Schema.NullOr(Schema.String).annotateKey({ description: "Why git could not be asked." })
}).annotate({ identifier: "WorkContext" })
export type WorkContext = typeof WorkContext.Type

export const ContextParams = Schema.Struct({
  agent: Schema.optionalKey(Address).annotateKey({
    description: "Only of these agents. Default: of every live session in the workspace."
  }),
  ...standing
})
export const ContextResult = Schema.Struct({ contexts: Schema.Array(WorkContext) })

export const WhoHasParams = Schema.Struct({
  path: Schema.String.check(Schema.isPattern(/^\/[^\0]*$/u, { expected: "an absolute path" })).annotateKey({
    description: "A file or directory in a working tree of the workspace."
  }),
  ...standing
})
export const WhoHasResult = Schema.Struct({
  path: Schema.String.annotateKey({ description: "Relative to the top of its working tree." }),
  holders: Schema.Array(
    Schema.Struct({
      agent: Schema.NullOr(AgentRef),
      session: Schema.Struct({ id: SessionId, name: Schema.String }),
      branch: Schema.NullOr(Schema.String),
      state: Schema.Literals(["uncommitted", "committed"]),
      files: Schema.Array(FileWork)
    })
  ),
  problems: Schema.Array(Schema.Struct({ session: Schema.String, reason: Schema.String })).annotateKey({
    description: "Sessions that git could not be asked about."
  })
})
