/** What the system says of a file, as a sentence. */
import { AgentdError, type AgentdErrorTag } from "../AgentdError.ts"

const SENTENCES: Readonly<Record<string, readonly [AgentdErrorTag, string]>> = {
  ENOENT: ["BadDirectory", "there is no such file or directory"],
  ENOTDIR: ["BadDirectory", "a part of this path is not a directory"],
  EACCES: ["NotAllowed", "you may not read or write it"],
  EPERM: ["NotAllowed", "you may not read or write it"],
  EROFS: ["NotAllowed", "its file system cannot be written"],
  ELOOP: ["NotAllowed", "a symbolic link is in its place"],
  ENOSPC: ["StorageUnavailable", "there is no room left; what has come is kept for another attempt"],
  EDQUOT: ["StorageUnavailable", "there is no room left; what has come is kept for another attempt"]
}

/** Anything else stays what it is. */
export const explain = (cause: unknown, file: string): unknown => {
  const { code, path = file } = cause as { readonly code?: string; readonly path?: string }
  const known = code === undefined || cause instanceof AgentdError ? undefined : SENTENCES[code]
  if (known === undefined) return cause
  const [tag, why] = known
  return new AgentdError(tag, `${path}: ${why}.`, { data: { path }, cause })
}
