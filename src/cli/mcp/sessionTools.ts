/** Tools about sessions: which there are, what one shows, and typing into it. */
import { AgentdError } from "../../client/AgentdError.ts"
import { errorCodes } from "../../contract/errors/ErrorCodes.ts"
import { given, standing } from "../standing.ts"
import { NOTICE } from "./Answer.ts"
import type { Daemon } from "./Daemon.ts"
import { toolSession } from "./shapes.ts"
import type { Runs } from "./Tool.ts"

export const sessionTools: Runs<"list_sessions" | "read_screen" | "type_into_session"> = {
  list_sessions: async (params, { daemon, signal }) => {
    const own = await ownSession(daemon, signal)
    const { sessions } = await daemon.call("session.list", given(params), signal)
    return { notice: NOTICE.names, sessions: sessions.map((session) => toolSession(session, own)) }
  },

  read_screen: async ({ scrollback, session: ref }, { daemon, signal }) => {
    const { name } = await daemon.call("session.get", { session: ref }, signal)
    const screen = await daemon.call(
      "session.screen",
      { session: ref, format: "json", ...given({ scrollback }) },
      signal
    )
    const { cols, cursor, lines = [], rows, title } = screen
    return { notice: NOTICE.screen, session: name, title, cols, rows, cursor, lines }
  },

  type_into_session: async ({ keys, session: ref, text }, { daemon, signal }) => {
    const { id } = await daemon.call("session.get", { session: ref }, signal)
    if (id === (await ownSession(daemon, signal))) throw own()
    const params = { session: id, ...(text === undefined ? {} : { text, paste: true }), ...given({ keys }) }
    // Once: what was typed before the daemon went away would be typed again.
    const { bytes } = await daemon.again((client) => client.call("session.input", params, { signal }), signal, 1)
    return { bytes }
  }
}

const ownSession = async (daemon: Daemon, signal: AbortSignal): Promise<string | null> =>
  (await daemon.call("agent.whoami", standing(), signal)).session

/** It could give itself the permission that its program asks a person for. */
const own = () =>
  new AgentdError(
    "NotAllowed",
    "Not allowed: that is the session you run in. Only others can be typed into from here.",
    {
      code: errorCodes.NotAllowed.code
    }
  )
