/** What an attachment yields. */
import type { AgentdError } from "../AgentdError.ts"

/** How the program ended: exactly one of `code` and `signal`, or neither when nobody could see it. */
export interface ProgramExit {
  readonly code: number | null
  readonly signal: string | null
  readonly by: "program" | "stop" | "ttl" | "shutdown" | "lost" | "reboot"
}

export type AttachmentMessage =
  /** Output that begins at `offset`. */
  | { readonly type: "output"; readonly offset: number; readonly bytes: Buffer }
  /** These bytes are skipped; a snapshot follows where one can be made. */
  | { readonly type: "gap"; readonly from: number; readonly to: number }
  /** Escape sequences that draw the whole screen as it is at `offset`. */
  | { readonly type: "snapshot"; readonly offset: number; readonly bytes: Buffer }
  /** The session's new size. */
  | { readonly type: "resize"; readonly cols: number; readonly rows: number }
  /** A sentence for the person at the terminal. */
  | { readonly type: "notice"; readonly text: string }
  /** What a program asks to have done here. Whoever gave `accepts` is sent it; it may be hostile. */
  | { readonly type: "offer"; readonly offer: unknown }
  /**
   * What this client may do from now on, and whether its terminal is the one that answers when output from offset `from` on asks
   * something. Whoever is never told may type and answers.
   */
  | { readonly type: "role"; readonly mayType: boolean; readonly answers: boolean; readonly from: number }
  /** The program has ended, and all of its output came before. The last message. */
  | { readonly type: "exit"; readonly exit: ProgramExit }
  /** The daemon, or somebody, detached this client. The last message. */
  | { readonly type: "detached"; readonly reason: string }

/** What an attachment that comes back by itself yields besides. */
export type LastingMessage =
  | AttachmentMessage
  /** The connection is lost, or another attempt has failed; the next one is made in so many milliseconds. */
  | { readonly type: "offline"; readonly error: AgentdError; readonly retryInMs: number }
  /** It is back, and goes on where it was. `unsure`: bytes typed last that may be missing (the daemon was killed while it typed them). */
  | { readonly type: "online"; readonly unsure: number }
